"""Which service a model is asked at, in which protocol, and with which key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.hosts import is_this_machine
from casare_rpa.nodes._credentials import Credential, credential
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.http._call import checked_url
from casare_rpa.nodes.values.reading import as_text, one_of

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"
#: Where each protocol is spoken unless a setting or a credential says otherwise.
HOMES: Final[Mapping[str, str]] = {
    OPENAI: "https://api.openai.com/v1",
    ANTHROPIC: "https://api.anthropic.com",
}
_KEY_VARIABLES: Final[Mapping[str, str]] = {
    OPENAI: "OPENAI_API_KEY",
    ANTHROPIC: "ANTHROPIC_API_KEY",
}
_TOLD: Final = "ai_told_of_plain_http"
_KEY_FIELDS = ("api_key", "value", "token", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A place that answers for `model`; without a key it is one that asks for none."""

    protocol: str
    base_url: str
    model: str
    key: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """What errors call it."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]


async def service_of(
    ctx: Context, model: Any, *, credential_name: Any = "", api_key: Any = ""
) -> Service:
    """The service for *model*.

    A credential with a `base_url` names the server, and then only its own key or *api_key* goes
    there. Else a name that begins with `claude` or `anthropic/` is asked at Anthropic's protocol,
    any other at OpenAI's, at the address and with the key of the settings. Raises NodeError for a
    model without a name, for a credential that there is not unless there is an *api_key*, and
    where there is no key and the service needs one.
    """
    name = as_text(model).strip()
    if not name:
        raise NodeError("model is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    found = await credential(ctx, as_text(credential_name).strip())
    if found.missing is not None and not as_text(api_key).strip():
        # It may have named a server of one's own: what is asked must not go to another instead.
        raise found.missing
    own = as_text(found.fields.get("base_url")).strip()
    protocol = _protocol(ctx, name, found, own)
    if own:
        key = found.part(*_KEY_FIELDS, given=as_text(api_key))
        return _service(ctx, protocol, own, name, key)
    base_url = as_text(ctx.resources.get(f"ai_{protocol}_base_url")).strip() or HOMES[protocol]
    key = found.part(*_KEY_FIELDS, given=as_text(api_key), env=_KEY_VARIABLES[protocol])
    key = key or as_text(ctx.resources.get(f"ai_{protocol}_api_key"))
    if not key and base_url == HOMES[protocol]:
        raise _no_key(name, protocol)
    return _service(ctx, protocol, base_url, _plain(name, base_url), key)


def _protocol(ctx: Context, name: str, found: Credential, own: str) -> str:
    said = found.fields.get("provider")
    if said:
        return one_of(said, "the credential's provider", HOMES)
    if own:
        return ANTHROPIC if (urlsplit(own).hostname or "").endswith("anthropic.com") else OPENAI
    # Collections of many models, such as OpenRouter, name them all with a slash.
    elsewhere = bool(ctx.resources.get(f"ai_{OPENAI}_base_url"))
    if name.startswith("claude") or (name.startswith("anthropic/") and not elsewhere):
        return ANTHROPIC
    return OPENAI


def _plain(name: str, base_url: str) -> str:
    """The name without the service before it, where the service itself is asked.

    Raises NodeError for a name that belongs to another service than that of the protocol's owner.
    """
    if base_url not in HOMES.values() or "/" not in name:
        return name
    owner, _, rest = name.partition("/")
    if owner not in HOMES:
        raise NodeError(
            f"no service is known for the model {name!r}",
            ErrorCode.CONFIG_MISSING_KEY,
            hint="set CASARE_OPENAI_BASE_URL to the server that has it, or name it in a credential",
        )
    return rest


def _service(ctx: Context, protocol: str, base_url: str, model: str, key: str) -> Service:
    key = key.strip()
    # What a header cannot hold, a library would quote in its own error.
    if not (key.isascii() and (key.isprintable() or not key)):
        raise NodeError("the key holds letters that no key has", ErrorCode.INVALID_INPUT)
    found = Service(
        protocol=protocol, base_url=checked_url(base_url).rstrip("/"), model=model, key=key
    )
    _warn_if_readable(ctx, found)
    return found


def _warn_if_readable(ctx: Context, service: Service) -> None:
    """Say once in a run that a key goes to another machine in the clear."""
    parts = urlsplit(service.base_url)
    if not service.key or parts.scheme == "https" or is_this_machine(parts.hostname or ""):
        return
    told: set[str] = ctx.resources.setdefault(_TOLD, set())
    if service.host not in told:
        told.add(service.host)
        ctx.log(
            f"the key and all that is asked go to {service.host} unencrypted: others on the way can"
            " read them; use https:// if the server has it",
            "warning",
        )


def _no_key(model: str, protocol: str) -> NodeError:
    variable = _KEY_VARIABLES[protocol]
    return NodeError(
        f"there is no key for the model {model!r}",
        ErrorCode.CONFIG_MISSING_KEY,
        hint=f"name a stored secret in credential_name, or set {variable} where the run starts;"
        f" for a server of your own set CASARE_{protocol.upper()}_BASE_URL",
    )
