from __future__ import annotations

import itertools
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from casare_cli.following.steps import TIMES
from tests.cli.support import Cli, error_of, eventually
from tests.nodes.llm.model_server import KEY
from tests.nodes.llm.model_server import serving as serving_models

KEYS = {
    "schema_version",
    "status",
    "variables",
    "outputs",
    "logs",
    "nodes_executed",
    "duration_ms",
    "error",
}


def write(folder: Path, nodes: dict[str, Any], **more: Any) -> Path:
    """A workflow of nodes that run one after the other."""
    ids = list(nodes)
    links = [
        {"source_node": a, "source_port": "exec_out", "target_node": b, "target_port": "exec_in"}
        for a, b in itertools.pairwise(ids)
    ]
    found = {key: {"node_id": key, **node} for key, node in nodes.items()}
    path = folder / "flow.json"
    path.write_text(json.dumps({"nodes": found, "connections": links, **more}, indent=1))
    return path


def node(node_type: str, **config: Any) -> dict[str, Any]:
    return {"node_type": node_type, "config": config}


def test_json_is_exactly_the_result(cli: Cli, workflow_file: Path) -> None:
    done = cli("run", workflow_file, "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert set(result) == KEYS
    assert result["schema_version"] == 1
    assert result["status"] == "completed"
    assert result["variables"]["greeting"] == "hello world"
    assert result["logs"][0] | {"node_id": "say", "message": "hello world"} == result["logs"][0]
    assert result["nodes_executed"] == 2
    assert result["error"] is None


def test_variables_are_text_or_json(cli: Cli, workflow_file: Path) -> None:
    words = ("--var", "who=12", "--var", "n:=[1, null]")
    result = json.loads(cli("run", workflow_file, *words, "-o", "json").stdout)
    assert result["variables"]["greeting"] == "hello 12"
    assert result["variables"]["who"] == "12"
    assert result["variables"]["n"] == [1, None]


def test_variables_come_from_stdin_only_when_asked(cli: Cli, workflow_file: Path) -> None:
    words = ("run", workflow_file, "-o", "json")
    given = cli(*words, "--input", "-", stdin='{"who": "stdin"}')
    assert json.loads(given.stdout)["variables"]["greeting"] == "hello stdin"
    ignored = cli(*words, stdin='{"who": "stdin"}')
    assert json.loads(ignored.stdout)["variables"]["greeting"] == "hello world"


def test_off_a_terminal_each_transition_is_a_plain_line(cli: Cli, workflow_file: Path) -> None:
    done = cli("run", workflow_file)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "running Greet people"
    assert lines[1] == "▶ greet  SetVariableNode"
    assert lines[2].startswith("✓ greet  SetVariableNode")
    assert "  | say: hello world" in lines
    assert lines[-1].startswith("completed in")
    assert "\x1b" not in done.stdout


def test_a_terminal_gets_the_live_tree(cli: Cli, workflow_file: Path) -> None:
    shown = cli.on_terminal("run", workflow_file)
    assert shown.code == 0
    assert "✓ greet" in shown.text
    assert "hello world" in shown.text


def test_quiet_is_silent_on_success_and_one_report_on_failure(
    cli: Cli, workflow_file: Path, tmp_path: Path
) -> None:
    good = cli("run", workflow_file, "--quiet")
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    bad = cli("run", _failing(tmp_path), "--quiet")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert len(bad.stderr.splitlines()) == 1


def _failing(folder: Path) -> Path:
    return write(folder, {"check": node("AssertNode", condition=False, message="no good")})


def test_a_failed_run_exits_1_and_names_the_node(cli: Cli, tmp_path: Path) -> None:
    path = _failing(tmp_path)
    done = cli("run", path)
    assert done.returncode == 1
    assert done.stderr.startswith("casare-rpa: the run failed at check: ")
    result = json.loads(cli("run", path, "-o", "json").stdout)
    assert result["status"] == "failed"
    assert result["error"]["node_id"] == "check"
    assert result["error"]["node_type"] == "AssertNode"


@pytest.mark.parametrize(
    ("term", "width", "is_short"),
    [("xterm", "100", True), ("dumb", "100", True), ("xterm", "30", False)],  # cut short there
)
def test_an_error_that_stands_above_is_not_told_again(
    cli: Cli, tmp_path: Path, term: str, width: str, is_short: bool
) -> None:
    path = _failing(tmp_path)
    message = json.loads(cli("run", path, "-o", "json").stdout)["error"]["message"]
    shown = cli.on_terminal("run", path, env={"TERM": term, "COLUMNS": width})
    assert shown.code == 1
    last = shown.text.splitlines()[-1]
    assert "casare-rpa: the run failed at check" in last
    assert (message in last) is not is_short
    assert last.endswith("(VALIDATION_FAILED)")
    quiet = cli.on_terminal("run", path, "-q", env={"TERM": term, "COLUMNS": width})
    assert message in quiet.text


def test_every_event_is_written_to_a_file(cli: Cli, workflow_file: Path, tmp_path: Path) -> None:
    done = cli("run", workflow_file, "--events", tmp_path / "events.jsonl", "--quiet")
    assert done.returncode == 0
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event_type"] for line in lines]
    assert kinds[0] == "WorkflowStarted"
    assert kinds[-1] == "WorkflowCompleted"
    assert kinds.count("NodeCompleted") == 2


def test_an_events_file_that_cannot_be_written_is_a_usage_error(
    cli: Cli, workflow_file: Path, tmp_path: Path
) -> None:
    done = cli("run", workflow_file, "--events", tmp_path / "no" / "such" / "file")
    assert done.returncode == 2
    assert "cannot write" in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "there is no file"),
        ("", "line 1"),
        ('{"nodes": {', "line "),
        (
            '{"nodes": {"a": {"node_id": "a", "node_type": "NoSuchNode"}}, "connections": []}',
            "NoSuchNode",
        ),
        ("[]", ""),
    ],
)
def test_a_wrong_file_exits_2_and_runs_nothing(
    cli: Cli, tmp_path: Path, text: str | None, told: str
) -> None:
    path = tmp_path / "wrong.json"
    if text is not None:
        path.write_text(text)
    done = cli("run", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("casare-rpa: ")
    assert told in done.stderr
    assert error_of(cli("run", path, "-o", "json"))["exit_code"] == 2


def test_every_problem_of_a_file_is_listed_with_its_line(cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path, {"a": node("NoSuchNode"), "b": node("NorThisNode")})
    done = cli("run", path)
    lines = [line for line in done.stderr.splitlines() if line.startswith("  line ")]
    assert any("NoSuchNode" in line for line in lines)
    assert any("NorThisNode" in line for line in lines)
    problems = error_of(cli("run", path, "-o", "json"))["problems"]
    assert all(problem["line"] > 0 for problem in problems)


def test_files_are_relative_to_the_current_folder(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    write(tmp_path / "flows", {"w": node("WriteFileNode", file_path="out.txt", content="x")})
    done = cli("run", "flows/flow.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out.txt").read_text() == "x"


def _sleeping(folder: Path) -> Path:
    return write(
        folder, {"wait": node("WaitNode", duration=60), "after": node("LogNode", message="late")}
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run(cli: Cli, tmp_path: Path, number: int, code: int) -> None:
    running = cli.start("run", str(_sleeping(tmp_path)))
    printed = running.stdout
    assert printed is not None
    eventually(lambda: "▶ wait" in printed.readline())
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=100)
    assert running.returncode == code
    assert "late" not in stdout
    assert "Traceback" not in stderr
    name = "Ctrl-C" if number == signal.SIGINT else "SIGTERM"
    assert stderr == f"casare-rpa: the run was stopped: {name} (CANCELLED)\n"


def test_a_run_that_takes_too_long_exits_11(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", _sleeping(tmp_path), "--timeout", "300ms", "-o", "json")
    assert done.returncode == 11
    assert json.loads(done.stdout)["status"] == "timeout"
    told = cli("run", _sleeping(tmp_path), "--timeout", "300ms", "-q").stderr
    assert told == "casare-rpa: the run timed out after 0.3s (TIMEOUT)\n"


def test_a_timeout_of_nothing_is_refused(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", _sleeping(tmp_path), "--timeout", "0")
    assert done.returncode == 2
    assert "--timeout: '0' is no time at all\n  hint: Write it like" in done.stderr


def test_the_passes_of_a_loop_are_collapsed(cli: Cli, tmp_path: Path) -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=list(range(500))),
        "set": node("SetVariableNode", variable_name="x", value="{{loop.current_item}}"),
        "end": node("ForLoopEndNode", paired_start_id="loop"),
    }
    links = [("loop", "body", "set"), ("set", "exec_out", "end")]
    document = {
        "nodes": {key: {"node_id": key, **value} for key, value in nodes.items()},
        "connections": [
            {"source_node": a, "source_port": p, "target_node": b, "target_port": "exec_in"}
            for a, p, b in links
        ],
    }
    path = tmp_path / "loop.json"
    path.write_text(json.dumps(document))
    done = cli("run", path)
    assert done.returncode == 0, done.stderr
    assert any(line.startswith(f"✓ set {TIMES}500") for line in done.stdout.splitlines())
    assert len(done.stdout.splitlines()) < 200


def test_it_needs_no_key_and_no_orchestrator(cli: Cli, workflow_file: Path) -> None:
    env = {
        "CASARE_ORCHESTRATOR_URL": "http://127.0.0.1:9",
        "PYTHON_KEYRING_BACKEND": "no.such.Backend",
    }
    assert cli("run", workflow_file, env=env).returncode == 0


def test_a_workflow_on_stdin_is_run(cli: Cli, workflow_file: Path) -> None:
    words = ("run", "-", "--var", "who=you", "-o", "json")
    done = cli(*words, stdin=workflow_file.read_text())
    assert done.returncode == 0
    assert json.loads(done.stdout)["variables"]["greeting"] == "hello you"
    both = cli(*words, "--input", "-", stdin=workflow_file.read_text())
    assert (both.returncode, "either the workflow or the input" in both.stderr) == (2, True)


def test_a_language_model_is_asked_with_the_key_of_the_environment(cli: Cli) -> None:
    path = write(cli.folder, {"ask": node("LLMCompletionNode", prompt="The capital of France?")})
    with serving_models() as models:
        models.say("Paris")
        env = {"OPENAI_BASE_URL": f"{models.url}/v1", "OPENAI_API_KEY": KEY}
        done = cli("run", path, "-o", "json", env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outputs"]["ask"]["response"] == "Paris"
    done = cli("run", path, env={"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""})
    assert done.returncode != 0
    assert "there is no key for the model 'gpt-4o-mini'" in done.stderr
