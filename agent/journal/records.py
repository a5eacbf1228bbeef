"""The form of a journal: a row of records, each a length, a checksum and JSON.

Length and checksum take 4 bytes each, little-endian. The checksum is zlib's CRC-32 over length and
JSON: the standard library has no CRC-32C, and both find every burst of up to 32 bits. Including
the length keeps a run of zeros, as file systems leave it after a power cut, from being read as a
row of empty records.

Records: {"kind": "grant", "grant": {...}} first; {"kind": "process", "pid", "started"};
{"kind": "events", "first_index", "count", "events": [...]}; {"kind": "outcome", ...} last. All of
them begin with their kind. What is acknowledged of a long journal is dropped while the job goes on:
the grant then names the first event that is left.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import orjson

from casare_rpa.domain.json_values import Json

Read: TypeAlias = Callable[[int], bytes]
_HEADER = struct.Struct("<II")
HEADER_BYTES = _HEADER.size
_LENGTH = struct.Struct("<I")
#: Longer than any record that is ever written; a length beyond it is damage.
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`end` is where the next record begins in the file."""

    payload: bytes
    end: int

    def decode(self) -> Json:
        decoded: Json = orjson.loads(self.payload)
        return decoded

    @property
    def start(self) -> int:
        return self.end - HEADER_BYTES - len(self.payload)

    @property
    def holds_events(self) -> bool:
        """Told without decoding: almost all of a journal is events."""
        return self.payload.startswith(b'{"kind":"events"')


def pack(payload: bytes) -> bytes:
    """*payload* as a record."""
    return _HEADER.pack(len(payload), _checksum(payload)) + payload


def events_payload(first_index: int, count: int, events: bytes) -> bytes:
    """The record for *count* events; *events* is their JSON list, taken as it is."""
    head = b'{"kind":"events","first_index":%d,"count":%d,"events":' % (first_index, count)
    return head + events + b"}"


def read_records(path: Path, *, start: int = 0, limit: int | None = None) -> Iterator[Record]:
    """The whole records between the offsets *start* and *limit*; ends at the first bad one."""
    with path.open("rb") as file:
        file.seek(start)
        yield from row_of(file.read, start, limit)


def row_of(read: Read, start: int, limit: int | None) -> Iterator[Record]:
    """The same of anything that reads on from *start*."""
    end = start
    while limit is None or end < limit:
        payload = _read_payload(read)
        if payload is None:
            return
        end += _HEADER.size + len(payload)
        yield Record(payload=payload, end=end)


def _read_payload(read: Read) -> bytes | None:
    header = read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    length, checksum = _HEADER.unpack(header)
    if not 0 < length <= MOST_BYTES:
        return None
    payload = read(length)
    if len(payload) < length or _checksum(payload) != checksum:
        return None
    return payload


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(len(payload))))
