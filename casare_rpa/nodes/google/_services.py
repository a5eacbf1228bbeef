"""Where Google's services are, and what a node asks to be allowed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.http._call import checked_url

#: One address in place of all of Google's: for emulators and tests.
BASE_URL = "GOOGLE_API_BASE_URL"
_DOMAIN = ".googleapis.com"
_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`scopes` are what a token must allow; the first path segments tell the services apart.

    `is_personal`: it knows people alone, not accounts of programs.
    """

    name: str
    url: str
    scopes: tuple[str, ...]
    is_personal: bool = False


DRIVE = Service(
    name="Google Drive",
    url="https://www.googleapis.com",
    scopes=("https://www.googleapis.com/auth/drive",),
)
SHEETS = Service(
    name="Google Sheets",
    url="https://sheets.googleapis.com",
    scopes=("https://www.googleapis.com/auth/spreadsheets",),
)
#: Of Gmail's scopes the only one that allows to delete for good.
GMAIL = Service(
    name="Gmail",
    url="https://gmail.googleapis.com",
    scopes=("https://mail.google.com/",),
    is_personal=True,
)


def service_url(environment: Mapping[str, str], service: Service) -> str:
    """Where *service* is, without a slash at the end. Raises NodeError."""
    return _base(environment) or service.url


def is_own(environment: Mapping[str, str], service: Service, url: str) -> bool:
    """Whether *url*, which an answer named, is at *service*, so that it may see the token.

    Google itself has several addresses for one service: all are at googleapis.com.
    """
    ours = urlsplit(service_url(environment, service))
    try:
        theirs = urlsplit(url)
        host, port = theirs.hostname or "", theirs.port
    except ValueError:
        return False
    if (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc):
        return True
    is_https = theirs.scheme == "https" and port in (None, 443)
    return not _base(environment) and is_https and host.endswith(_DOMAIN)


def token_url(environment: Mapping[str, str]) -> str:
    """Where Google gives tokens, for accounts that do not say it themselves."""
    base = _base(environment)
    return f"{base}/token" if base else _TOKEN_URL


def quoted(part: object) -> str:
    """*part* as one segment of a path, whatever letters are in it. Raises NodeError."""
    text = str(part if part is not None else "")
    if text in ("", ".", ".."):
        # They would lead to another address.
        raise NodeError(f"{text!r} is no id", ErrorCode.INVALID_INPUT)
    return quote(text, safe="")


def _base(environment: Mapping[str, str]) -> str:
    given = environment.get(BASE_URL, "").strip()
    try:
        return checked_url(given).rstrip("/") if given else ""
    except NodeError as error:
        raise NodeError(f"{BASE_URL}: {error.message}", ErrorCode.CONFIG_INVALID) from None
