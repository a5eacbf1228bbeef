"""Notifications: on the desktop by its program, else at the terminal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.person import asked
from tests.support.programs import Programs, programs
from tests.support.runs import document, run_document, run_node

__all__ = ["programs"]
NODE = "SystemNotificationNode"


def test_the_desktop_is_told_by_its_program(programs: Programs) -> None:
    programs.add("notify-send")
    config = {"title": "-Pay", "message": "3 < 4", "duration": 7, "icon_type": "error"}
    result = run_node(NODE, config | {"priority": "high", "play_sound": False})
    assert result.outputs["n"] == {"success": True, "click_action": False}
    assert programs.args("notify-send") == [
        "--app-name=casare-rpa",
        "--urgency=critical",
        "--expire-time=7000",
        "--icon=dialog-error",
        "--hint=boolean:suppress-sound:true",
        "--",
        "-Pay",
        "3 &lt; 4",
    ]


@pytest.mark.parametrize(
    ("node_type", "config", "title", "milliseconds"),
    [
        ("BalloonTipNode", {"title": "Pay"}, "Pay", 5000),
        ("SnackbarNode", {}, "Note", 3000),
        ("TooltipNode", {"duration": 600, "tooltip_icon": "warning"}, "Note", 600),
    ],
)
def test_its_relatives_are_notifications_too(
    programs: Programs, node_type: str, config: dict[str, Any], title: str, milliseconds: int
) -> None:
    programs.add("notify-send")
    assert run_node(node_type, {"message": "Done.", **config}).outputs["n"]["success"] is True
    args = programs.args("notify-send")
    assert f"--expire-time={milliseconds}" in args
    assert args[-2:] == [title, "Done."]


@pytest.mark.parametrize("desktop", ["none", "failing"])
def test_without_a_desktop_the_terminal_shows_it(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, desktop: str
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    if desktop == "failing":
        programs.add("notify-send", "echo no bus >&2; exit 1")
    result, seen = asked(NODE, {"title": "Pay", "message": "now; \x1b]0;evil\x07 soon"})
    assert result.outputs["n"]["success"] is True
    line = r"Pay: now; \x1b]0;evil\x07 soon"
    assert seen == f"{line}\n\x1b]9;{line.replace(';', ',')}\a\a"


def test_a_plain_terminal_gets_no_escape_sequence(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    _, seen = asked(NODE, {"title": "Pay", "message": "now"})
    assert seen == "Pay: now\n\a"


def test_where_nobody_is_it_fails_with_the_reason(programs: Programs) -> None:
    error = run_node(NODE, {"message": "hello"}).error
    assert error is not None
    assert "apt install libnotify-bin" in error.message
    programs.add("notify-send", "echo 'cannot reach the bus' >&2; exit 1")
    error = run_node(NODE, {"message": "hello"}).error
    assert error is not None
    assert error.message.endswith("notify-send: cannot reach the bus")


def test_a_secret_is_not_told_to_the_desktop(programs: Programs) -> None:
    programs.add("notify-send")
    pin = {"name": "pin", "default_value": "987654", "sensitive": True}
    spec = {"node_type": NODE, "config": {"message": "It is {{pin}}"}}
    assert run_document(document({"n": spec}, variables={"pin": pin})).success
    assert programs.args("notify-send")[-1] == "It is ***"
