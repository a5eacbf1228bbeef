"""Sounds, speech and volume, by programs that stand in for those that make a noise."""

from __future__ import annotations

import itertools
import os
import wave
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes.system._sound import tone
from tests.support.person import asked
from tests.support.programs import Programs, programs
from tests.support.runs import chain, document, node, run_document, run_node

__all__ = ["programs"]
#: Keeps what it is to play, which is gone when it has ended.
KEEPS = 'for last; do :; done\n/bin/cat "$last" > "$0.played"\n'


def test_a_beep_rings_the_terminal(programs: Programs) -> None:
    programs.add("paplay")
    for node_type in ("BeepNode", "AudioAlertNode"):
        result, seen = asked(node_type, {})
        assert (result.outputs["n"], seen) == ({"success": True}, "\a")
    assert not programs.ran("paplay")


def test_without_a_terminal_a_beep_is_a_tone(programs: Programs) -> None:
    programs.add("aplay", KEEPS)
    assert run_node("BeepNode", {"frequency": 1000, "duration": 250}).success
    played = programs.folder / "aplay.played"
    with wave.open(str(played), "rb") as file:
        assert file.getnframes() / file.getframerate() == 0.25
        frames = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
    rising = sum(1 for a, b in itertools.pairwise(frames) if a < 0 <= b)
    assert abs(rising - 250) <= 1, "as many waves as 1000 hertz have in a quarter of a second"


def test_a_tone_may_be_the_shortest_and_the_highest() -> None:
    assert tone(32767, 10).startswith(b"RIFF")


def test_a_file_is_played_to_its_end(programs: Programs, tmp_path: Path) -> None:
    programs.add("paplay", KEEPS)
    (tmp_path / "ding.wav").write_bytes(b"ding")
    assert run_node("AudioAlertNode", {"file_path": str(tmp_path / "ding.wav")}).success
    assert (programs.folder / "paplay.played").read_bytes() == b"ding"


def test_a_loop_plays_until_the_run_ends(programs: Programs, tmp_path: Path) -> None:
    programs.add("paplay", '/bin/cat < "$0.pipe"\necho again >> "$0.played"\n')
    pipe = programs.folder / "paplay.pipe"
    os.mkfifo(pipe)
    (tmp_path / "ding.wav").touch()
    twice = f"open({str(pipe)!r}, 'w').close(); open({str(pipe)!r}, 'w').close()"
    raw = document(
        {
            "alert": node("AudioAlertNode", file_path=str(tmp_path / "ding.wav"), loop=True),
            "hear": node("RunPythonScriptNode", code=twice),
        },
        chain("alert", "hear"),
    )
    result = run_document(raw)
    assert result.success
    assert (programs.folder / "paplay.played").read_text().startswith("again\n")


def test_what_cannot_be_played_says_why(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "ding.wav").touch()
    config = {"file_path": str(tmp_path / "ding.wav")}
    error = run_node("AudioAlertNode", config).error
    assert error is not None
    assert "no program plays sounds here" in error.message
    assert "apt install" in error.message
    programs.add("paplay", "echo 'no such device' >&2; exit 1")
    error = run_node("AudioAlertNode", config).error
    assert error is not None
    assert error.message.endswith("paplay: no such device")
    programs.add("aplay", "echo 'neither' >&2; exit 1")
    error = run_node("AudioAlertNode", config).error
    assert error is not None
    assert error.message.endswith("paplay: no such device"), "the best of them says why"
    programs.add("aplay", KEEPS)
    assert run_node("AudioAlertNode", config).success, "one without a server does as well"
    error = run_node("AudioAlertNode", {"file_path": "/no/such.wav"}).error
    assert error is not None
    assert "no such file" in error.message


@pytest.mark.parametrize(
    ("name", "args", "stdin"),
    [
        ("espeak-ng", ["-s", "175", "-a", "50", "--stdin"], "-v all is well"),
        ("say", ["-r", "175", "-f", "-"], "-v all is well"),
        ("spd-say", ["-w", "-r", "0", "-i", "0", "--", "-v all is well"], ""),
    ],
)
def test_a_text_is_spoken(programs: Programs, name: str, args: list[str], stdin: str) -> None:
    programs.add(name)
    config = {"speech_text": "-v all is well", "rate": 175, "volume": 0.5}
    assert run_node("TextToSpeechNode", config).outputs["n"] == {"success": True}
    assert programs.args(name) == args
    assert programs.stdin(name) == stdin


def test_a_workflow_need_not_wait_for_the_text(programs: Programs) -> None:
    programs.add("espeak-ng", '/bin/cat < "$0.pipe"; echo spoken > "$0.said"\n')
    pipe = programs.folder / "espeak-ng.pipe"
    os.mkfifo(pipe)
    raw = document(
        {
            "speak": node("TextToSpeechNode", text="long", wait=False),
            "go_on": node("RunPythonScriptNode", code=f"open({str(pipe)!r}, 'w').close()"),
        },
        chain("speak", "go_on"),
    )
    assert run_document(raw).success, "it would never end if it waited"
    assert (programs.folder / "espeak-ng.said").read_text() == "spoken\n"


def test_a_machine_without_a_voice_is_told_before_the_run(programs: Programs) -> None:
    with pytest.raises(WorkflowInvalid, match="a program that speaks") as refused:
        run_node("TextToSpeechNode", {"text": "a"})
    assert refused.value.hint == "apt install espeak-ng"


MIXER = {
    "wpctl": """case "$1" in
  get-volume) echo "Volume: 0.40 [MUTED]";; *) echo "$@" >> "$0.told";; esac\n""",
    "pactl": """case "$1" in
  get-sink-volume) echo "Volume: front-left: 26214 /  40% / -23.88 dB";;
  get-sink-mute) echo "Mute: yes";; *) echo "$@" >> "$0.told";; esac\n""",
    "amixer": """case "$2" in
  get) echo "  Mono: Playback 26 [40%] [-30.00dB] [off]";; *) echo "$@" >> "$0.told";; esac\n""",
}


@pytest.mark.parametrize(
    ("name", "config", "told"),
    [
        ("wpctl", {"action": "set", "level": 40}, "set-volume @DEFAULT_AUDIO_SINK@ 40%"),
        ("wpctl", {"action": "mute"}, "set-mute @DEFAULT_AUDIO_SINK@ 1"),
        ("pactl", {"action": "set", "level": 40}, "set-sink-volume @DEFAULT_SINK@ 40%"),
        ("pactl", {"action": "unmute"}, "set-sink-mute @DEFAULT_SINK@ 0"),
        ("amixer", {"action": "set", "level": 40}, "-M set Master 40%"),
        ("amixer", {}, ""),
    ],
)
def test_the_volume_is_set_and_read(
    programs: Programs, name: str, config: dict[str, Any], told: str
) -> None:
    programs.add(name, MIXER[name])
    found = run_node("VolumeControlNode", config).outputs["n"]
    assert found == {"volume": 40, "muted": True, "success": True}
    log = programs.folder / f"{name}.told"
    assert (log.read_text().strip() if log.exists() else "") == told


def test_a_volume_beyond_its_limits_is_refused(programs: Programs) -> None:
    programs.add("pactl", MIXER["pactl"])
    error = run_node("VolumeControlNode", {"action": "set", "level": 140}).error
    assert error is not None
    assert "level must be from 0 to 100, not 140" in error.message
