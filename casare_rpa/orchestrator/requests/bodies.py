"""Request bodies: counted while they arrive, decompressed within the same limit, read strictly."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.requests import ClientDisconnect, Request

from casare_rpa.errors import (
    BadRequest,
    PayloadTooLarge,
    RequestTimeout,
    Unavailable,
    UnsupportedMedia,
)
from casare_rpa.orchestrator.requests.strict_json import parse_strict

_GZIP_WINDOW = 31
_CHUNK = 64 << 10

#: Time for a whole body to arrive.
BODY_SECONDS = 60.0


class CheckedRequest(Request):
    """A request whose body was read and checked before any route saw it."""

    checked_body: bytes = b""
    checked_json: Any = None

    async def body(self) -> bytes:
        return self.checked_body

    async def json(self) -> Any:
        return self.checked_json


async def check_body(request: Request, limit_bytes: int) -> CheckedRequest:
    """Read the body of *request*, at most *limit_bytes* of JSON, plain or gzipped.

    Raises PayloadTooLarge, UnsupportedMedia, RequestTimeout or BadRequest before anything is
    stored.
    """
    checked = CheckedRequest(request.scope, request.receive)
    body = await _read(request, limit_bytes)
    if body:
        _check_content_type(request)
        checked.checked_json = parse_strict(body)
    checked.checked_body = body
    return checked


async def _read(request: Request, limit_bytes: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > limit_bytes:
        raise _too_large(limit_bytes)
    inflate = _decoder(request)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                for piece in inflate.pieces(chunk):
                    size += len(piece)
                    if size > limit_bytes:
                        raise _too_large(limit_bytes)
                    chunks.append(piece)
    except TimeoutError:
        raise RequestTimeout(f"the body did not arrive within {BODY_SECONDS:g} seconds") from None
    except ClientDisconnect:
        raise Unavailable("the client went away while sending") from None
    inflate.check_complete()
    return b"".join(chunks)


def _decoder(request: Request) -> _Plain | _Gzip:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return _Plain()
    if encoding in ("gzip", "x-gzip"):
        return _Gzip()
    raise UnsupportedMedia(f"Content-Encoding {encoding!r} is not understood; send gzip or none")


class _Plain:
    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        return [chunk]

    def check_complete(self) -> None: ...


class _Gzip:
    """Gives out 64 KiB at a time, so that a small body cannot grow without being counted."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=_GZIP_WINDOW)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        try:
            more = bool(chunk)
            while more and not self._inflate.eof:
                piece = self._inflate.decompress(chunk, _CHUNK)
                yield piece
                chunk = self._inflate.unconsumed_tail
                # A full piece may have left output behind even when all input is used up.
                more = bool(chunk) or len(piece) == _CHUNK
        except zlib.error:
            raise BadRequest("the body is not valid gzip") from None
        if self._inflate.unused_data or (chunk and self._inflate.eof):
            raise BadRequest("there is more after the end of the gzipped body")

    def check_complete(self) -> None:
        if not self._inflate.eof:
            raise BadRequest("the gzipped body ends too early")


def _check_content_type(request: Request) -> None:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMedia(
            f"Content-Type {kind!r} is not understood",
            hint="Send JSON with the header Content-Type: application/json.",
        )


def _too_large(limit_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body is larger than {limit_bytes:,} bytes")
