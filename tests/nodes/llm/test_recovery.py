"""Advice on errors: the model's if it is sure enough, else a rule's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import ModelServer, Refusal
from tests.nodes.llm.test_asking import outputs, why
from tests.nodes.llm.test_documents import png
from tests.support.runs import document, node

ADVICE = {
    "strategy": "Retry",
    "confidence": 0.9,
    "reasoning": "it was slow",
    "suggested_fix": "wait longer",
    "retry_modifications": {"timeout": 60},
    "alternatives": ["continue"],
}
ERROR = {"error_message": "no answer within 30 s", "error_type": "TIMEOUT", "error_node": "get"}


def test_a_model_advises(runs: Runs, models: ModelServer) -> None:
    models.say(ADVICE)
    raw = document({"n": node("AIRecoveryNode", screenshot="{{picture}}", **ERROR)})
    found = outputs(runs(raw, variables={"picture": png()}))
    assert found == ADVICE | {"strategy": "retry"}
    text, picture = models.bodies()[0]["messages"][-1]["content"]
    assert "no answer within 30 s" in text["text"]
    assert picture["type"] == "image_url"


def test_a_screenshot_stays_here_if_you_say_so(runs: Runs, models: ModelServer) -> None:
    models.say(ADVICE)
    config = {"screenshot": "{{picture}}", "use_screenshot": False, **ERROR}
    raw = document({"n": node("AIRecoveryNode", **config)})
    outputs(runs(raw, variables={"picture": png()}))
    assert isinstance(models.bodies()[0]["messages"][-1]["content"], str)


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [("TIMEOUT", "retry"), ("CONNECTION_REFUSED", "retry"), ("PARSE_ERROR", "stop"), ("", "stop")],
)
def test_a_rule_decides_where_no_model_can_be_asked(
    asks: Asks, models: ModelServer, kind: str, strategy: str
) -> None:
    models.busy.append(Refusal(400))
    result = asks("AIRecoveryNode", **ERROR | {"error_type": kind})
    found = outputs(result)
    assert (found["strategy"], found["confidence"]) == (strategy, 0.5)
    assert found["reasoning"].startswith("by rule: ")
    assert any("a rule decides" in line["message"] for line in result.logs)


def test_without_the_rule_the_failure_is_one(asks: Asks, models: ModelServer) -> None:
    models.busy.append(Refusal(400))
    config: dict[str, Any] = {**ERROR, "fallback_to_heuristic": False}
    assert "HTTP 400" in why(asks("AIRecoveryNode", **config))[1]
    models.say(ADVICE)
    found = outputs(asks("AIRecoveryNode", min_confidence=0.95, **config))
    assert (found["strategy"], found["alternatives"]) == ("stop", ["retry", "continue"])
    assert found["reasoning"] == "the model was not sure of retry: it was slow"


def test_advice_that_is_not_sure_gives_way_to_the_rule(asks: Asks, models: ModelServer) -> None:
    models.say(ADVICE | {"strategy": "continue"})
    found = outputs(asks("AIRecoveryNode", min_confidence=0.95, **ERROR))
    assert (found["strategy"], found["confidence"]) == ("retry", 0.5)
    assert found["reasoning"].startswith("the model was not sure of continue; by rule")


def test_a_strategy_is_never_invented(asks: Asks, models: ModelServer) -> None:
    models.say(*[ADVICE | {"strategy": "pray"}] * 2)
    result = asks("AIRecoveryNode", fallback_to_heuristic=False, **ERROR)
    assert "'pray' is none of 'stop', 'continue'" in why(result)[1]
