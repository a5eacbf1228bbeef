"""Decisions of a model, and which way a run goes after them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casare_rpa.engine import RunResult
from casare_rpa.engine.checks import check_fully
from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import ModelServer, Refusal
from tests.nodes.llm.test_asking import outputs, why
from tests.support.runs import chain, document, node

MAIL = "I want my money back."
VERDICT = {"reasoning": "it says so", "result": True, "confidence": 0.9}


def said(result: RunResult) -> list[str]:
    """What the nodes behind the decision logged."""
    return [line["message"] for line in result.logs if line["node_id"] != "n"]


def condition(**more: Any) -> dict[str, Any]:
    config = {"context": {"mail": MAIL}, "condition": "The writer is angry.", **more}
    return document(
        {
            "n": node("AIConditionNode", **config),
            "yes": node("LogNode", message="yes"),
            "no": node("LogNode", message="no"),
        },
        chain("n.exec_true", "yes"),
        chain("n.exec_false", "no"),
    )


@pytest.mark.parametrize("holds", [True, False])
def test_a_condition_leads_to_one_of_two_ways(runs: Runs, models: ModelServer, holds: bool) -> None:
    models.say({**VERDICT, "result": holds})
    result = runs(condition())
    found = outputs(result)
    assert (found["result"], found["confidence"]) == (holds, 0.9)
    assert found["reasoning"] == "it says so"
    assert said(result) == ["yes" if holds else "no"]
    assert f'{{\\"mail\\": \\"{MAIL}\\"}}' in models.last_text().replace("\\\\", "\\")


def test_a_verdict_must_be_one(runs: Runs, models: ModelServer) -> None:
    models.say({**VERDICT, "result": "yes"}, {**VERDICT, "confidence": 90})
    code, message = why(runs(condition()))
    assert code == "PARSE_ERROR"
    assert "confidence must be a number from 0 to 1" in message


def test_what_nobody_could_judge_does_not_hold(runs: Runs, models: ModelServer) -> None:
    models.busy.append(Refusal(400))
    result = runs(condition(continue_on_error=True))
    assert result.success
    assert said(result)[-1] == "no"


def switch(wired: str, options: Any = "Money back, Another item, x-y Z", **more: Any) -> Any:
    return document(
        {
            "n": node("AISwitchNode", context=MAIL, question="What now?", options=options, **more),
            "way": node("LogNode", message="way"),
            "else": node("LogNode", message="else"),
        },
        chain(f"n.{wired}", "way"),
        chain("n.exec_default", "else"),
    )


def choice(option: Any) -> dict[str, Any]:
    return {"option": option, "confidence": 0.8, "scores": {"Money back": 0.8, "no": 3}}


@pytest.mark.parametrize(
    ("option", "wired", "way"),
    [
        ("money back", "exec_money_back", "way"),
        ("x-y Z", "exec_x_y_z", "way"),
        ("Another item", "exec_money_back", "else"),
        (None, "exec_money_back", "else"),
    ],
)
def test_a_choice_leads_to_its_port(
    runs: Runs, models: ModelServer, option: Any, wired: str, way: str
) -> None:
    models.say(choice(option))
    result = runs(switch(wired))
    assert said(result) == [way]
    found = outputs(result)
    assert found["selected_option"].lower() == (option or "").lower()
    assert found["all_scores"] == {"Money back": 0.8}


def test_options_may_be_known_to_the_run_alone(runs: Runs, models: ModelServer) -> None:
    models.say(choice("a longer name than ports have"))
    raw = switch("exec_a_longer_name_than_p", options="{{options}}")
    result = runs(raw, variables={"options": ["b", "A longer name than ports have"]})
    assert said(result) == ["way"]
    assert not [line for line in result.logs if line["level"].lower() == "warning"]


def test_an_option_is_never_invented(runs: Runs, models: ModelServer) -> None:
    models.say(choice("a cake"), choice("two cakes"))
    code, message = why(runs(switch("exec_money_back")))
    assert code == "PARSE_ERROR"
    assert "'two cakes' is none of 'Money back', 'Another item', 'x-y Z'" in message


def test_two_options_of_one_port_are_refused(asks: Asks, models: ModelServer) -> None:
    config = {"context": MAIL, "question": "?", "options": "a-b, A b"}
    code, message = why(asks("AISwitchNode", **config))
    assert (code, message) == (
        "INVALID_INPUT",
        "options: 'a-b' and 'A b' would both leave by 'exec_a_b'"
        " - let their first 20 characters differ",
    )
    assert not models.asked


def test_a_failed_choice_that_is_passed_over_leads_to_the_default(
    runs: Runs, models: ModelServer
) -> None:
    models.busy.append(Refusal(400))
    assert said(runs(switch("exec_money_back", continue_on_error=True)))[-1] == "else"


def test_a_port_of_no_option_is_found_before_the_run() -> None:
    _, problems = check_fully(json.dumps(switch("exec_monny_back")))
    (problem,) = [p for p in problems if p.code == "UNKNOWN_PORT"]
    assert "exec_money_back" in (problem.hint or "")
    for known in (switch("exec_x_y_z"), switch("exec_any", options="{{options}}"), condition()):
        _, problems = check_fully(json.dumps(known))
        assert not [p for p in problems if p.code == "UNKNOWN_PORT"]


ROWS = [
    {"if": "above 1000", "action": "ask"},
    {"country": "CH", "then": {"pay": "francs"}},
    {"if": "any", "action": "pay"},
]


def test_a_row_of_a_table_matches(asks: Asks, models: ModelServer) -> None:
    models.say({"matches": [2, 1], "confidence": 1, "reasoning": "small"})
    found = outputs(asks("AIDecisionTableNode", context={"sum": 5}, decision_table={"rules": ROWS}))
    assert (found["matched_action"], found["matched_rule_index"]) == ("pay", 2)
    assert found["all_matches"] == [
        {"index": 2, "action": "pay"},
        {"index": 1, "action": '{"pay": "francs"}'},
    ]
    assert "francs" not in models.last_text(), "conditions decide, not what follows from them"


def test_no_row_matches(asks: Asks, models: ModelServer) -> None:
    for table, action in (({"rules": ROWS, "default": "wait"}, "wait"), (ROWS, "")):
        models.say({"matches": [], "confidence": 0.5})
        found = outputs(asks("AIDecisionTableNode", context="c", decision_table=table))
        assert (found["matched_action"], found["matched_rule_index"]) == (action, -1)


def test_a_row_is_never_invented(asks: Asks, models: ModelServer) -> None:
    models.say({"matches": [3], "confidence": 1}, {"matches": [True], "confidence": 1})
    code, message = why(asks("AIDecisionTableNode", context="c", decision_table=ROWS))
    assert code == "PARSE_ERROR"
    assert "is no index of a row, from 0 to 2" in message


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "decision_table is empty"),
        ("if so then pay", "decision_table is no JSON"),
        ("[]", "decision_table has no rows"),
        ("[1]", "decision_table has no rows"),
        ('[{"if": "a"}]', "row 0 has no `action`"),
    ],
)
def test_a_table_without_rows_is_refused(
    asks: Asks, models: ModelServer, table: str, words: str
) -> None:
    assert words in why(asks("AIDecisionTableNode", context="c", decision_table=table))[1]
    assert not models.asked
