from __future__ import annotations

from typing import Any

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Running, claim, workflow_document


@pytest.fixture
def dead(server: Running) -> str:
    """A job that failed for good."""
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    attempt.finish("failed", error_message="no", failure_reason="business_error")
    return job_id


def _dlq(server: Running, method: str, path: str = "", **more: Any) -> Any:
    return server.admin.call(method, f"/dlq{path}", **more)


def test_a_dead_job_is_listed_shown_and_counted(server: Running, dead: str) -> None:
    page = _dlq(server, "GET")
    assert {name: page[name] for name in page if name != "entries"} == {
        "total": 1, "pending": 1, "limit": 50, "offset": 0, "next_cursor": None,
    }  # fmt: skip
    (entry,) = page["entries"]
    assert entry["original_job_id"] == dead
    assert _dlq(server, "GET", f"/{entry['id']}") == _dlq(server, "GET", f"/{dead}") == entry
    assert _dlq(server, "GET", "/stats") == {
        "total": 1, "pending": 1, "reprocessed": 0, "workflow_id": None,
    }  # fmt: skip
    assert _dlq(server, "GET", "/stats", params={"workflow_id": "other"})["total"] == 0


def test_an_entry_is_retried_once_and_says_so(server: Running, dead: str) -> None:
    done = _dlq(server, "POST", f"/{dead}/retry", params={"reprocessed_by": "night shift"})
    entry = _dlq(server, "GET", f"/{dead}")
    assert entry["reprocessed_by"] == "night shift"
    assert entry["new_job_id"] == done["new_job_id"]
    with pytest.raises(errors.Conflict) as refused:
        _dlq(server, "POST", f"/{dead}/retry")
    assert refused.value.details["new_job_id"] == done["new_job_id"]
    assert _dlq(server, "GET")["total"] == 0
    assert _dlq(server, "GET", params={"pending_only": False})["total"] == 1


def test_without_a_name_the_user_of_the_key_did_it(server: Running, dead: str) -> None:
    _dlq(server, "POST", f"/{dead}/retry")
    me = server.admin.me()["user_id"]
    assert _dlq(server, "GET", f"/{dead}")["reprocessed_by"] == me


def test_entries_are_deleted_and_purged(server: Running, dead: str) -> None:
    assert _dlq(server, "POST", "/purge")["purged_count"] == 0
    assert _dlq(server, "DELETE", f"/{dead}")["deleted"] is True
    with pytest.raises(errors.NotFound):
        _dlq(server, "GET", f"/{dead}")
    assert server.admin.job(dead)["status"] == "failed"


@pytest.mark.parametrize("days", [0, 366, "x"])
def test_an_age_out_of_range_is_refused(server: Running, days: object) -> None:
    with pytest.raises(errors.InvalidInput):
        _dlq(server, "POST", "/purge", params={"older_than_days": days})


def test_a_workflow_that_says_what_a_loss_means_in_other_words_is_refused(
    server: Running,
) -> None:
    document = workflow_document() | {"settings": {"on_lost": "maybe"}}
    submission = {"workflow_name": "x", "workflow_json": document}
    with pytest.raises(errors.WorkflowInvalid, match=r"requeue.*fail.*maybe"):
        server.admin.push_workflow(submission)
    with pytest.raises(errors.InvalidInput):
        server.submit(on_lost="maybe")
