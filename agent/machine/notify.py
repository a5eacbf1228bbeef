"""Tells systemd how the agent is (sd_notify): a datagram of NAME=value lines to a socket."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Mapping


class Notifier:
    """Silent where nobody listens: without NOTIFY_SOCKET every call does nothing.

    `watchdog_seconds` is how long systemd waits for `alive` before it restarts the agent; None
    when it does not watch.
    """

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        address = env.get("NOTIFY_SOCKET", "")
        # A leading @ stands for Linux's abstract namespace, which starts with a null byte.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_seconds = _watchdog_seconds(env)

    def ready(self) -> None:
        self._tell("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={' '.join(text.split())}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def alive(self) -> None:
        self._tell("WATCHDOG=1")

    def needs(self, seconds: float) -> None:
        """The start or the stop under way may take so much longer from now on."""
        self._tell(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def _tell(self, text: str) -> None:
        if sys.platform == "win32" or not self._address:
            return
        # Whoever supervises may be gone or slow; the robot's work does not depend on it.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.setblocking(False)
            sender.sendto(text.encode(), self._address)


def _watchdog_seconds(env: Mapping[str, str]) -> float | None:
    """None also when the watching is meant for another process."""
    try:
        if int(env.get("WATCHDOG_PID") or os.getpid()) != os.getpid():
            return None
        return int(env["WATCHDOG_USEC"]) / 1_000_000
    except (KeyError, ValueError):
        return None
