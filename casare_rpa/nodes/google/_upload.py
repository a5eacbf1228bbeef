"""Uploads that go on where they were cut off (Google's resumable uploads).

One request opens a session and makes nothing. Pieces follow; after each the service says how much
it has. The last piece makes the file, once, whatever is lost on the way. An upload that makes no
progress ends: a service may answer that it waits for more, and take nothing.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes._pauses import Pauses, seconds_in
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.disk import existing_file, plain_errors
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.google._refusals import RETRY_AFTER
from casare_rpa.nodes.google._requests import json_of
from casare_rpa.nodes.http._call import with_query

if TYPE_CHECKING:
    import httpx

#: A multiple of 256 KiB, as Google wants it.
_PIECE_BYTES = 8 << 20
#: Rounds in a row in which nothing arrives, each with a pause after it.
_MOST_CUTS = 5
_GO_ON = 308
_UPLOAD_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What to send: `kind` is its media type, `size` its length in bytes."""

    kind: str
    size: int
    open: Callable[[], IO[bytes]]


def file_source(path: Path, kind: str) -> Source:
    """A file of the run. Raises NodeError if it is none."""
    with plain_errors():
        size = existing_file(path).stat().st_size
    return Source(kind=kind, size=size, open=lambda: opened(path))


def bytes_source(content: bytes, kind: str) -> Source:
    return Source(kind=kind, size=len(content), open=lambda: io.BytesIO(content))


class Sender(Protocol):
    """The part of an Api that an upload needs."""

    def is_own(self, url: str) -> bool: ...

    async def send(
        self, method: str, url: str, receive: Any, *, headers: Mapping[str, str], **about: Any
    ) -> Any: ...


async def upload(api: Sender, url: str, source: Source, metadata: bytes) -> dict[str, Any]:
    """What the service made of *source*. Raises NodeError."""
    session = await _begin(api, url, source, metadata)
    return await _Sending(api, session, source).whole()


async def _begin(api: Sender, url: str, source: Source, metadata: bytes) -> str:
    async def address(response: httpx.Response) -> str:
        return str(response.headers.get("location", ""))

    session: str = await api.send(
        "POST",
        with_query(url, {"uploadType": "resumable"}),
        address,
        headers={
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Type": source.kind,
            "X-Upload-Content-Length": str(source.size),
        },
        content=metadata,
        repeatable=True,
    )
    if not api.is_own(session):
        raise NodeError(
            f"{api}: the upload is sent to another server, which it is not taken to",
            ErrorCode.API_ERROR,
        )
    return session


class _Sending:
    """One upload; `_done` says how many bytes the service has."""

    def __init__(self, api: Sender, session: str, source: Source) -> None:
        self._api = api
        self._session = session
        self._source = source
        self._done = 0
        self._pauses = Pauses()

    async def whole(self) -> dict[str, Any]:
        """What was made. Raises NodeError after _MOST_CUTS rounds without progress, or at once."""
        most, cuts = 0, 0
        with plain_errors(), self._source.open() as stream:
            while True:
                made = await self._round(stream, is_last=cuts == _MOST_CUTS)
                if made is not None:
                    return made
                if self._done > most:
                    most, cuts, self._pauses = self._done, 0, Pauses()
                    continue
                if cuts == _MOST_CUTS or self._pauses.is_too_long:
                    raise self._stuck()
                cuts += 1
                await asyncio.sleep(self._pauses.next_seconds())

    async def _round(self, stream: IO[bytes], *, is_last: bool) -> dict[str, Any] | None:
        """Send the next piece, or learn how much of it has arrived; what was made, if all has."""
        piece = await asyncio.to_thread(self._piece, stream)
        try:
            return await self._put(piece)
        except NodeError as error:
            if is_last or not error.details.get(MAY_HAVE_ACTED):
                raise
            made = await self._look_after(error)
            self._pauses.asked = error.details.get(RETRY_AFTER)
            return made

    def _stuck(self) -> NodeError:
        return NodeError(
            f"{self._api}: the upload does not go on: the service has {self._done:,} of"
            f" {self._source.size:,} bytes and takes no more",
            ErrorCode.NETWORK_ERROR,
        )

    def _piece(self, stream: IO[bytes]) -> bytes:
        stream.seek(self._done)
        wanted = min(_PIECE_BYTES, self._source.size - self._done)
        piece = stream.read(wanted)
        if len(piece) != wanted:
            raise NodeError("the file became shorter while it was sent", ErrorCode.RESOURCE_LOCKED)
        return piece

    async def _put(self, piece: bytes) -> dict[str, Any] | None:
        """Send a piece; what was made if it was the last."""
        size = self._source.size
        if size == 0:
            # With a range it would be the question how much has arrived.
            return await self._ask("", b"", repeatable=False)
        last = self._done + len(piece) - 1
        place = f"bytes {self._done}-{last}/{size}" if piece else f"bytes */{size}"
        return await self._ask(place, piece, repeatable=False)

    async def _look_after(self, cut: NodeError) -> dict[str, Any] | None:
        """What `_look` finds. Raises *cut*, which says that nobody knows, if it finds nothing."""
        try:
            return await self._look()
        except NodeError as error:
            raise cut from error

    async def _look(self) -> dict[str, Any] | None:
        """Ask how much has arrived; what was made if all has."""
        return await self._ask(f"bytes */{self._source.size}", b"", repeatable=True)

    async def _ask(self, place: str, piece: bytes, *, repeatable: bool) -> dict[str, Any] | None:
        async def receive(response: httpx.Response) -> dict[str, Any] | None:
            if response.status_code != _GO_ON:
                return await json_of(response)
            self._done = min(_received(response.headers.get("range", "")), self._source.size)
            self._pauses.asked = seconds_in(response.headers.get("retry-after", ""))
            return None

        headers = {"Content-Type": self._source.kind}
        if place:
            headers["Content-Range"] = place

        found: dict[str, Any] | None = await self._api.send(
            "PUT",
            self._session,
            receive,
            headers=headers,
            content=piece,
            repeatable=repeatable,
            timeout_seconds=_UPLOAD_SECONDS,
            is_bounded=False,
            accepts=frozenset({_GO_ON}),
        )
        return found


def _received(text: str) -> int:
    """How many bytes `bytes=0-99` are; without a range none have arrived."""
    last = text.rpartition("-")[2]
    return int(last) + 1 if last.isascii() and last.isdecimal() else 0
