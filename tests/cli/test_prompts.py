"""How a question ends that is not answered with yes: by no, Ctrl-C or Ctrl-D."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest

from tests.cli.support import Cli, Server

CTRL_D = "\x04"
#: Commands that ask, and the end of their question.
ASKING = [
    (("workflows", "delete", "{workflow}"), "[y/N]: "),
    (("robots", "delete", "r"), "[y/N]: "),
    (("jobs", "cancel", "--filter", "workflow={workflow}"), "[y/N]: "),
    (("secrets", "set", "foo"), "(not shown): "),
    (("login",), "(not shown): "),
]


def in_full(words: tuple[str, ...], workflow: str) -> list[str]:
    return [word.format(workflow=workflow) for word in words]


@pytest.mark.parametrize(("words", "question"), ASKING)
def test_ctrl_c_at_a_question_exits_130_without_an_error(
    remote: Cli, workflow: str, submit: Callable[..., str], words: tuple[str, ...], question: str
) -> None:
    submit()
    shown = remote.asked(question, signal.SIGINT, *in_full(words, workflow))
    assert shown.code == 130
    assert "error" not in shown.text


@pytest.mark.parametrize(("words", "question"), ASKING)
def test_ctrl_d_at_a_question_exits_2_and_says_that_nothing_was_changed(
    remote: Cli, workflow: str, submit: Callable[..., str], words: tuple[str, ...], question: str
) -> None:
    submit()
    shown = remote.asked(question, CTRL_D, *in_full(words, workflow))
    assert shown.code == 2
    assert "\ncasare-rpa: nothing was changed: no answer was given" in shown.text
    assert "hint: " in shown.text


def test_a_no_says_that_nothing_was_changed(remote: Cli, server: Server, workflow: str) -> None:
    shown = remote.on_terminal("workflows", "delete", workflow, typed="n\n")
    assert shown.code == 1
    assert shown.text.endswith("casare-rpa: nothing was changed\r\n")
    with server.client() as client:
        assert client.workflow(workflow)["workflow_id"] == workflow


def test_a_no_is_one_object_with_json(remote: Cli, workflow: str) -> None:
    shown = remote.on_terminal("workflows", "delete", workflow, "-o", "json", typed="n\n")
    assert shown.code == 1
    told = json.loads(shown.text[shown.text.index("{") :])
    assert told["error"]["code"] == "DECLINED"


@pytest.mark.parametrize("words", [("secrets", "set", "foo"), ("login",)])
def test_a_secret_typed_after_a_stop_is_not_shown(remote: Cli, words: tuple[str, ...]) -> None:
    shown = remote.stopped_at("(not shown): ", "ssh-this\n", *words)
    assert shown.text.count("(not shown): ") == 2
    assert "ssh-this" not in shown.text


def test_a_question_is_asked_again_after_a_stop(remote: Cli, workflow: str) -> None:
    shown = remote.stopped_at("[y/N]: ", "n\n", "workflows", "delete", workflow)
    assert shown.text.count("[y/N]: ") == 2
    assert "nothing was changed" in shown.text
