"""What a job's process and its programs print, without the secrets that the job has read."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
import threading

from casare_rpa.engine.secrecy.masking import Secrets, StreamMask

_IDLE_SECONDS = 0.2
_CLOSE_SECONDS = 2.0


class MaskedStreams:
    """Stands between the descriptors 1 and 2 and where they led, from `start` to `close`."""

    def __init__(self, secrets: Secrets) -> None:
        self._mask = StreamMask(secrets)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._reader = self._real = -1

    def start(self) -> None:
        """Once; later calls do nothing."""
        with self._starting:
            if self._thread is not None:
                return
            self._reader, writer = os.pipe()
            self._real = os.dup(2)
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            os.close(writer)
            self._thread = threading.Thread(target=self._pass_on, name="streams", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Returns when what was printed is written; a program left behind prints to nowhere."""
        if self._thread is None:
            return
        os.dup2(self._real, 1)
        os.dup2(self._real, 2)
        self._closing.set()
        self._thread.join(_CLOSE_SECONDS)

    def _pass_on(self) -> None:
        while True:
            piece = os.read(self._reader, 65536) if self._readable() else None
            if piece:
                self._write(self._mask.feed(self._decoder.decode(piece)))
            elif piece is None and not self._closing.is_set():
                self._write(self._mask.lines())
            else:
                self._write(self._mask.feed(self._decoder.decode(b"", True)) + self._mask.flush())
                return

    def _readable(self) -> bool:
        if sys.platform == "win32":
            return True  # pipes cannot be waited for there: a line is shown when more has come
        return bool(select.select([self._reader], [], [], _IDLE_SECONDS)[0])

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        with contextlib.suppress(OSError):  # nobody reads the agent's log
            while data:
                data = data[os.write(self._real, data) :]
