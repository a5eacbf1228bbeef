"""A job is taken up where it stood, by the real program, orchestrator and robot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.agent import workflows
from tests.agent.checks import sound_history
from tests.cli.support import Cli
from tests.support.fleet import Orchestrator, start_agent
from tests.support.runs import chain, document, node

Json = dict[str, Any]


def test_finished_nodes_are_not_run_again_once_the_cause_is_mended(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    key = {"CASARE_ORCHESTRATOR_URL": orchestrator.url, "CASARE_API_KEY": orchestrator.admin_key}
    cli = Cli(tmp_path, key)
    with start_agent(orchestrator, tmp_path):
        job_id = orchestrator.submit(_reading(tmp_path), input_data={"who": "ann"})
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["failed_node_id"]) == ("failed", "read")
        (tmp_path / "missing").write_text("here", encoding="utf-8")
        done = cli("jobs", "rerun", job_id, "--failed", "--wait", "-o", "json")
        assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert (again["status"], again["rerun_of"], again["from_node"]) == ("completed", job_id, "read")
    assert again["result"]["variables"] == {"greeting": "hello ann", "n": 3, "who": "ann"} | {
        name: again["result"]["variables"][name] for name in ("item", "item_index")
    }
    assert workflows.ledger(tmp_path) == ["acted", "hello", "ann", "here"]
    assert _steps(orchestrator, again["job_id"]) == [
        *(("node.skipped", each) for each in ("set", "act", "loop", "add", "again")),
        *((kind, each) for each in ("read", "tell") for kind in ("node.started", "node.completed")),
    ]


def _reading(folder: Path) -> Json:
    """Greets, acts, counts, reads a file that is missing, and tells what it knows."""
    ledger = folder / "ledger"
    nodes = {
        "set": node("SetVariableNode", variable_name="greeting", value="hello {{who}}"),
        "act": _shell(f"echo acted >> '{ledger}'"),
        "loop": node("ForLoopStartNode", mode="range", start=0, end=3, step=1),
        "add": node("IncrementVariableNode", variable_name="n", increment=1),
        "again": node("ForLoopEndNode"),
        "read": node("ReadFileNode", file_path=str(folder / "missing")),
        "tell": _shell(f"echo '{{{{greeting}}}}' '{{{{read.content}}}}' >> '{ledger}'"),
    }
    links = [
        chain("set", "act", "loop.body", "add", "again"),
        chain("loop.completed", "read", "tell"),
    ]
    return document(nodes, *links, variables={"who": "nobody", "n": 0})


def _shell(command: str) -> Json:
    return node("RunCommandNode", command=command, shell=True, timeout=120, allow_dangerous=True)


def _steps(orchestrator: Orchestrator, job_id: str) -> list[tuple[str, str]]:
    return [
        (event["type"], event["data"]["node_id"])
        for event in sound_history(orchestrator, job_id)
        if event["type"].startswith("node.")
    ]
