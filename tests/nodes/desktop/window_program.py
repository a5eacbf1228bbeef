"""A program with a window, which writes down what it gets: one JSON object a line.

python window_program.py FILE TITLE [--class NAME] [--stubborn] [--least W H] [--red]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from typing import Any

from Xlib import XK, X
from Xlib.display import Display
from Xlib.error import ConnectionClosedError
from Xlib.protocol import rq

#: What keys give that type no character.
_NAMES = {
    getattr(XK, f"XK_{name}"): name
    for name in ("Return", "Tab", "Escape", "BackSpace", "Delete", "Home", "Left", "F5", "Super_L")
}
_HELD = {X.ControlMask: "ctrl", X.Mod1Mask: "alt", X.Mod4Mask: "win"}


class Program:
    def __init__(self, asked: argparse.Namespace) -> None:
        self._asked = asked
        self._display = Display()
        self._file = open(asked.file, "a", encoding="utf-8", buffering=1)  # noqa: PTH123, SIM115
        # Before there is a window: who sees one finds this written.
        self._tell(opened=asked.title, pid=os.getpid(), arguments=asked.rest)
        self._main = self._open(asked.title)
        self._dialog: Any = None

    def run(self) -> None:
        while True:
            event = self._display.next_event()
            if event.type == X.MappingNotify:
                self._display.refresh_keyboard_mapping(event)
            elif event.type == X.KeyPress:
                self._key(event)
            elif event.type in (X.ButtonPress, X.ButtonRelease):
                kind = "press" if event.type == X.ButtonPress else "release"
                held = [name for mask, name in _HELD.items() if event.state & mask]
                self._tell(**{kind: event.detail}, at=[event.root_x, event.root_y], held=held)
            elif event.type == X.MotionNotify:
                self._tell(moved=[event.root_x, event.root_y])
            elif event.type == X.ClientMessage:
                self._close(event)

    def _open(self, title: str, owner: Any = None) -> Any:
        screen = self._display.screen()
        window = screen.root.create_window(
            50,
            60,
            300,
            200,
            0,
            screen.root_depth,
            background_pixel=0xFF0000 if self._asked.red else screen.white_pixel,
            event_mask=X.KeyPressMask
            | X.ButtonPressMask
            | X.ButtonReleaseMask
            | X.PointerMotionMask,
        )
        atom = self._display.intern_atom
        window.change_property(atom("_NET_WM_NAME"), atom("UTF8_STRING"), 8, title.encode())
        window.change_property(atom("_NET_WM_PID"), 6, 32, [os.getpid()])
        window.set_wm_class("test", self._asked.window_class)
        window.set_wm_protocols([atom("WM_DELETE_WINDOW")])
        hints: dict[str, Any] = {"flags": 0}
        if self._asked.least:
            hints = {
                "flags": 16,
                "min_width": self._asked.least[0],
                "min_height": self._asked.least[1],
            }
        window.set_wm_normal_hints(hints)
        if owner is not None:
            window.set_wm_transient_for(owner)
            state = [atom("_NET_WM_STATE_MODAL")]
            window.change_property(atom("_NET_WM_STATE"), 4, 32, state)
        window.map()
        self._display.flush()
        return window

    def _key(self, event: rq.Event) -> None:
        shifted = int(bool(event.state & X.ShiftMask))
        keysym = self._display.keycode_to_keysym(event.detail, shifted)
        if not keysym:
            keysym = self._display.keycode_to_keysym(event.detail, 0)
        if event.state & X.LockMask and chr(keysym & 0xFFFF).isalpha():
            keysym = ord(chr(keysym).swapcase())
        name = _NAMES.get(keysym)
        character = chr(keysym & 0xFFFFFF) if keysym < 0xFE00 or keysym & 0x01000000 else ""
        held = [name for mask, name in _HELD.items() if event.state & mask]
        if shifted and name:
            held.append("shift")
        if 0xFFE1 <= keysym <= 0xFFEA:  # a modifier alone
            return
        self._tell(key="+".join([*held, name or character or hex(keysym)]))
        if name == "F5" and self._dialog is None:
            self._dialog = self._open("Really?", self._main)

    def _close(self, event: rq.Event) -> None:
        if event.window == self._dialog:
            self._dialog.destroy()
            self._dialog = None
            return
        self._tell(asked_to_close=True)
        if not self._asked.stubborn:
            sys.exit()

    def _tell(self, **what: Any) -> None:
        self._file.write(json.dumps(what) + "\n")


def main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("file")
    reader.add_argument("title")
    reader.add_argument("rest", nargs="*")
    reader.add_argument("--class", dest="window_class", default="Test")
    reader.add_argument("--stubborn", action="store_true")
    reader.add_argument("--red", action="store_true")
    reader.add_argument("--least", type=int, nargs=2)
    with suppress(ConnectionClosedError):
        Program(reader.parse_args()).run()


if __name__ == "__main__":
    main()
