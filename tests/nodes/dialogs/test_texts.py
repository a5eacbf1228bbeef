"""Lines and passwords, at a pseudo-terminal."""

from __future__ import annotations

import json

import pytest

from casare_rpa.domain.events import DomainEvent, EventBus
from tests.support.person import CTRL_D, ENTER, asked, outputs, somebody
from tests.support.runs import chain, document, node, run_document

INPUT, LINES, LOGIN = "InputDialogNode", "MultilineInputDialogNode", "CredentialDialogNode"
PASSWORD = "correct-horse"


@pytest.mark.parametrize(
    ("config", "answer", "value", "confirmed"),
    [
        ({"label": "Month"}, "11\n", "11", True),
        ({"default_value": "10"}, ENTER, "10", True),
        ({}, ENTER, "", False),
        ({"default_value": "10"}, CTRL_D, "", False),
        ({}, "Ä ö 中\n", "Ä ö 中", True),
        ({}, f"half{CTRL_D} a line\n", "half a line", True),
    ],
)
def test_a_line_is_asked_for(
    config: dict[str, str], answer: str, value: str, confirmed: bool
) -> None:
    found = outputs(INPUT, config, (": ", answer))
    assert found == {"value": value, "confirmed": confirmed}


def test_the_question_shows_the_default() -> None:
    _, seen = asked(
        INPUT, {"prompt": "Month:", "default_value": "10"}, ("Input\nMonth [10]: ", ENTER)
    )
    assert seen.count("Month") == 1


def test_a_question_is_one_line_whatever_its_default() -> None:
    config = {"prompt": "Say\nit", "default_value": "a\nPay? [y]: "}
    found = outputs(INPUT, config, ("Input\nSay it [a\\nPay? [y]: ]: ", ENTER))
    assert found["value"] == config["default_value"]


def test_a_secret_of_two_lines_is_hidden_in_a_question() -> None:
    pin = {"name": "pin", "default_value": "geheim\ngeheim", "sensitive": True}
    raw = document({"n": node(INPUT, default_value="{{pin}}")}, variables={"pin": pin})
    with somebody(("Enter value [***]: ", ENTER)) as person:
        assert run_document(raw, person=person.person, timeout_seconds=20).success
    assert not person.unanswered, person.seen


def test_a_line_longer_than_a_terminal_passes_on_is_asked_for_again() -> None:
    found = outputs(INPUT, {}, (": ", "x" * 5000 + "\n"), ("passes on: 4095 bytes", "short\n"))
    assert found["value"] == "short"


def test_a_password_is_neither_shown_nor_told() -> None:
    raw = document(
        {
            "ask": node(INPUT, prompt="PIN", password_mode=True),
            "login": node(LOGIN, title="Bank"),
            "say": node("LogNode", message="{{ask.value}} {{login.username}} {{login.password}}"),
            "keep": node("SetVariableNode", variable_name="kept", value="{{login.password}}!"),
        },
        chain("ask", "login", "say", "keep"),
    )
    bus, events = EventBus(), list[DomainEvent]()
    bus.subscribe_all(events.append)
    script = (
        ("PIN: ", "pin-98765\n"),
        ("Username: ", "ann\n"),
        ("Password: ", f"{PASSWORD}\n"),
        ("Remember it (y/n) [n]: ", "y\n"),
    )
    with somebody(*script) as person:
        result = run_document(raw, bus=bus, person=person.person)
    assert result.success
    assert result.logs[0]["message"] == "*** ann ***"
    assert result.variables["kept"] == "***!"
    assert result.outputs["login"] == {
        "username": "ann",
        "password": "***",
        "remember": True,
        "confirmed": True,
    }
    told = json.dumps([event.to_dict() for event in events]) + json.dumps(result.to_dict())
    for secret in (PASSWORD, "pin-98765"):
        assert secret not in told
        assert secret not in person.seen


def test_the_workflow_itself_gets_the_password() -> None:
    raw = document(
        {
            "login": node(LOGIN, show_remember=False),
            "check": node("AssertNode", condition=f"login.password == '{PASSWORD}'"),
        },
        chain("login", "check"),
    )
    with somebody(("Username: ", "ann\n"), ("Password: ", f"{PASSWORD}\n")) as person:
        assert run_document(raw, person=person.person).success


def test_a_password_that_is_shown_as_it_is_typed_is_a_secret_all_the_same() -> None:
    config = {"mask_password": False, "show_remember": False, "password_label": "Key"}
    result, seen = asked(LOGIN, config, ("Username: ", "ann\n"), ("Key: ", f"{PASSWORD}\n"))
    assert PASSWORD in seen
    assert result.outputs["n"]["password"] == "***"


@pytest.mark.parametrize(
    "script",
    [
        [("Username: ", ENTER)],
        [("Username: ", "ann\n"), ("Password: ", ENTER)],
        [("Username: ", "ann\n"), ("Password: ", CTRL_D)],
    ],
)
def test_a_login_without_name_or_password_is_cancelled(script: list[tuple[str, str]]) -> None:
    found = outputs(LOGIN, {}, *script)
    assert found == {"username": "", "password": "", "remember": False, "confirmed": False}


def test_a_short_password_is_a_secret_with_a_warning() -> None:
    result, _ = asked(INPUT, {"password_mode": True}, (": ", "abc\n"))
    assert result.outputs["n"]["value"] == "***"
    words = "shorter than 4 characters: inside other text it is not hidden"
    assert words in result.logs[0]["message"]
    result, _ = asked(INPUT, {"password_mode": True}, (": ", "abcd\n"))
    assert result.logs == []


@pytest.mark.parametrize(
    ("config", "typed", "text"),
    [
        ({}, "one\ntwo\n.\n", "one\ntwo"),
        ({}, "one\n\nthree\n" + CTRL_D, "one\n\nthree"),
        ({"default_text": "as before"}, ".\n", "as before"),
        ({}, CTRL_D, ""),
        ({}, ".\n", ""),
    ],
)
def test_lines_end_with_a_dot_or_ctrl_d(config: dict[str, str], typed: str, text: str) -> None:
    found = outputs(LINES, config, ("ends the text)\n", typed))
    assert found == {"text": text, "confirmed": bool(text), "char_count": len(text)}


def test_a_text_that_is_too_long_is_asked_for_again() -> None:
    found = outputs(
        LINES,
        {"max_chars": 4},
        ("ends the text)\n", "12345\n.\n"),
        ("5 characters; at most 4", ""),
        ("ends the text)\n", "1234\n.\n"),
    )
    assert found["text"] == "1234"
