"""Boxes with buttons, at a pseudo-terminal."""

from __future__ import annotations

import os
import pty
from contextlib import nullcontext

import pytest

from casare_cli.terminal.person import AtTerminal
from tests.support.person import CTRL_D, ENTER, asked, outputs, somebody
from tests.support.runs import document, node, run_document, run_node

BOX, CONFIRM, PROGRESS = "MessageBoxNode", "ConfirmDialogNode", "ProgressDialogNode"


@pytest.mark.parametrize(
    ("answer", "confirmed", "clicked"),
    [
        ("y\n", True, "Yes"),
        ("no\n", False, "No"),
        ("1\n", True, "Yes"),
        (ENTER, False, ""),
        (CTRL_D, False, ""),
    ],
)
def test_a_question_is_answered_by_the_first_letters(
    answer: str, confirmed: bool, clicked: str
) -> None:
    found = outputs(CONFIRM, {"message": "Pay?"}, ("Pay?\nYes / No: ", answer))
    assert found == {"confirmed": confirmed, "button_clicked": clicked}


def test_the_words_of_a_question_may_be_the_workflow_s_own() -> None:
    config = {"button_yes_text": "Approve", "button_no_text": "Abandon", "icon_type": "warning"}
    result, seen = asked(
        CONFIRM,
        config,
        ("Confirm\nWarning: Are you sure?\nApprove / Abandon: ", "a\n"),
        ("Please answer with one of: Approve, Abandon.\nApprove / Abandon: ", "app\n"),
    )
    assert result.outputs["n"] == {"confirmed": True, "button_clicked": "Approve"}, seen


@pytest.mark.parametrize(
    ("config", "answer", "result", "accepted"),
    [
        ({}, ENTER, "ok", True),
        ({}, CTRL_D, "cancel", False),
        ({"buttons": "ok_cancel"}, "o\n", "ok", True),
        ({"buttons": "ok_cancel"}, ENTER, "cancel", False),
        ({"buttons": "yes_no"}, CTRL_D, "no", False),
        ({"buttons": "yes_no_cancel"}, "n\n", "no", False),
        ({"buttons": "yes_no_cancel"}, CTRL_D, "cancel", False),
        ({"buttons": "yes_no_cancel", "default_button": "yes"}, ENTER, "yes", True),
    ],
)
def test_a_box_says_which_button_was_chosen(
    config: dict[str, str], answer: str, result: str, accepted: bool
) -> None:
    found = outputs(BOX, {"message": "So?", **config}, ("So?\n", answer))
    assert found == {"result": result, "accepted": accepted}


@pytest.mark.parametrize(
    ("config", "result"),
    [
        ({}, "ok"),
        ({"buttons": "yes_no"}, "no"),
        ({"buttons": "ok_cancel", "default_button": "OK"}, "ok"),
    ],
)
def test_a_box_that_nobody_answers_closes_by_itself(config: dict[str, str], result: str) -> None:
    closing = {"message": "So?", "auto_close_timeout": 1, **config}
    there, seen = asked(BOX, closing)
    assert there.outputs["n"]["result"] == result
    assert f"(closed: {result})" in seen
    alone = run_node(BOX, closing)
    assert alone.outputs["n"]["result"] == result
    assert alone.logs[0]["message"] == f"nobody is asked: So?: {result}"


class Always(list[tuple[str, str]]):
    """A script that never ends."""

    def __delitem__(self, index: object) -> None:
        pass


def test_wrong_answers_do_not_keep_a_box_open() -> None:
    raw = document({"n": node(BOX, message="So?", auto_close_timeout=1)})
    with somebody() as person:
        person.unanswered = Always([("[OK]: ", "what\n")])
        result = run_document(raw, person=person.person, timeout_seconds=30)
    assert result.success, result.error
    assert "Please answer with one of: OK." in person.seen
    assert "(closed: ok)" in person.seen


def test_a_box_rings_if_it_shall() -> None:
    _, seen = asked(BOX, {"message": "So?", "play_sound": True}, ("[OK]: ", ENTER))
    assert "\a" in seen


def test_without_a_person_a_dialog_fails_and_says_what_to_do() -> None:
    for node_type in (BOX, CONFIRM):
        error = run_node(node_type, {"message": "So?"}).error
        assert error is not None
        assert "needs a person at a terminal" in error.message
        assert "`casare-rpa run`" in error.message


def test_a_default_that_is_no_button_is_refused_whoever_is_asked() -> None:
    error = run_node(BOX, {"buttons": "yes_no", "default_button": "Maybe"}).error
    assert error is not None
    assert error.message.endswith("default_button: there is no 'Maybe'; there are Yes, No")


def test_control_characters_of_a_message_do_not_reach_the_terminal() -> None:
    _, seen = asked(CONFIRM, {"message": "red \x1b[31m"}, ("red \\x1b[31m\n", ENTER))
    assert "\x1b" not in seen


def test_a_secret_of_the_run_is_not_shown_in_a_dialog() -> None:
    pin = {"name": "pin", "default_value": "987654", "sensitive": True}
    raw = document({"n": node(CONFIRM, message="It is {{pin}}")}, variables={"pin": pin})
    with somebody(("It is ***\n", ENTER)) as person:
        assert run_document(raw, person=person.person).success


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"value": 40}, "Progress: Reading 40 %"),
        ({"value": 140, "title": "Now"}, "Now: Reading 100 %"),
        ({"value": 40, "show_percent": False}, "Progress: Reading"),
        ({"value": 40, "indeterminate": True}, "Progress: Reading"),
    ],
)
def test_progress_is_a_line_of_the_log_for_everybody(config: dict[str, object], line: str) -> None:
    result = run_node(PROGRESS, {"message": "Reading", **config})
    assert [entry["message"] for entry in result.logs] == [line]
    assert result.outputs["n"] == {"canceled": False}


def test_a_terminal_that_was_closed_asks_nobody() -> None:
    ours, theirs = pty.openpty()
    reader = os.open(os.ttyname(theirs), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    person = AtTerminal(reader, theirs, nullcontext)
    os.close(ours)
    result = run_document(document({"n": node(CONFIRM)}), person=person, timeout_seconds=30)
    for descriptor in (reader, theirs):
        os.close(descriptor)
    assert result.error is not None
    assert "nobody can be asked here" in result.error.message
