"""The clipboard of the desktop, through its programs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.system._programs import ended, failed, first_of
from casare_rpa.nodes.values.reading import as_text, int_within

_POLL_SECONDS = 0.25
_SOON_SECONDS = 0.02
_SETTLED_SECONDS = 5.0
_MOST_MILLISECONDS = 300000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """How a program copies what it reads, writes what is there, and empties the clipboard."""

    copy: tuple[str, ...]
    paste: tuple[str, ...]
    clear: tuple[str, ...]
    #: Of it the display is asked for.
    display: str


_PROGRAMS: Final[Mapping[str, _Program]] = {
    "wl-copy": _Program(
        copy=("wl-copy",),
        paste=("wl-paste", "--no-newline"),
        clear=("wl-copy", "--clear"),
        display="WAYLAND_DISPLAY",
    ),
    "xclip": _Program(
        copy=("xclip", "-selection", "clipboard", "-in"),
        paste=("xclip", "-selection", "clipboard", "-out"),
        clear=("xclip", "-selection", "clipboard", "-in"),
        display="DISPLAY",
    ),
    "xsel": _Program(
        copy=("xsel", "--clipboard", "--input"),
        paste=("xsel", "--clipboard", "--output"),
        clear=("xsel", "--clipboard", "--clear"),
        display="DISPLAY",
    ),
    "pbcopy": _Program(copy=("pbcopy",), paste=("pbpaste",), clear=("pbcopy",), display=""),
}
#: What they say of a clipboard with nothing in it, or with no text.
_EMPTY = ("not available", "nothing is copied", "no selection", "no suitable type")
_MEND = "apt install xclip, or wl-clipboard where the desktop is Wayland"


class ClipboardNode(Node, abstract=True):
    """A node that works on the clipboard: with wl-clipboard, xclip, xsel or pbcopy."""

    category: ClassVar[str] = "system"
    runs_on: ClassVar[str] = "desktop-session"
    requires: ClassVar[tuple[str, ...]] = ("desktop-session",)

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        if first_of(_PROGRAMS):
            return None
        return "a program for the clipboard (wl-copy, xclip, xsel)", _MEND


class ClipboardCopyNode(ClipboardNode):
    """Put a text on the clipboard, where it stays after the run.

    Wayland (wl-copy), X (xclip, xsel) or macOS (pbcopy) has it; without a display the node fails.
    It waits until the text is there; `success` is false if something else is there instead.
    """

    example = {"text": "{{invoice}}"}
    side_effect = True
    text: str = param(kind="text", required=True, help="The text.")
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        program = _program(ctx)
        return {"success": await _put(ctx, program, program.copy, as_text(self.text))}


class ClipboardPasteNode(ClipboardNode):
    """Read the text on the clipboard; empty when there is none, or a picture."""

    outputs = (Output("text", "STRING"), Output("success", "BOOLEAN"))

    async def run(self, ctx: Context) -> Outputs:
        return {"text": await _text(ctx, _program(ctx)), "success": True}


class ClipboardClearNode(ClipboardNode):
    """Empty the clipboard."""

    side_effect = True
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        program = _program(ctx)
        return {"success": await _put(ctx, program, program.clear, "")}


class ClipboardMonitorNode(ClipboardNode):
    """Wait until another text is on the clipboard.

    `content` is that text, and `changed` true; after `timeout` milliseconds (0: no limit)
    `timed_out` is true and `content` what is there. Without `trigger_on_change` it does not wait.
    It sees texts alone, with `content_type` `any` too.
    """

    example = {"timeout": 10000}
    timeout_seconds = 0
    timeout: int = prop(
        30000, kind="integer", minimum=0, maximum=_MOST_MILLISECONDS, help="Milliseconds; 0: any."
    )
    trigger_on_change: bool = prop(True, kind="boolean", help="Wait for another text.")
    content_type: str = prop(
        "text", kind="choice", choices=("text", "any"), help="Kept for files: it is always text."
    )
    outputs = (
        Output("content", "STRING"),
        Output("changed", "BOOLEAN"),
        Output("timed_out", "BOOLEAN"),
    )

    async def run(self, ctx: Context) -> Outputs:
        milliseconds = int_within(self.timeout, "timeout", 0, _MOST_MILLISECONDS)
        program = _program(ctx)
        before = await _text(ctx, program)
        if not self.trigger_on_change:
            return {"content": before, "changed": False, "timed_out": False}
        try:
            async with asyncio.timeout(milliseconds / 1000 or None):
                now = await _other_text(ctx, program, before)
        except TimeoutError:
            return {"content": before, "changed": False, "timed_out": True}
        return {"content": now, "changed": True, "timed_out": False}


def _program(ctx: Context) -> _Program:
    """The one for the display that there is. Raises NodeError."""
    environment = ctx.environment
    displays = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if environment.get(name)]
    if sys.platform == "darwin":
        displays.append("")
    if not displays:
        raise NodeError(
            "there is no clipboard here: it belongs to a desktop, and neither WAYLAND_DISPLAY nor"
            " DISPLAY is set",
            ErrorCode.RESOURCE_NOT_FOUND,
        )
    for display in displays:
        for name, program in _PROGRAMS.items():
            if program.display == display and first_of([name], environment):
                return program
    raise NodeError(
        f"no program reaches the clipboard of {displays[0] or 'macOS'}: {_MEND}",
        ErrorCode.APPLICATION_LAUNCH_FAILED,
    )


async def _put(ctx: Context, program: _Program, words: tuple[str, ...], text: str) -> bool:
    """Whether *text* is on the clipboard. Raises NodeError."""
    # The program stays in the background to hand the text out, and would keep its outputs open.
    done = await ended(ctx, _argv(ctx, words), stdin=text, capture=False)
    if done.return_code != 0:
        raise NodeError(
            f"{words[0]} ended with status {done.return_code}: is the display there that"
            " WAYLAND_DISPLAY or DISPLAY names?",
            ErrorCode.RESOURCE_NOT_FOUND,
        )
    # Some return before what they left in the background has the clipboard.
    wanted = text.replace("\r\n", "\n")
    try:
        async with asyncio.timeout(_SETTLED_SECONDS):
            while await _text(ctx, program) != wanted:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(_SOON_SECONDS)
    except TimeoutError:
        ctx.log("something else is on the clipboard than what was put there", "warning")
        return False
    return True


async def _text(ctx: Context, program: _Program) -> str:
    argv = _argv(ctx, program.paste)
    done = await ended(ctx, argv)
    if done.return_code == 0:
        return done.stdout
    if any(words in done.stderr.lower() for words in _EMPTY):
        return ""
    raise failed(argv, done)


async def _other_text(ctx: Context, program: _Program, before: str) -> str:
    while True:
        now = await _text(ctx, program)
        if now != before:
            return now
        await asyncio.sleep(_POLL_SECONDS)


def _argv(ctx: Context, words: tuple[str, ...]) -> list[str]:
    found = first_of(words[:1], ctx.environment)
    if found is None:
        raise NodeError(f"no program is called {words[0]}", ErrorCode.APPLICATION_LAUNCH_FAILED)
    return [found, *words[1:]]
