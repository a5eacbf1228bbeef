"""A robot's keys for language models reach its nodes, and nothing else that a job runs."""

from __future__ import annotations

from pathlib import Path

from tests.nodes.llm.model_server import KEY, serving
from tests.support.fleet import Orchestrator, start_agent
from tests.support.runs import chain, document, node


def test_a_job_is_offered_where_a_model_can_be_asked(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    saw = tmp_path / "saw"
    look = f"env > '{saw}'; tr '\\0' '\\n' < /proc/$PPID/environ >> '{saw}'"
    raw = document(
        {
            "add": node("VectorStoreAddNode", documents=["a parcel takes two days"]),
            "ask": node("RAGNode", question="How long does a parcel take?"),
            "look": node("RunCommandNode", command=look, shell=True, allow_dangerous=True),
        },
        chain("add", "ask", "look"),
    )
    with serving() as models, start_agent(orchestrator, tmp_path, robot_id="plain"):
        models.say(f"two days, {KEY}")
        job_id = orchestrator.submit(raw)
        assert orchestrator.job(job_id)["requires"] == ["ai-service"]
        with start_agent(
            orchestrator,
            tmp_path,
            robot_id="clever",
            openai_base_url=f"{models.url}/v1",
            environment={"OPENAI_API_KEY": KEY},
        ) as clever:
            ended = orchestrator.wait_for(job_id)
            assert (ended["status"], ended["robot_id"]) == ("completed", "clever"), ended
        assert (clever.state_dir / "vectors" / "vectors.db").exists()
    told = str(orchestrator.history(job_id)) + str(ended) + clever.program.tail(1000)
    assert "two days, ***" in told
    assert KEY not in told
    assert KEY not in saw.read_text()
