"""Files over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.file.disk import (
    already_there,
    check_room,
    existing_file,
    make_parent,
    path_of,
    plain_errors,
    replacing,
)
from casare_rpa.nodes.http._call import (
    Call,
    FilePart,
    Form,
    checked_url,
    headers_of,
    map_of,
    word_of,
)
from casare_rpa.nodes.http.request import ANSWER, ask

if TYPE_CHECKING:
    import httpx

_OK = 200
#: Each write is a hop to a thread, so small chunks are gathered to this.
_CHUNK_BYTES = 1 << 16
_LOOK_EVERY_BYTES = 16 << 20


class HttpDownloadFileNode(Node):
    """Stream a URL to a file, of any size that leaves 64 MiB of the disk free.

    The file appears when all of it has arrived. A status other than 200 fails the node and leaves
    an existing file as it was. Missing folders are made.
    """

    category = "http"
    example = {"url": "https://example.org/a.pdf", "save_path": "out/a.pdf"}
    side_effect = True
    timeout_seconds = 0
    url: str = param(kind="string", required=True, help="Where from.")
    save_path: str = param(
        kind="file_path", required=True, aliases=("file_path",), help="The file to write."
    )
    headers: Json = param({}, kind="json", port_kind="DICT", help="Headers to send.")
    timeout: float = param(300.0, kind="float", minimum=0.1, help="Seconds for each attempt.")
    overwrite: bool = prop(True, kind="boolean", help="Replace an existing file.")
    verify_ssl: bool = prop(True, kind="boolean", help="Check the server's certificate.")
    proxy: str = prop("", kind="string", help="The URL of a proxy; empty: the environment's.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_delay: float = prop(2.0, kind="float", minimum=0.0, help="Seconds between attempts.")
    chunk_size: int = prop(
        8192,
        kind="integer",
        minimum=512,
        help="Bytes to write at a time; less than 65536 are gathered.",
    )
    allow_internal_urls: bool | None = port(
        None, kind="boolean", help="False refuses private addresses, true leaves it to the run."
    )
    outputs = (
        Output("file_path", "STRING"),
        Output("file_size", "INTEGER"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        call = Call(
            method="GET",
            url=checked_url(self.url),
            headers=headers_of(ctx, self.headers),
            timeout_seconds=float(self.timeout),
            verify_ssl=self.verify_ssl,
            proxy=self.proxy or "",
            retry_count=int(self.retry_count),
            retry_delay_seconds=float(self.retry_delay),
            block_private=is_blocking(ctx, self.allow_internal_urls),
        )
        target = Target(
            path=path_of(ctx, self.save_path, "save_path"),
            overwrite=self.overwrite,
            chunk_bytes=max(int(self.chunk_size), _CHUNK_BYTES),
        )
        status, size = await download(ctx, call, target)
        if status != _OK:
            raise NodeError(f"{call.url.partition('?')[0]}: HTTP {status}", ErrorCode.HTTP_ERROR)
        return {"file_path": str(target.path), "file_size": size, "success": True, "error": ""}


class HttpUploadFileNode(Node):
    """Send a file as multipart form data, by POST.

    `extra_fields` become further fields of the form. Any status is a success of the node, as with
    HttpRequestNode.
    """

    category = "http"
    example = {"url": "https://example.org/files", "file_path": "notes.txt"}
    side_effect = True
    timeout_seconds = 0
    url: str = param(kind="string", required=True, help="Where to.")
    file_path: str = param(kind="file_path", required=True, help="The file to send.")
    field_name: str = param("file", kind="string", help="The form field of the file.")
    headers: Json = param({}, kind="json", port_kind="DICT", help="Headers to send.")
    extra_fields: Json = param({}, kind="json", port_kind="DICT", help="More form fields.")
    timeout: float = param(300.0, kind="float", minimum=0.1, help="Seconds for each attempt.")
    verify_ssl: bool = prop(True, kind="boolean", help="Check the server's certificate.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_delay: float = prop(2.0, kind="float", minimum=0.0, help="Seconds between attempts.")
    allow_internal_urls: bool | None = port(
        None, kind="boolean", help="False refuses private addresses, true leaves it to the run."
    )
    outputs = (*ANSWER[:3], *ANSWER[4:])

    async def run(self, ctx: Context) -> Outputs:
        outputs = await upload(
            ctx,
            self,
            timeout_seconds=float(self.timeout),
            verify_ssl=self.verify_ssl,
            retry_count=int(self.retry_count),
            retry_delay_seconds=float(self.retry_delay),
            block_private=is_blocking(ctx, self.allow_internal_urls),
        )
        outputs.pop("response_headers")
        return outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a download goes."""

    path: Path
    overwrite: bool
    create_dirs: bool = True
    chunk_bytes: int = _CHUNK_BYTES


async def download(ctx: Context, call: Call, target: Target) -> tuple[int, int]:
    """Write the answer of *call* to *target* if its status is 200; the status and the size."""
    # httpx takes as long to load as all of the engine: only runs that ask pay for it.
    from casare_rpa.nodes.http import _client  # noqa: PLC0415

    if not target.overwrite and target.path.exists():
        raise already_there(target.path)

    async def receive(response: httpx.Response) -> tuple[int, int]:
        if response.status_code != _OK:
            return response.status_code, 0
        return _OK, await save(response, target)

    return await _client.fetch(ctx, call, receive)


async def save(response: httpx.Response, target: Target) -> int:
    """Write the body to *target*, which appears when all of it has arrived; its size in bytes."""
    size = looked_at = 0
    with plain_errors():
        make_parent(target.path, target.create_dirs)
        with replacing(target.path, overwrite=target.overwrite) as stream:
            # At once as well: many small files fill a disk too.
            check_room(target.path, size)
            async for chunk in _arriving(response, target.chunk_bytes):
                size += await asyncio.to_thread(stream.write, chunk)
                if size - looked_at >= _LOOK_EVERY_BYTES:
                    looked_at = size
                    check_room(target.path, size)
    return size


async def _arriving(response: httpx.Response, chunk_bytes: int) -> AsyncIterator[bytes]:
    """The body. What breaks an encrypted connection is no failure of the file it is written to."""
    import ssl  # noqa: PLC0415 - as httpx: only runs that ask pay for it

    import httpx  # noqa: PLC0415

    try:
        async for chunk in response.aiter_bytes(chunk_bytes):
            yield chunk
    except ssl.SSLError as error:
        raise httpx.ReadError(str(error)) from error


async def upload(ctx: Context, node: Any, **limits: Any) -> Outputs:
    """Send the file that *node*'s parameters name; the outputs of ANSWER."""
    path = path_of(ctx, node.file_path, "file_path")
    with plain_errors():
        existing_file(path)
    fields = map_of(ctx, node.extra_fields, "extra_fields")
    form = Form(
        files=(FilePart(path=path, field_name=node.field_name or "file"),),
        fields={key: word_of(value) for key, value in fields.items() if value is not None},
    )
    headers = headers_of(ctx, node.headers)
    # The type names the boundary between the parts, which only the request itself knows.
    sent = {key: text for key, text in headers.items() if key.lower() != "content-type"}
    call = Call(method="POST", url=checked_url(node.url), headers=sent, form=form, **limits)
    return await ask(ctx, call)
