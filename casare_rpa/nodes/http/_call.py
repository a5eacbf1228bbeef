"""A request as nodes describe it, before any HTTP library is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError
from casare_rpa.nodes.values.reading import as_map

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file to send as one field of a form; its own name and a guessed type unless given."""

    path: Path
    field_name: str
    file_name: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a request sends as multipart form data."""

    files: tuple[FilePart, ...]
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `timeout_seconds` bounds each attempt from connecting to the last byte.

    Unless *is_bounded*: then it bounds each wait for the server, and a transfer takes its time.
    `shown` is how messages name the URL where its path holds a secret.
    Without `keeps_cookies` it brings none and keeps none: for services that know a caller by a key.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    form: Form | None = None
    shown: str = ""
    timeout_seconds: float = 30.0
    is_bounded: bool = True
    verify_ssl: bool = True
    proxy: str = ""
    max_redirects: int = 10
    retry_count: int = 0
    retry_delay_seconds: float = 1.0
    block_private: bool = False
    keeps_cookies: bool = True


def map_of(ctx: Context, value: Json, name: str) -> dict[str, Any]:
    """A map with text keys, of a map or of a JSON object in text; empty if there is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return {}
    return {str(key): item for key, item in as_map(ctx, value, name).items()}


def headers_of(ctx: Context, value: Json, name: str = "headers") -> dict[str, str]:
    """Headers as text. Raises NodeError for a line break, which would smuggle in another header."""
    found = {
        key: word_of(item) for key, item in map_of(ctx, value, name).items() if item is not None
    }
    for key, text in found.items():
        if not key or any(c in "\r\n\0" for c in key + text):
            raise NodeError(f"the header {key!r} holds a line break", ErrorCode.INVALID_INPUT)
    return found


def word_of(value: Any) -> str:
    """A value in a header, query or form: JSON's words for true and false, its form for maps."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def with_query(url: str, params: Mapping[str, Any]) -> str:
    """*url* with *params* added to its query; a list becomes several, None is left out."""
    pairs: list[tuple[str, str]] = []
    for key, value in params.items():
        items = value if isinstance(value, list | tuple) else [value]
        pairs += [(key, word_of(item)) for item in items if item is not None]
    if not pairs:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(pairs))))
    return urlunsplit(parts._replace(query=query))


def checked_url(url: Any) -> str:
    """*url* if it is one that can be asked for; NodeError otherwise."""
    text = str(url or "").strip()
    if not text:
        raise NodeError("url is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError as error:
        # The library's own words quote a part of a password that has a slash in it.
        raise NodeError(
            f"{text!r} is no URL: what stands for host and port is none",
            ErrorCode.INVALID_INPUT,
            hint="in user and password, / is written %2F, ? is %3F, # is %23, @ is %40",
        ) from error
    if not known:
        raise NodeError(
            f"{text!r} is no URL that begins http:// or https://", ErrorCode.INVALID_INPUT
        )
    return text


def body_of(body: Json, content_type: str) -> tuple[bytes | None, str]:
    """What to send for *body*, and its content type: text as it is, maps and lists as JSON."""
    if body is None or body == "":
        return None, ""
    if isinstance(body, bytes | bytearray):
        return bytes(body), content_type or "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), content_type
    if "form-urlencoded" in content_type and isinstance(body, Mapping):
        pairs = with_query("", {str(k): v for k, v in body.items()}).removeprefix("?")
        return pairs.encode(), content_type
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NodeError(
            f"the body cannot be written as JSON: {error}", ErrorCode.SERIALIZATION_ERROR
        ) from error
    return text.encode(), content_type if "json" in content_type else "application/json"


def add_content_type(headers: dict[str, str], content_type: str) -> None:
    if content_type and not any(key.lower() == "content-type" for key in headers):
        headers["Content-Type"] = content_type
