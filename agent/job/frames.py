"""What the agent and a job's process say to each other, one message of a pipe each.

A frame is one byte for its kind, then a payload. The pipe carries the length, so that no frame is
too long and none is cut in two.
"""

from __future__ import annotations

import struct
from typing import Final

# to the job
JOB: Final = b"J"  # what to run, as JSON
GO: Final = b"G"  # the lease holds: start
CANCEL: Final = b"C"  # stop between two nodes, please
SECRET: Final = b"S"  # the answer to a WANT, as JSON: the secret or an error

# to the agent
READY: Final = b"R"  # compiled, waiting for GO
EVENTS: Final = b"E"  # a count (4 bytes, little-endian), then a JSON list of envelopes
ACTED: Final = b"A"  # as EVENTS; a node that acts on the outside world has ended in one of them
WANT: Final = b"W"  # asks for a secret: its name and a number for the answer, as JSON
OUTCOME: Final = b"O"  # how it ended, as JSON; the last frame

#: What one frame, one record and one upload hold at most.
MOST_EVENTS = 500
MOST_BYTES = 256 << 10

_COUNT = struct.Struct("<I")


def pack_events(events: list[bytes], kind: bytes = EVENTS) -> bytes:
    """*events* are envelopes as JSON; *kind* is EVENTS or ACTED."""
    return kind + _COUNT.pack(len(events)) + b"[" + b",".join(events) + b"]"


def unpack_events(frame: bytes) -> tuple[int, bytes]:
    """How many events the frame holds, and their JSON list."""
    (count,) = _COUNT.unpack_from(frame, 1)
    return count, frame[1 + _COUNT.size :]
