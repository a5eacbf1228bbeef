"""An agent: a loop of tool calls with an end, over the tools that the workflow allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.engine import RunResult
from casare_rpa.secrets import Secret
from tests.nodes.llm.conftest import Asks, Runs
from tests.nodes.llm.model_server import Calls, Cut, ModelServer, Refusal
from tests.nodes.llm.test_asking import CLAUDE, outputs, why
from tests.nodes.web_server import serving as serving_pages
from tests.support.runs import chain, document, node


def read_back(models: ModelServer) -> list[str]:
    """What the model last read of its tools, in OpenAI's protocol."""
    return [m["content"] for m in models.bodies()[-1]["messages"] if m["role"] == "tool"]


@pytest.mark.parametrize("model", ["gpt-4o-mini", CLAUDE])
def test_a_goal_is_reached_in_steps(
    asks: Asks, models: ModelServer, tmp_path: Path, model: str
) -> None:
    (tmp_path / "orders.csv").write_text("a;100\nb;250\n")
    models.say(
        Calls((("read_file", {"path": "orders.csv"}), ("current_time", {})), "I look"),
        Calls((("calculate", {"expression": "100 + 250 * 2"}),)),
        "600 in all",
    )
    found = outputs(
        asks(
            "AIAgentNode",
            goal="Add the orders.",
            available_tools="read_file, calculate, current_time",
            model=model,
        )
    )
    assert (found["result"], found["step_count"], found["total_tokens"]) == ("600 in all", 3, 30)
    steps = [(s["step"], s["tool"], s["success"]) for s in found["steps_taken"]]
    assert steps == [(1, "read_file", True), (1, "current_time", True), (2, "calculate", True)]
    assert found["steps_taken"][0]["result"] == "a;100\nb;250\n"
    assert found["steps_taken"][2]["result"] == "600"
    assert found["steps_taken"][2]["arguments"] == {"expression": "100 + 250 * 2"}
    assert found["execution_time"] > 0
    assert "a;100" in models.last_text()


def test_without_tools_it_answers_at_once(runs: Runs, models: ModelServer) -> None:
    models.say("done")
    raw = document({"n": node("AIAgentNode", goal="Say done.", context="{{rows}}")})
    found = outputs(runs(raw, variables={"rows": [1, {"a": 2}]}))
    assert (found["result"], found["steps_taken"]) == ("done", [])
    assert "tools" not in models.bodies()[0]
    assert '[1, {"a": 2}]' in models.bodies()[0]["messages"][-1]["content"]


def test_a_tool_that_there_is_not_is_refused_by_name(asks: Asks, models: ModelServer) -> None:
    code, message = why(asks("AIAgentNode", goal="g", available_tools=["calculate", "rm_rf"]))
    assert code == "INVALID_INPUT"
    assert message.startswith("available_tools: there is no tool 'rm_rf'; there are calculate,")
    assert not models.asked


def test_what_was_not_allowed_is_not_done(asks: Asks, models: ModelServer, tmp_path: Path) -> None:
    models.say(Calls((("write_file", {"path": "x.txt", "content": "x"}),)), "well")
    found = outputs(asks("AIAgentNode", goal="g", available_tools="calculate"))
    assert not (tmp_path / "x.txt").exists()
    assert [step["success"] for step in found["steps_taken"]] == [False]
    assert read_back(models) == ["error: there is no tool 'write_file'; there are calculate"]


def test_an_agent_without_end_ends(asks: Asks, models: ModelServer) -> None:
    models.say(*[Calls((("current_time", {}),))] * 3)
    code, message = why(asks("AIAgentNode", goal="g", available_tools="current_time", max_steps=3))
    assert (code, message) == (
        "RESOURCE_EXHAUSTED",
        "the agent came to no answer within 3 steps - set max_steps higher, or the goal smaller",
    )
    assert len(models.asked) == 3


def test_a_failure_leaves_by_exec_error_where_that_is_wired(
    runs: Runs, models: ModelServer
) -> None:
    models.busy.append(Refusal(400))
    raw = document(
        {
            "n": node("AIAgentNode", goal="g"),
            "bad": node("LogNode", message="{{n.error}}"),
            "good": node("LogNode", message="good"),
        },
        chain("n.exec_error", "bad"),
        chain("n", "good"),
    )
    result = runs(raw)
    assert result.success
    said = [line["message"] for line in result.logs if line["node_id"] in ("bad", "good")]
    assert len(said) == 1
    assert "HTTP 400" in said[0]


@pytest.mark.parametrize("fails", ["too many steps", "half an answer", "an empty answer"])
def test_what_a_failed_agent_had_done_is_told(runs: Runs, models: ModelServer, fails: str) -> None:
    models.say(Calls((("calculate", {"expression": "6 * 7"}),)))
    models.say(Cut("half") if fails == "half an answer" else "")
    raw = document(
        {
            "n": node(
                "AIAgentNode",
                goal="g",
                available_tools="calculate",
                max_steps=1 if fails == "too many steps" else 2,
            ),
            "bad": node("LogNode", message="{{n.error}}"),
        },
        chain("n.exec_error", "bad"),
    )
    found = outputs(runs(raw))
    asked = 1 if fails == "too many steps" else 2
    assert (found["success"], found["step_count"]) == (False, asked)
    assert (found["total_tokens"], found["tokens_used"]) == (asked * 10, asked * 10)
    assert [(s["tool"], s["result"]) for s in found["steps_taken"]] == [("calculate", "42")]
    assert found["execution_time"] > 0
    assert found["model_used"] == "gpt-4o-mini-2026"
    assert found["error"]


def test_an_agent_that_gets_no_answer_in_time_fails(asks: Asks) -> None:
    result = asks("AIAgentNode", goal="g", timeout=0)
    code, message = why(result)
    assert (code, message) == (
        "TIMEOUT",
        "the agent came to no answer within 0 s, in 0 steps - set timeout higher",
    )


def test_of_many_calls_at_once_the_first_are_done(asks: Asks, models: ModelServer) -> None:
    models.say(Calls((("current_time", {}),) * 20), "well")
    found = outputs(asks("AIAgentNode", goal="g", available_tools="current_time"))
    assert [step["success"] for step in found["steps_taken"]] == [True] * 16 + [False] * 4


def used(
    runs: Runs, models: ModelServer, tool: str, arguments: Any, **more: Any
) -> tuple[RunResult, str]:
    """The run, and what the model read after it used *tool*."""
    models.say(Calls(((tool, arguments),)), "well")
    raw = document({"n": node("AIAgentNode", goal="g", available_tools=tool)})
    result = runs(raw, **more)
    assert result.success, result.error
    (said,) = read_back(models)
    return result, said


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("calculate", {"expression": "abs(-2) + 7 % 4 + round(1e1)"}, "15"),
        ("calculate", {"expression": "token"}, "error: only numbers"),
        ("calculate", {"expression": "min(1, 2).__class__"}, "error: only numbers"),
        ("calculate", {"expression": "9**9**9**9"}, "error: "),
        ("calculate", {"expression": "1/0"}, "error: "),
        ("calculate", {"expression": "1 +"}, "error: "),
        ("calculate", {}, "error: expression is missing"),
        ("calculate", {"expression": 1}, "error: expression must be string, not 1"),
        ("calculate", {"expression": "1", "x": 1}, "error: x must not be there"),
        ("calculate", '{"expression": ', "error: the arguments are no JSON object"),
        ("list_variables", {}, '["rows", "token"]'),
        ("get_variable", {"name": "rows"}, "[1, 2]"),
        ("get_variable", {"name": "_hidden"}, "error: there is no variable '_hidden'"),
        ("set_variable", {"name": "_x", "value": 1}, "error: names that begin with _"),
        ("read_file", {"path": "../up.txt"}, "error: "),
        ("read_file", {"path": "none.txt"}, "error: "),
        ("list_files", {"pattern": "*.txt"}, "notes.txt"),
    ],
)
def test_what_a_tool_tells_the_model(
    runs: Runs, models: ModelServer, tmp_path: Path, tool: str, arguments: Any, words: str
) -> None:
    (tmp_path / "notes.txt").write_text("n")
    variables = {"rows": [1, 2], "token": "t", "_hidden": "h"}
    assert words in used(runs, models, tool, arguments, variables=variables)[1]


def test_tools_write_and_set(runs: Runs, models: ModelServer, tmp_path: Path) -> None:
    used(runs, models, "write_file", {"path": "out/a.txt", "content": "text"})
    assert (tmp_path / "out" / "a.txt").read_text() == "text"
    result, _ = used(runs, models, "set_variable", {"name": "total", "value": [1]})
    assert result.variables["total"] == [1]


def test_a_tool_reaches_no_file_that_nodes_may_not(
    runs: Runs, models: ModelServer, tmp_path: Path
) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.txt").write_text("private")
    allowed = (str(tmp_path / "inside"),)
    said = used(runs, models, "read_file", {"path": "outside.txt"}, allowed_paths=allowed)[1]
    assert said.startswith("error: ")
    assert "private" not in said


def test_a_tool_gets_pages(runs: Runs, models: ModelServer) -> None:
    with serving_pages() as pages:
        said = used(runs, models, "http_get", {"url": f"{pages.url}/text"})[1]
    assert json.loads(said) == {"status": 200, "body": "grüße"}


def test_a_secret_does_not_reach_the_model(runs: Runs, models: ModelServer) -> None:
    models.say(Calls((("get_variable", {"name": "token"}),)), "well")
    raw = document(
        {
            "keep": node("SetVariableNode", variable_name="token", value="{{$secret:door}}"),
            "n": node("AIAgentNode", goal="g", available_tools="get_variable"),
        },
        chain("keep", "n"),
    )
    outputs(runs(raw, find_secret=lambda _name: Secret.of_text("open-sesame-42")))
    assert read_back(models) == ["***"]
    assert "open-sesame-42" not in json.dumps(models.bodies())


def test_a_long_result_is_cut(runs: Runs, models: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("x" * 60_000)
    result, said = used(runs, models, "read_file", {"path": "long.txt"})
    assert said.endswith("(cut: 60000 characters in all)")
    assert len(said) < 50_100
    assert len(result.outputs["n"]["steps_taken"][0]["result"]) == 2000


def test_a_tool_finds_documents(runs: Runs, models: ModelServer) -> None:
    models.say(
        Calls((("search_documents", {"query": "refund days", "collection": "help"}),)), "five"
    )
    raw = document(
        {
            "add": node(
                "VectorStoreAddNode", documents=["a refund takes five days"], collection="help"
            ),
            "n": node("AIAgentNode", goal="g", available_tools="search_documents"),
        },
        chain("add", "n"),
    )
    outputs(runs(raw))
    assert json.loads(read_back(models)[0])[0]["text"] == "a refund takes five days"
