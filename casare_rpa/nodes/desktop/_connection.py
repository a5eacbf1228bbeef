"""One connection to the X server: properties, messages, and the errors that come late."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from casare_rpa import desktop_display

if TYPE_CHECKING:
    from Xlib.display import Display
    from Xlib.xobject.drawable import Window

_LONGEST_PROPERTY_WORDS = 1 << 16


class Connection:
    """What nodes ask of a display. Blocks; used by one thread at a time.

    Raises errors of Xlib; those of requests without an answer come with the next `settle`.
    """

    def __init__(self) -> None:
        """Connect to the robot's display. Raises NoDisplay."""
        self.display: Display = desktop_display.connect()
        self.screen = self.display.screen()
        self.root: Window = self.screen.root
        self._atoms: dict[str, int] = {}
        self._errors: list[Any] = []
        self.display.set_error_handler(self._note)

    def close(self) -> None:
        """End it, also while another thread waits on it."""
        line = self.display.display.socket
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()

    def atom(self, name: str) -> int:
        found = self._atoms.get(name)
        if found is None:
            found = self._atoms[name] = self.display.intern_atom(name)
        return found

    def window(self, window_id: int) -> Window:
        found: Window = self.display.create_resource_object("window", window_id)
        return found

    def numbers(self, window_id: int, name: str) -> list[int]:
        """The property as numbers; none if the window has no such property or is closed."""
        found = self._property(window_id, name)
        return [] if found is None or found.format != 32 else [int(value) for value in found.value]

    def text(self, window_id: int, name: str) -> str:
        """The property as text; empty if the window has no such property or is closed."""
        found = self._property(window_id, name)
        if found is None:
            return ""
        value = found.value
        raw = value if isinstance(value, bytes) else str(value).encode()
        is_latin = found.property_type == self.atom("STRING")
        return raw.decode("latin-1" if is_latin else "utf-8", "replace")

    def tell_root(self, window_id: int, message: str, *numbers: int) -> None:
        """Send the window manager a message about a window."""
        from Xlib import X  # noqa: PLC0415 - an extra

        self._send(
            self.root,
            window_id,
            message,
            numbers,
            X.SubstructureRedirectMask | X.SubstructureNotifyMask,
        )

    def tell(self, window_id: int, message: str, *numbers: int) -> None:
        """Send a window itself a message."""
        self._send(self.window(window_id), window_id, message, numbers, 0)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While the block runs the server hears nobody else."""
        self.display.grab_server()
        try:
            yield
        finally:
            self.display.ungrab_server()
            self.display.flush()

    def settle(self) -> None:
        """Wait until the server has done everything asked; raise the first of its errors."""
        self.display.sync()
        errors, self._errors = self._errors, []
        if errors:
            raise errors[0]

    def forget_errors(self) -> None:
        self._errors.clear()

    def _property(self, window_id: int, name: str) -> Any:
        from Xlib import X  # noqa: PLC0415 - an extra
        from Xlib.error import BadWindow  # noqa: PLC0415

        try:
            return self.window(window_id).get_property(
                self.atom(name), X.AnyPropertyType, 0, _LONGEST_PROPERTY_WORDS
            )
        except BadWindow:  # It was closed a moment ago.
            return None

    def _send(
        self, to: Window, window_id: int, message: str, numbers: Sequence[int], mask: int
    ) -> None:
        from Xlib.protocol import event  # noqa: PLC0415 - an extra

        five = [number & 0xFFFFFFFF for number in (*numbers, 0, 0, 0, 0, 0)][:5]
        to.send_event(
            event.ClientMessage(
                window=self.window(window_id),
                client_type=self.atom(message),
                data=(32, five),
            ),
            event_mask=mask,
        )

    def _note(self, error: Any, request: Any) -> None:
        self._errors.append(error)
