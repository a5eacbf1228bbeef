"""Sounds and speech."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import existing_file
from casare_rpa.nodes.system._programs import ended, failed, first_of
from casare_rpa.nodes.system._sound import beep, play
from casare_rpa.nodes.values.reading import as_number, as_text, int_within
from casare_rpa.nodes.workflow import BACKGROUND

_SPEAKERS: Final = ("espeak-ng", "espeak", "spd-say", "say")
_LONGEST_SECONDS = 3600.0
_BETWEEN_SECONDS = 0.1
#: What a speech dispatcher takes for its own 0, and its steps from there, in words a minute.
_USUAL_RATE, _RATE_STEP = 175, 1.75


class SoundNode(Node, abstract=True):
    """A node that is to be heard."""

    category: ClassVar[str] = "system"
    runs_on: ClassVar[str] = "desktop-session"
    requires: ClassVar[tuple[str, ...]] = ("desktop-session",)
    side_effect: ClassVar[bool] = True
    timeout_seconds: ClassVar[float | None] = 0


class BeepNode(SoundNode):
    """Beep: ring the terminal's bell, or without a terminal play a tone.

    A terminal has one bell, whatever `frequency` and `duration` say; they count for the tone, which
    paplay, pw-play, aplay or afplay plays.
    """

    example = {"frequency": 880, "duration": 300}
    frequency: int = param(440, kind="integer", minimum=37, maximum=32767, help="Hertz.")
    duration: int = param(200, kind="integer", minimum=10, maximum=10000, help="Milliseconds.")
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        frequency = int_within(self.frequency, "frequency", 37, 32767)
        await beep(ctx, frequency, int_within(self.duration, "duration", 10, 10000))
        return {"success": True}


class AudioAlertNode(SoundNode):
    """Play a sound file, or beep.

    paplay, pw-play, aplay or afplay plays the file, and the node waits for its end; with `loop` it
    does not, and the file is played again and again until the run ends. Without `file_path`, and
    with `use_beep`, it is a beep as of BeepNode.
    """

    example = {"file_path": "/usr/share/sounds/alert.wav"}
    file_path: str = param("", kind="file_path", help="The sound; empty: a beep.")
    use_beep: bool = prop(False, kind="boolean", help="Beep instead.")
    frequency: int = prop(440, kind="integer", minimum=37, maximum=32767, help="Hertz of the beep.")
    beep_duration: int = prop(
        500, kind="integer", minimum=50, maximum=5000, help="Milliseconds of the beep."
    )
    loop: bool = prop(False, kind="boolean", help="Again and again until the run ends.")
    outputs = (Output("success", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        sound = self._sound(ctx)
        if not self.loop:
            await sound()
        else:
            _until_the_end(ctx, sound)
        return {"success": True}

    def _sound(self, ctx: Context) -> Callable[[], Awaitable[None]]:
        if self.use_beep or not as_text(self.file_path).strip():
            frequency = int_within(self.frequency, "frequency", 37, 32767)
            milliseconds = int_within(self.beep_duration, "beep_duration", 50, 5000)
            return lambda: _beep(ctx, frequency, milliseconds, pause=bool(self.loop))
        path: Path = existing_file(ctx.path(as_text(self.file_path)))
        return lambda: play(ctx, path)


class TextToSpeechNode(SoundNode):
    """Speak a text: with espeak-ng, espeak, a speech dispatcher (spd-say) or, on macOS, say.

    `rate` is in words a minute, `volume` from 0 to 1 (say has none). With `wait` off the workflow
    goes on meanwhile; the run ends when the text has been spoken.
    """

    example = {"text": "All invoices are paid."}
    text: str = param(kind="text", help="What to say.")
    speech_text: str = prop(kind="text", help="What to say where there is no `text`.")
    rate: int = prop(150, kind="integer", minimum=50, maximum=300, help="Words a minute.")
    volume: float = prop(1.0, kind="float", minimum=0.0, maximum=1.0, help="How loud.")
    wait: bool = prop(True, kind="boolean", help="Go on when it has been said.")
    outputs = (Output("success", "BOOLEAN"),)

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        if first_of(_SPEAKERS):
            return None
        return "a program that speaks (espeak-ng, spd-say, say)", "apt install espeak-ng"

    async def run(self, ctx: Context) -> Outputs:
        text = as_text(self.text) or as_text(self.speech_text)
        if not text.strip():
            raise NodeError("text is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        rate = int_within(self.rate, "rate", 50, 300)
        volume = min(max(float(as_number(self.volume, "volume")), 0.0), 1.0)
        program = first_of(_SPEAKERS, ctx.environment)
        if program is None:
            raise NodeError("no program speaks here", ErrorCode.APPLICATION_LAUNCH_FAILED)
        argv, stdin = _speaking(program, rate, volume, ctx.masked(text))
        speak = _spoken(ctx, argv, stdin)
        if self.wait:
            await speak
        else:
            task = asyncio.create_task(_or_warn(ctx, speak), name="speech")
            ctx.resources.setdefault(BACKGROUND, []).append(task)
        return {"success": True}


def _speaking(program: str, rate: int, volume: float, text: str) -> tuple[list[str], str]:
    """The words that have *program* speak, and what it reads from stdin."""
    name = Path(program).name
    if name.startswith("espeak"):
        return [program, "-s", str(rate), "-a", f"{100 * volume:.0f}", "--stdin"], text
    if name == "say":
        return [program, "-r", str(rate), "-f", "-"], text
    # Both are steps from -100 to 100; it has no stdin for one message.
    speed = min(max(round((rate - _USUAL_RATE) / _RATE_STEP), -100), 100)
    loudness = f"{200 * volume - 100:.0f}"
    return [program, "-w", "-r", str(speed), "-i", loudness, "--", text], ""


async def _spoken(ctx: Context, argv: list[str], stdin: str) -> None:
    done = await ended(ctx, argv, stdin=stdin, timeout_seconds=_LONGEST_SECONDS)
    if done.return_code != 0:
        raise failed(argv, done)


async def _beep(ctx: Context, frequency: int, milliseconds: int, *, pause: bool) -> None:
    await beep(ctx, frequency, milliseconds)
    if pause:
        await asyncio.sleep(milliseconds / 1000)


def _until_the_end(ctx: Context, sound: Callable[[], Awaitable[None]]) -> None:
    """Repeat *sound* until the run ends."""

    async def repeat() -> None:
        while True:
            await sound()
            await asyncio.sleep(_BETWEEN_SECONDS)

    task = asyncio.create_task(_or_warn(ctx, repeat()), name="sound")

    async def end() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    ctx.on_close(end)


async def _or_warn(ctx: Context, work: Awaitable[None]) -> None:
    """Do *work*, for which nobody waits: its failure is a line of the log."""
    try:
        await work
    except NodeError as error:
        ctx.log(f"a sound in the background failed: {error.message}", "warning")
