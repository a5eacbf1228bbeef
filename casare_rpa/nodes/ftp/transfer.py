"""Files to and from the FTP server."""

from __future__ import annotations

import contextlib
import ftplib
import os
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import (
    already_there,
    check_room,
    existing_file,
    make_parent,
    path_of,
    plain_errors,
    replacing,
)
from casare_rpa.nodes.file.reach import opened
from casare_rpa.nodes.ftp._client import Client
from casare_rpa.nodes.ftp._paths import make_folder, remote, size_of
from casare_rpa.nodes.ftp._session import session_of
from casare_rpa.nodes.ftp.remote import FTPNode

_CHUNK_BYTES = 1 << 18
_LOOK_EVERY_BYTES = 16 << 20


class FTPDownloadNode(FTPNode):
    """Fetch a file from the FTP server, of any size that leaves 64 MiB of the disk free.

    The local file appears when all of it has arrived: its size is compared with what the server
    says. Without `binary_mode` line ends become those of this machine. Missing folders are made.
    """

    side_effect = True
    timeout_seconds = 0
    example = {"remote_path": "/in/orders.csv", "local_path": "orders.csv"}
    remote_path: str = param(None, kind="string", required=True, help="The file on the server.")
    local_path: str = param(None, kind="file_path", required=True, help="The file to write.")
    binary_mode: bool = prop(True, kind="boolean", help="Byte by byte, as it is.")
    overwrite: bool = prop(False, kind="boolean", help="Replace an existing file.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (Output("downloaded", "BOOLEAN"), Output("bytes_received", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        source = remote(self.remote_path)
        target = path_of(ctx, self.local_path, "local_path")
        if not self.overwrite and target.exists():
            raise already_there(target)
        session = session_of(ctx)
        fetching = _Transfer(ctx=ctx, path=target, binary=self.binary_mode)
        size = await retried(
            ctx,
            self,
            lambda: session.use(lambda c: fetching.fetch(c, source, self.overwrite), source),
        )
        return {"downloaded": True, "bytes_received": size}


class FTPUploadNode(FTPNode):
    """Send a file to the FTP server.

    It is written under another name, which begins with a dot and ends with `.part`, and gets its
    own when all of it is there; an existing file is replaced. Where the server takes no other name,
    it is written in place. Without `binary_mode` line ends become those of the network (CR LF).
    """

    side_effect = True
    timeout_seconds = 0
    example = {"local_path": "report.csv", "remote_path": "/out/report.csv", "create_dirs": True}
    local_path: str = param(None, kind="file_path", required=True, help="The file to send.")
    remote_path: str = param(None, kind="string", required=True, help="The file on the server.")
    binary_mode: bool = prop(True, kind="boolean", help="Byte by byte, as it is.")
    create_dirs: bool = prop(False, kind="boolean", help="Make missing folders on the server.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (Output("uploaded", "BOOLEAN"), Output("bytes_sent", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        target = remote(self.remote_path)
        source = path_of(ctx, self.local_path, "local_path")
        with plain_errors():
            existing_file(source)
        session = session_of(ctx)
        sending = _Transfer(ctx=ctx, path=source, binary=self.binary_mode)
        size = await retried(
            ctx,
            self,
            lambda: session.use(lambda c: sending.send(c, target, self.create_dirs), target),
        )
        return {"uploaded": True, "bytes_sent": size}


@dataclass(slots=True, kw_only=True)
class _Transfer:
    """A local file and how it travels. The methods block."""

    ctx: Context
    path: Path
    binary: bool
    _count: int = field(default=0, init=False)
    #: The same at each attempt, so that what one has left behind is replaced by the next.
    _mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8], init=False)

    def fetch(self, client: Client, source: str, overwrite: bool) -> int:
        """Write *source* to the file; how many bytes came."""
        self._count = 0
        expected = size_of(client, source) if self.binary else None
        client.voidcmd("TYPE I" if self.binary else "TYPE A")
        with _local(), _whole(self.path, overwrite) as stream:
            with _data(client, f"RETR {source}") as connection:
                self._receive(client, connection, stream)
            client.voidresp()
            if expected is not None and self._count != expected:
                raise NodeError(
                    f"{self._count} of {expected} bytes of {source} arrived",
                    ErrorCode.NETWORK_ERROR,
                )
        return self._count

    def send(self, client: Client, target: str, create_dirs: bool) -> int:
        """Send the file to *target*; how many bytes went."""
        folder, slash, name = target.rpartition("/")
        if create_dirs and folder:
            make_folder(client, folder, parents=True)
        draft = f"{folder}{slash}.{name[:100]}.{self._mark}.part"
        try:
            self._store(client, draft)
        except ftplib.error_perm:
            # Some servers take only names that they expect.
            self._store(client, target)
            return self._count
        try:
            self._check_arrived(client, draft)
            _rename_over(client, draft, target)
        except (ftplib.Error, NodeError):
            with contextlib.suppress(ftplib.Error):
                client.delete(draft)
            raise
        return self._count

    def _store(self, client: Client, target: str) -> None:
        self._count = 0
        client.voidcmd("TYPE I" if self.binary else "TYPE A")
        with plain_errors():
            source = opened(self.path)
        with source as stream, _local():
            with _data(client, f"STOR {target}") as connection:
                for chunk in self._chunks(stream):
                    self._check_wanted(client)
                    connection.sendall(chunk)
                    self._count += len(chunk)
            client.voidresp()

    def _check_arrived(self, client: Client, draft: str) -> None:
        arrived = size_of(client, draft) if self.binary else None
        if arrived is not None and arrived != self._count:
            raise NodeError(f"{arrived} of {self._count} bytes arrived", ErrorCode.NETWORK_ERROR)

    def _receive(self, client: Client, connection: socket.socket, stream: IO[bytes]) -> None:
        looked_at = 0
        rest = b""
        while chunk := connection.recv(_CHUNK_BYTES):
            self._check_wanted(client)
            self._count += len(chunk)
            if not self.binary:
                # A CR at the end may be half of a line end.
                chunk = rest + chunk
                rest = b"\r" if chunk.endswith(b"\r") else b""
                chunk = chunk.removesuffix(b"\r").replace(b"\r\n", os.linesep.encode())
            _written(stream, chunk)
            if self._count - looked_at >= _LOOK_EVERY_BYTES:
                looked_at = self._count
                check_room(self.path, self._count)
        _written(stream, rest)

    def _chunks(self, stream: IO[bytes]) -> Iterator[bytes]:
        ended_in_cr = False
        while chunk := _read(stream):
            if self.binary:
                yield chunk
                continue
            if ended_in_cr and chunk.startswith(b"\n"):
                # Its CR has gone already, with the chunk before.
                yield b"\n"
                chunk = chunk[1:]
            ended_in_cr = chunk.endswith(b"\r")
            yield chunk.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def _check_wanted(self, client: Client) -> None:
        if client.line.is_cut or self.ctx.cancelled:
            raise NodeError("stopped before it was done", ErrorCode.CANCELLED)


class _LocalError(Exception):
    """An OSError of the disk, which is not one of the network."""


@contextlib.contextmanager
def _local() -> Iterator[None]:
    """Say in plain words what is wrong with the local file."""
    try:
        yield
    except _LocalError as error:
        with plain_errors():
            raise error.args[0] from None


@contextlib.contextmanager
def _whole(path: Path, overwrite: bool) -> Iterator[IO[bytes]]:
    with contextlib.ExitStack() as stack:
        with plain_errors():
            make_parent(path, wanted=True)
            stream = stack.enter_context(replacing(path, overwrite=overwrite))
        yield stream
        with plain_errors():
            stack.pop_all().close()


def _written(stream: IO[bytes], chunk: bytes) -> None:
    try:
        stream.write(chunk)
    except OSError as error:
        raise _LocalError(error) from error


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_CHUNK_BYTES)
    except OSError as error:
        raise _LocalError(error) from error


@contextlib.contextmanager
def _data(client: Client, command: str) -> Iterator[socket.socket]:
    connection: Any = client.transfercmd(command)
    try:
        yield connection
    finally:
        client.end_data(connection)


def _rename_over(client: Client, draft: str, target: str) -> None:
    """Rename; where the server does not replace a file by that, remove the old one first."""
    try:
        client.rename(draft, target)
    except ftplib.error_perm:
        if size_of(client, target) is None:
            raise
        client.delete(target)
        client.rename(draft, target)
