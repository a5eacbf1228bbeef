"""Watchers that check every message of a job's socket, and one that never reads."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
import zlib
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK = 1 << 18


@dataclass
class Transcript:
    """What one watcher was sent: how many messages, and a checksum over all of them in order."""

    messages: int = 0
    checksum: int = 0
    close_code: int | None = None
    reconnects: int = 0
    ended_at: float = 0.0


async def watch(url: str, key: str, job_id: str) -> Transcript:
    """Read until the server closes with 1000; comes back after any other end with what it has."""
    seen = Transcript()
    while seen.close_code != 1000:
        try:
            await _follow(url, key, job_id, seen)
        except (OSError, asyncio.IncompleteReadError):
            seen.close_code = None
        if seen.close_code != 1000:
            if seen.close_code not in (None, 1012, 1013, 4408):
                raise AssertionError(f"a watcher was closed with {seen.close_code}")
            seen.reconnects += 1
            await asyncio.sleep(0.5)
    seen.ended_at = time.monotonic()
    return seen


async def _follow(url: str, key: str, job_id: str, seen: Transcript) -> None:
    reader, writer = await open_socket(url, key, f"/ws/jobs/{job_id}?after={seen.messages}")
    try:
        await _read(reader, writer, seen)
    finally:
        writer.close()


async def open_socket(
    url: str, key: str, path: str, *, limit: int = 1 << 16
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket after its handshake. Raises OSError when the server refuses it."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=limit)
    token = b64encode(secrets.token_bytes(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {token}\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        writer.close()
        raise OSError(head.partition(b"\r\n")[0].decode())
    return reader, writer


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Transcript
) -> None:
    rest = b""
    while chunk := await reader.read(_CHUNK):
        rest = _take_frames(rest + chunk, writer, seen)
        if seen.close_code is not None:
            return
    raise ConnectionResetError("the server has gone")


def _take_frames(data: bytes, writer: asyncio.StreamWriter, seen: Transcript) -> bytes:
    """Note the whole frames in *data*; what is left of the last one."""
    at, end = 0, len(data)
    messages, checksum = seen.messages, seen.checksum
    while end - at >= 2:
        length, start = data[at + 1], at + 2
        if length == 126:
            length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        elif length == 127:
            length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if start > end or start + length > end:
            break
        payload = data[start : start + length]
        match data[at]:
            case 0x81:  # text
                messages += 1
                checksum = zlib.crc32(payload, checksum)
            case 0x89:  # ping
                writer.write(_masked(0x8A, payload))
            case 0x88:  # close
                seen.close_code = int.from_bytes(payload[:2], "big")
        at = start + length
    seen.messages, seen.checksum = messages, checksum
    return data[at:]


def _masked(opcode: int, payload: bytes) -> bytes:
    """A short frame from a client, whose mask is zero."""
    return bytes((opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload


def open_deaf_socket(url: str, key: str, job_id: str) -> socket.socket:
    """A watcher that asks for everything and never reads a byte of it."""
    address = urlsplit(url)
    deaf = socket.create_connection((address.hostname or "", address.port or 80))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(
        f"GET /ws/jobs/{job_id} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {b64encode(bytes(16)).decode()}\r\n"
        f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    )
    return deaf
