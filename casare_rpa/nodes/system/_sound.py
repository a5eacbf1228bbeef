"""Sounds: a tone, and the program that plays a file."""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.scripts.child import private_folder
from casare_rpa.nodes.system._programs import ended, failed, first_of

#: Programs that play a file, with the words that keep them quiet, best first.
PLAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    "paplay": (),
    "pw-play": (),
    "aplay": ("-q",),
    "afplay": (),
}
MEND: Final = "apt install pulseaudio-utils (paplay) or alsa-utils (aplay)"
_RATE_HERTZ = 44100
_LOUDNESS = 0.4
_FADE_SECONDS = 0.005
_LONGEST_SECONDS = 86400.0


async def beep(ctx: Context, frequency_hertz: float, milliseconds: float) -> None:
    """Ring the terminal of the run; without one play a tone. Raises NodeError."""
    if ctx.person is not None:
        ctx.person.ring()
        return
    with private_folder() as folder:
        path = folder / "tone.wav"
        path.write_bytes(tone(frequency_hertz, milliseconds))
        await play(ctx, path)


async def play(ctx: Context, path: Path) -> None:
    """Play a file to its end, with the first program that can. Raises NodeError."""
    error: NodeError | None = None
    for name, quiet in PLAYERS.items():
        program = first_of([name], ctx.environment)
        if program is None:
            continue
        argv = [program, *quiet, str(path)]
        done = await ended(ctx, argv, timeout_seconds=_LONGEST_SECONDS)
        if done.return_code == 0:
            return
        error = error or failed(argv, done)
    raise error or NodeError(
        f"no program plays sounds here ({', '.join(PLAYERS)}): {MEND}",
        ErrorCode.APPLICATION_LAUNCH_FAILED,
    )


def tone(frequency_hertz: float, milliseconds: float) -> bytes:
    """A WAV file with a sine of that pitch and length, without a click at its ends."""
    count = max(int(_RATE_HERTZ * milliseconds / 1000), 1)
    fade = _RATE_HERTZ * _FADE_SECONDS
    turn = 2 * math.pi * frequency_hertz / _RATE_HERTZ
    samples = array.array(
        "h",
        (
            int(32767 * _LOUDNESS * min(i / fade, (count - i) / fade, 1) * math.sin(turn * i))
            for i in range(count)
        ),
    )
    if sys.byteorder == "big":
        samples.byteswap()
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(_RATE_HERTZ)
        file.writeframes(samples.tobytes())
    return target.getvalue()
