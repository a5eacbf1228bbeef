"""Which addresses a browser may be sent to, and how they are shown."""

from __future__ import annotations

import re
import sys
from typing import Any
from urllib.parse import unquote, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.values.reading import as_text

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|$))")
_HERE = re.compile(r"(?:localhost|127\.[\d.]+|\[::1\])(?:[:/?#]|$)", re.IGNORECASE)


def checked_url(ctx: Context, value: Any) -> str:
    """The URL that a parameter names: http, https, data, about:blank, or a file within reach.

    Without a scheme it is https, of this machine http. Raises NodeError for any other.
    """
    url = as_text(value).strip()
    if not url:
        raise NodeError("url is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if not _SCHEME.match(url):
        url = f"{'http' if _HERE.match(url) else 'https'}://{url}"
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), parts.hostname
        _ = parts.port
    except ValueError:
        raise NodeError(f"{shown_url(url)!r} is no URL", ErrorCode.INVALID_INPUT) from None
    if scheme == "file":
        check_file(ctx, url)
    elif scheme in ("http", "https"):
        if not host:
            raise NodeError(f"{shown_url(url)!r} names no host", ErrorCode.INVALID_INPUT)
    elif scheme not in ("data", "blob") and url != "about:blank":
        raise NodeError(
            f"{scheme}: pages are out of bounds for a workflow",
            ErrorCode.PERMISSION_DENIED,
            hint="http, https, data and about:blank are open, and files within the allowed folders",
        )
    return url


def check_file(ctx: Context, url: str) -> None:
    """Raise NodeError if the file that *url* names is out of the run's reach."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise NodeError("a file: URL of another machine is refused", ErrorCode.PERMISSION_DENIED)
    path = unquote(parts.path)
    ctx.path(path.lstrip("/") if sys.platform == "win32" else path)


def shown_url(url: str) -> str:
    """*url* without what may be secret in it: user, password, query; short."""
    if url.startswith("data:"):
        return url.partition(",")[0][:40]
    bare = re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])
    return bare if len(bare) <= 200 else f"{bare[:197]}..."
