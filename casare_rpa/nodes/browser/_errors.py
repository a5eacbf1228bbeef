"""What the driver's errors mean: a code, what was asked for, how long it was waited, a mend."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

#: These tell the same however often it is tried.
FINAL = frozenset(
    {
        *(ErrorCode.SELECTOR_INVALID, ErrorCode.INVALID_INPUT, ErrorCode.PERMISSION_DENIED),
        *(ErrorCode.MISSING_REQUIRED_FIELD, ErrorCode.TYPE_MISMATCH, ErrorCode.BROWSER_CLOSED),
        *(ErrorCode.BROWSER_NOT_FOUND, ErrorCode.PAGE_NOT_FOUND, ErrorCode.FILE_NOT_FOUND),
        *(ErrorCode.CONFIG_INVALID, ErrorCode.RESOURCE_EXHAUSTED),
    }
)
_NETWORK = re.compile(r"net::(ERR_\w+)|NS_ERROR_\w+")
_NETWORK_WORDS = {
    "ERR_NAME_NOT_RESOLVED": "the host cannot be found",
    "ERR_CONNECTION_REFUSED": "connection refused",
    "ERR_CONNECTION_RESET": "the connection was cut",
    "ERR_CONNECTION_CLOSED": "the connection was cut",
    "ERR_EMPTY_RESPONSE": "the server gave no answer",
    "ERR_TUNNEL_CONNECTION_FAILED": "the proxy made no connection",
    "ERR_PROXY_CONNECTION_FAILED": "the proxy cannot be reached",
    "ERR_INTERNET_DISCONNECTED": "there is no network",
    "ERR_FILE_NOT_FOUND": "there is no such file",
    "ERR_UNSAFE_PORT": "browsers refuse this port",
    "ERR_ABORTED": "it was given up: a download, or another page was asked for meanwhile",
}
_CERTIFICATE = "ERR_CERT"
_CLOSED = ("has been closed", "target closed", "browser closed", "connection closed", "crashed")
_BAD_SELECTOR = (
    *("is not a valid xpath", "is not a valid selector", "while parsing", "unknown engine"),
    *("malformed selector", "unexpected end of selector"),
)
_STATES = (
    ("intercepts pointer events", "CLICK_FAILED", "something else lies over it"),
    ("outside of the viewport", "CLICK_FAILED", "it lies outside of the window"),
    ("is not visible", "ELEMENT_NOT_VISIBLE", "it is there and not visible"),
    ("is not enabled", "ELEMENT_NOT_ENABLED", "it is there and disabled"),
    ("is not editable", "ELEMENT_NOT_ENABLED", "it is there and read-only"),
    ("is not stable", "CLICK_FAILED", "it does not stop moving"),
    ("detached from the dom", "ELEMENT_STALE", "the page replaced it meanwhile"),
    ("did not find some options", "ELEMENT_NOT_FOUND", "it has no such option"),
)


class Asked(NamedTuple):
    """What a node wanted when something failed."""

    verb: str
    code: ErrorCode
    selector: str = ""
    url: str = ""
    timeout_ms: float = 0

    @property
    def what(self) -> str:
        return self.verb + (f" {self.selector!r}" if self.selector else f" {self.url}".rstrip())

    @property
    def waited(self) -> str:
        return f"within {self.timeout_ms:g} ms" if self.timeout_ms else "in time"


def node_error(error: Exception, asked: Asked, page_url: str = "") -> NodeError:
    """What *error*, of the driver or a time limit, means for a node."""
    if isinstance(error, NodeError):
        return error
    text = str(error)
    said = text.lower()
    where = f" on {page_url}" if page_url and not asked.url else ""
    if any(words in said for words in _CLOSED):
        return NodeError(
            f"{asked.what}: the page or the browser was closed meanwhile, or crashed",
            ErrorCode.BROWSER_CLOSED,
            hint="open one again with LaunchBrowserNode",
        )
    if found := _NETWORK.search(text):
        return _network(found[1] or found[0], asked)
    if asked.selector and (found_error := _selector(said, text, asked, where)):
        return found_error
    if isinstance(error, TimeoutError) or type(error).__name__ == "TimeoutError":
        return _late(said, asked, where)
    if "cannot navigate to invalid url" in said:
        return NodeError(f"{asked.url!r} is no URL", ErrorCode.INVALID_INPUT)
    return NodeError(f"{asked.what}{where}: {first_line(text)}", asked.code)


def first_line(text: str) -> str:
    """What the driver said, without where in it."""
    line = text.strip().splitlines()[0] if text.strip() else "it failed"
    return re.sub(r"^\w+\.\w+: ", "", line)


def _network(name: str, asked: Asked) -> NodeError:
    if name.startswith(_CERTIFICATE):
        return NodeError(
            f"{asked.what}: the server's certificate is not trusted ({name})",
            ErrorCode.SSL_ERROR,
            hint="set ignore_https_errors if this server may have such a one",
        )
    words = _NETWORK_WORDS.get(name)
    code = ErrorCode.DNS_LOOKUP_FAILED if name == "ERR_NAME_NOT_RESOLVED" else asked.code
    return NodeError(f"{asked.what}: {f'{words} ({name})' if words else name}", code)


def _selector(said: str, text: str, asked: Asked, where: str) -> NodeError | None:
    if any(words in said for words in _BAD_SELECTOR):
        return NodeError(
            f"{asked.selector!r} is no selector: {first_line(text)}",
            ErrorCode.SELECTOR_INVALID,
            hint="CSS (#id, .class), XPath (//a or xpath=...) or text=...",
        )
    if "strict mode violation" in said:
        many = re.search(r"resolved to (\d+) elements", said)
        return NodeError(
            f"{asked.selector!r} finds {many[1] if many else 'several'} elements{where}, and"
            " strict wants one",
            ErrorCode.SELECTOR_INVALID,
            hint="make the selector more exact, or unset strict",
        )
    return None


def _late(said: str, asked: Asked, where: str) -> NodeError:
    if not asked.selector:
        return NodeError(
            f"{asked.what}{where}: not done {asked.waited}",
            ErrorCode.TIMEOUT,
            hint="give it more time with `timeout` (milliseconds)",
        )
    for words, code, meaning in _STATES:
        if words in said:
            return NodeError(
                f"{asked.what}{where}: {meaning}, waited {asked.timeout_ms:g} ms",
                ErrorCode[code],
                hint="wait for it with WaitForElementNode, or set `force` where the node has it",
            )
    return NodeError(
        f"{asked.what}{where}: no such element {asked.waited}",
        ErrorCode.ELEMENT_NOT_FOUND,
        hint="check the selector, or give it more time with `timeout` (milliseconds)",
    )


def script_error(error: Any) -> str:
    """What a script of the workflow said when it failed."""
    text = str(error)
    return re.sub(r"^\w+\.evaluate: ", "", text).split("\n    at ")[0].strip()
