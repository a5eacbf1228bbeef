from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import lost
from agent.attempt import Attempt, Grant
from agent.backoff import Backoff
from agent.journal import Journal, events_payload
from agent.uploader import Uploader
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from tests.agent import workflows
from tests.agent.checks import sound_history
from tests.support.fleet import Orchestrator

Json = dict[str, Any]


class Delivery:
    """An attempt whose journal the test writes; its uploader talks to a real orchestrator."""

    def __init__(self, orchestrator: Orchestrator, folder: Path, robot_id: str) -> None:
        self.lost_folder = folder / "lost"
        self.lost_folder.mkdir()
        key = orchestrator.robot_key(robot_id)
        self.client = OrchestratorClient(orchestrator.url, key)
        self.client.register({"robot_id": robot_id, "name": robot_id, "hostname": "test"})
        self.robot_id = robot_id
        self.job_id = orchestrator.submit(workflows.quick(), robot_id=robot_id)
        grant = self.client.claim({"claim_id": f"claim-{robot_id}"})
        assert grant is not None
        self.grant = Grant.parse(grant)
        path = folder / "a.journal"
        self.journal = Journal.create(path, self.grant.for_journal(), fsync_seconds=0.05)
        self.attempt = Attempt(self.grant, self.journal)
        self.refused: list[CasareError] = []
        self.stop = threading.Event()
        self.renew()

    def renew(self) -> None:
        lease = {"job_id": self.job_id, **self.grant.proof}
        self.client.heartbeat(self.robot_id, {"leases": [lease]})

    def write(self, *events: bytes) -> None:
        first = sum(len(r.decode().get("events", ())) for r in self.journal.records()) + 1
        self.journal.append_bytes(
            events_payload(first, len(events), b"[" + b",".join(events) + b"]")
        )

    def finish(self, **more: Any) -> None:
        ending = {"kind": "outcome", "finish": {"status": "completed", **more}}
        self.journal.append(ending, sync=True)
        self.attempt.end(ending)

    def deliver(self) -> None:
        Uploader(
            self.attempt,
            self.client,
            self._backoff(),
            upload_every_seconds=0.01,
            key_refused=self.refused.append,
            lost=self._lost,
        ).run()

    def _lost(self, attempt: Attempt, next_index: int) -> None:
        kept = lost.set_aside(attempt.journal.path, self.lost_folder)
        lost.tell(kept, self.client, self._backoff(), first_index=next_index)

    def _backoff(self) -> Backoff:
        return Backoff(self.stop.wait, first_seconds=0.01, most_seconds=0.1)


def event(text: str, event_type: str = "log") -> bytes:
    return b'{"type":"%s","timestamp":"2026-01-01T00:00:00Z","data":{"message":"%s"}}' % (
        event_type.encode(),
        text.encode(),
    )


@pytest.fixture
def delivery(orchestrator: Orchestrator, tmp_path: Path) -> Iterator[Delivery]:
    made = Delivery(orchestrator, tmp_path, f"r-{tmp_path.name}"[:60])
    yield made
    made.client.close()


def messages(orchestrator: Orchestrator, delivery: Delivery) -> list[str]:
    history = sound_history(orchestrator, delivery.job_id)
    return [str(e["data"].get("message")) for e in history if e["type"] == "log"]


def test_a_long_journal_arrives_whole_and_in_order(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    wanted = [f"line {n}" for n in range(2345)]
    for start in range(0, len(wanted), 99):
        delivery.write(*map(event, wanted[start : start + 99]))
    delivery.finish()
    delivery.deliver()
    assert messages(orchestrator, delivery) == wanted
    assert not delivery.journal.path.exists()


def test_what_the_server_has_already_is_not_stored_twice(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.write(event("a"), event("b"), event("c"))
    body = {"first_index": 1, "events": [_decoded("a"), _decoded("b")]}
    delivery.client.append_events(delivery.job_id, {**delivery.grant.proof, **body})
    delivery.finish()
    delivery.deliver()
    assert messages(orchestrator, delivery) == ["a", "b", "c"]


def _decoded(text: str) -> Json:
    import json

    decoded: Json = json.loads(event(text))
    return decoded


def test_an_event_that_is_refused_leaves_a_note_in_its_place(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.write(event("a"), event("bad", "No Such Type!"), event("c"))
    delivery.finish()
    delivery.deliver()
    first, note, last = messages(orchestrator, delivery)
    assert (first, last) == ("a", "c")
    assert "No Such Type!" in note
    assert orchestrator.job(delivery.job_id)["status"] == "completed"


def test_a_result_that_the_server_refuses_ends_the_job_as_too_large(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.write(event("a"))
    delivery.finish(result={"variables": {"x": "y" * (2 << 20)}})
    delivery.deliver()
    job = orchestrator.job(delivery.job_id)
    assert (job["status"], job["failure_reason"]) == ("failed", "result_too_large")
    assert messages(orchestrator, delivery) == ["a"]


def test_a_fenced_attempt_goes_to_the_side_log_and_not_into_the_history(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.client.release(delivery.job_id, delivery.grant.proof)
    orchestrator.admin.cancel(delivery.job_id)
    before = orchestrator.history(delivery.job_id)
    delivery.write(event("too late"))
    delivery.finish()
    delivery.deliver()
    assert orchestrator.history(delivery.job_id) == before
    assert [path.suffix for path in delivery.lost_folder.iterdir()] == [".sent"]
    assert delivery.attempt.reported == "lost"


def test_a_delivery_that_is_broken_off_keeps_its_journal(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.write(event("a"))
    delivery.finish()
    delivery.client.close()
    delivery.client = OrchestratorClient("http://127.0.0.1:1", "robot_x")
    delivery.stop.set()
    delivery.deliver()
    assert delivery.journal.path.exists()
    orchestrator.admin.cancel(delivery.job_id)
