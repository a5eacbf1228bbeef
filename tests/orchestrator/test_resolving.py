"""What callers of REST see of a person's word, of `why`, and of jobs that are in the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Json, Running, claim, read_all, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("resolving")) as server:
        server.push()
        yield server


@pytest.fixture
def failed(server: Running) -> str:
    job_id = server.submit(robot_id="r1")
    attempt = claim(server.robot())
    attempt.start()
    attempt.finish("failed", error_message="no")
    return job_id


def _submit(server: Running, **more: Any) -> tuple[int, Json]:
    with server.http() as http:
        body = {"workflow_id": "my-workflow", "robot_id": "nobody"} | more
        answer = http.post("/api/v1/jobs", json=body)
        return answer.status_code, answer.json()


def test_a_word_is_in_the_history_the_job_and_the_audit_log(
    server: Running, failed: str, caplog: pytest.LogCaptureFixture
) -> None:
    operator = server.client(server.key("operator"))
    with caplog.at_level("INFO"):
        job = operator.resolve(failed, outcome="succeeded", reason="paid\nby hand")
    assert (job["status"], job["resolution"]["outcome"]) == ("failed", "succeeded")
    assert server.admin.events(failed)["events"][-1]["type"] == "job.resolved"
    audit = [r.getMessage() for r in caplog.records if r.name == "casare_rpa.audit"]
    assert len(audit) == 1 and audit[0].endswith(f"POST /api/v1/jobs/{failed}/resolve")
    said = [r.getMessage() for r in caplog.records if "resolved as succeeded" in r.getMessage()]
    assert len(said) == 1 and r"'paid\nby hand'" in said[0]


def test_a_watcher_gets_the_word_and_is_closed_as_at_every_end(
    server: Running, failed: str
) -> None:
    server.admin.resolve(failed, outcome="failed", reason="seen it")
    with server.socket(f"/ws/jobs/{failed}") as socket:
        messages, code = read_all(socket)
    assert [message["type"] for message in messages[-2:]] == ["job.failed", "job.resolved"]
    assert code == 1000
    last = messages[-1]["seq"]
    with server.socket(f"/ws/jobs/{failed}?after={last - 1}") as socket:
        assert read_all(socket) == ([messages[-1]], 1000)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_a_word_without_a_reason_is_refused(server: Running, failed: str, reason: str) -> None:
    with pytest.raises(errors.InvalidInput):
        server.admin.resolve(failed, outcome="failed", reason=reason)
    with pytest.raises(errors.InvalidInput):
        server.admin.resolve(failed, outcome="perhaps", reason="x")


def test_a_job_in_the_way_answers_with_its_own_status(server: Running) -> None:
    code, first = _submit(server, on_conflict="skip")
    assert (code, first["submitted"]) == (201, True)
    for word in ("skip", "existing"):
        code, again = _submit(server, on_conflict=word)
        assert (code, again["submitted"], again["job_id"]) == (200, False, first["job_id"])
    code, refused = _submit(server, on_conflict="fail")
    assert (code, refused["error"]["code"]) == (409, "RESOURCE_CONFLICT")
    assert refused["error"]["details"]["job_id"] == first["job_id"]
    assert _submit(server)[0] == 201
    assert _submit(server, on_conflict="perhaps")[0] == 422


def test_a_repeated_call_answers_as_the_first(server: Running) -> None:
    server.push("own")
    request = {"workflow_id": "own", "on_conflict": "existing", "robot_id": "nobody"}
    first = server.admin.submit({**request, "on_conflict": "queue"})
    found = server.admin.submit(request, idempotency_key="k")
    server.admin.cancel(first["job_id"])
    again = server.admin.submit(request, idempotency_key="k")
    assert (again["job_id"], again["submitted"]) == (found["job_id"], False)


def test_why_and_a_preview_say_the_same(server: Running) -> None:
    job = server.admin.submit({"workflow_id": "my-workflow", "robot_id": "r7"})
    why = server.admin.why(job["job_id"])
    found = server.admin.preview({"workflow_id": "my-workflow", "robot_id": "r7"})["why"]
    assert why["verdict"] == found["verdict"] == "impossible"
    assert why["unblocked_by"] == found["unblocked_by"]
    with pytest.raises(errors.NotFound):
        server.admin.why("nothing")
