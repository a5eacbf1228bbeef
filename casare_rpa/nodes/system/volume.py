"""How loud the sound is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.system._programs import answered, first_of
from casare_rpa.nodes.values.reading import int_within, one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mixer:
    """What a program is told; `get` may take two questions."""

    get: tuple[str, ...]
    set: str
    mute: str
    unmute: str


_MIXERS: Final[Mapping[str, _Mixer]] = {
    "wpctl": _Mixer(
        get=("get-volume @DEFAULT_AUDIO_SINK@",),
        set="set-volume @DEFAULT_AUDIO_SINK@ {level}%",
        mute="set-mute @DEFAULT_AUDIO_SINK@ 1",
        unmute="set-mute @DEFAULT_AUDIO_SINK@ 0",
    ),
    "pactl": _Mixer(
        get=("get-sink-volume @DEFAULT_SINK@", "get-sink-mute @DEFAULT_SINK@"),
        set="set-sink-volume @DEFAULT_SINK@ {level}%",
        mute="set-sink-mute @DEFAULT_SINK@ 1",
        unmute="set-sink-mute @DEFAULT_SINK@ 0",
    ),
    "amixer": _Mixer(
        get=("-M get Master",),
        set="-M set Master {level}%",
        mute="-M set Master mute",
        unmute="-M set Master unmute",
    ),
}
_ACTIONS = ("get", "set", "mute", "unmute")
_FRACTION = re.compile(r"Volume: (\d+\.\d+)")
_PERCENT = re.compile(r"(\d+)%")
_MUTED = re.compile(r"\[MUTED\]|Mute: yes|\[off\]")


class VolumeControlNode(Node):
    """Read or set how loud the sound is, or mute it.

    PipeWire (wpctl), PulseAudio (pactl) or ALSA (amixer) is asked, the first that is there.
    `volume` is a percentage; `volume` and `muted` are as they are afterwards.
    """

    category = "system"
    runs_on = "windows"
    requires = ("desktop-session",)
    side_effect = True
    example = {"action": "set", "level": 40}
    action: str = prop("get", kind="choice", choices=_ACTIONS, help="What to do.")
    level: int = param(50, kind="integer", minimum=0, maximum=100, help="Per cent, for `set`.")
    outputs = (
        Output("volume", "INTEGER"),
        Output("muted", "BOOLEAN"),
        Output("success", "BOOLEAN"),
    )

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        if first_of(_MIXERS):
            return None
        return f"a program for the volume ({', '.join(_MIXERS)})", "apt install pulseaudio-utils"

    async def run(self, ctx: Context) -> Outputs:
        action = one_of(self.action, "action", _ACTIONS)
        level = int_within(self.level, "level", 0, 100) if action == "set" else 0
        program = first_of(_MIXERS, ctx.environment)
        if program is None:
            raise NodeError("no program sets the volume here", ErrorCode.APPLICATION_LAUNCH_FAILED)
        mixer = _MIXERS[Path(program).name]
        if action != "get":
            told = getattr(mixer, action).format(level=level)
            await answered(ctx, [program, *told.split()])
        shown = [await answered(ctx, [program, *words.split()]) for words in mixer.get]
        return {**_loudness("\n".join(shown)), "success": True}


def _loudness(shown: str) -> dict[str, Any]:
    if found := _FRACTION.search(shown):
        volume = round(100 * float(found[1]))
    elif found := _PERCENT.search(shown):
        volume = int(found[1])
    else:
        raise NodeError(f"no volume is read in {shown.strip()[:80]!r}", ErrorCode.PARSE_ERROR)
    return {"volume": volume, "muted": _MUTED.search(shown) is not None}
