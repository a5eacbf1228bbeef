from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.attempt import Attempt, Grant, Stop
from agent.journal.file import Journal
from agent.journal.records import events_payload, pack, read_records
from agent.recovery import read_grant
from agent.uplink import lost
from agent.uplink.backoff import Backoff
from agent.uplink.uploader import FEWEST_FORGOTTEN_BYTES, Uploader
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from tests.agent import workflows
from tests.agent.checks import sound_history
from tests.support.fleet import Orchestrator, eventually
from tests.support.line import line_to

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
        self.journal = Journal.create(path, self.grant.for_journal(robot_id), fsync_seconds=0.05)
        self.attempt = Attempt(self.grant, self.journal)
        self.refused: list[CasareError] = []
        self.stop = threading.Event()
        self._hold()

    def _hold(self) -> None:
        """Start the job, with a lease that outlasts any test."""
        lease = {"job_id": self.job_id, **self.grant.proof}
        self.client.heartbeat(self.robot_id, {"leases": [lease]})
        long = {**self.grant.proof, "extension_seconds": 600}
        self.client.call("POST", f"/jobs/{self.job_id}/extend-lease", json=long)

    def write(self, *events: bytes) -> None:
        first = sum(len(r.decode().get("events", ())) for r in self.journal.records()) + 1
        self.journal.append_bytes(
            events_payload(first, len(events), b"[" + b",".join(events) + b"]")
        )

    def finish(self, **more: Any) -> None:
        self.end({"kind": "outcome", "finish": {"status": "completed", **more}})

    def end(self, ending: Json) -> None:
        self.journal.append(ending, sync=True)
        self.attempt.end(ending)

    def begin_again(self, left: Path) -> None:
        """As a start does that finds the journal *left*."""
        grant = read_grant(left)
        assert grant is not None
        self.journal = Journal.reopen(left, fsync_seconds=0.05)
        *_, last = self.journal.records()
        self.attempt = Attempt(grant, self.journal)
        self.attempt.end(last.decode())

    def deliver(self) -> None:
        Uploader(
            self.attempt,
            self.client,
            self._backoff(),
            upload_every_seconds=0.01,
            forget_bytes=FEWEST_FORGOTTEN_BYTES,
            key_refused=self.refused.append,
            lost=self._lost,
        ).run()

    def _lost(self, attempt: Attempt, next_index: int) -> None:
        self.tell(lost.set_aside(attempt.journal.path, self.lost_folder), next_index)

    def tell(self, kept: Path, next_index: int = 1) -> None:
        lost.tell(kept, self.client, self._backoff(), first_index=next_index)

    @contextmanager
    def on_a_thin_line(self, orchestrator: Orchestrator) -> Iterator[None]:
        """One that carries 72 kB in the time of a request; within 100 s it has to be enough."""
        giving_up = threading.Timer(100, self.stop.set)
        giving_up.start()
        with line_to(orchestrator.url) as line:
            line.bytes_per_second = 60_000
            key = orchestrator.robot_key(self.robot_id)
            self.client.close()
            self.client = OrchestratorClient(line.url, key, request_timeout_seconds=1.2)
            yield
        giving_up.cancel()

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


def test_a_history_that_is_larger_than_the_line_arrives_in_smaller_pieces(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    wanted = [secrets.token_hex(200) for _ in range(500)]
    delivery.write(*map(event, wanted))
    delivery.finish()
    with delivery.on_a_thin_line(orchestrator):
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
    decoded: Json = orjson.loads(event(text))
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


@pytest.mark.parametrize(
    "ending",
    [
        {"kind": "outcome", "finish": {"status": "completed"}},
        {"kind": "outcome", "finish": {"status": "failed", "failure_reason": "workflow_error"}},
        {"kind": "outcome", "release": "agent_stop"},
    ],
)
def test_what_was_acknowledged_before_the_agent_died_is_removed_and_not_called_lost(
    orchestrator: Orchestrator, delivery: Delivery, tmp_path: Path, ending: Json
) -> None:
    """Killed between the acknowledgement and the removal, with more events than one call takes."""
    for start in range(0, 2000, 100):
        delivery.write(*(event(f"line {n}") for n in range(start, start + 100)))
    delivery.end(ending)
    left = tmp_path / "left.journal"
    shutil.copy(delivery.journal.path, left)
    delivery.deliver()
    before = orchestrator.history(delivery.job_id)
    delivery.begin_again(left)
    delivery.deliver()
    assert not left.exists()
    assert not list(delivery.lost_folder.iterdir())
    assert orchestrator.history(delivery.job_id) == before


def test_another_ending_than_the_acknowledged_one_is_lost(
    orchestrator: Orchestrator, delivery: Delivery, tmp_path: Path
) -> None:
    delivery.write(event("only"))
    left = tmp_path / "left.journal"
    shutil.copy(delivery.journal.path, left)
    delivery.finish()
    delivery.deliver()
    with left.open("ab") as file:
        file.write(pack(b'{"kind":"outcome","finish":{"status":"failed"}}'))
    delivery.begin_again(left)
    delivery.deliver()
    assert [path.name for path in delivery.lost_folder.iterdir()] == ["left.sent"]
    assert orchestrator.job(delivery.job_id)["status"] == "completed"


def test_a_journal_forgets_what_is_acknowledged_while_its_job_goes_on(
    orchestrator: Orchestrator, delivery: Delivery, tmp_path: Path
) -> None:
    wanted = [f"{n} {'x' * 400}" for n in range(2400)]
    uploading = threading.Thread(target=delivery.deliver, daemon=True)
    uploading.start()
    written, longest = 0, 0
    for start in range(0, len(wanted), 100):
        lines = [event(text) for text in wanted[start : start + 100]]
        payload = events_payload(start + 1, len(lines), b"[" + b",".join(lines) + b"]")
        delivery.journal.append_bytes(payload)
        delivery.attempt.tell_uploader()
        written += len(payload)
        eventually(lambda: orchestrator.job(delivery.job_id)["last_seq"] > start)  # noqa: B023
        longest = max(longest, delivery.journal.path.stat().st_size)
    assert written > 10 * FEWEST_FORGOTTEN_BYTES
    assert longest < 4 * FEWEST_FORGOTTEN_BYTES
    left = tmp_path / "left.journal"
    shutil.copy(delivery.journal.path, left)
    grant = read_grant(left)
    assert grant is not None
    assert grant.next_index > 1
    kept = [r.decode()["first_index"] for r in read_records(left) if r.holds_events]
    assert kept[:1] in ([], [grant.next_index])
    delivery.finish()
    uploading.join()
    assert messages(orchestrator, delivery) == wanted
    assert not delivery.journal.path.exists()
    # Killed before it was removed: what is left of it is enough to be acknowledged again.
    with left.open("ab") as file:
        file.write(pack(b'{"kind":"outcome","finish":{"status":"completed"}}'))
    delivery.begin_again(left)
    delivery.deliver()
    assert not left.exists()
    assert messages(orchestrator, delivery) == wanted


def test_a_start_goes_on_behind_what_a_journal_has_forgotten(
    orchestrator: Orchestrator, delivery: Delivery, tmp_path: Path
) -> None:
    delivery.write(*(event(f"line {n}") for n in range(5)))
    delivery.client.append_events(
        delivery.job_id,
        {
            **delivery.grant.proof,
            "first_index": 1,
            "events": [_decoded(f"line {n}") for n in range(5)],
        },
    )
    delivery.journal.append({"kind": "process", "pid": 0, "started": 0})
    offset = delivery.journal.size
    delivery.write(event("line 5"), event("line 6"))
    assert delivery.journal.forget(offset, 6) < offset
    delivery.journal.append_bytes(events_payload(8, 1, b"[" + event("line 7") + b"]"))
    delivery.finish()
    left = delivery.journal.path
    assert [r.decode()["kind"] for r in read_records(left)] == [
        "grant",
        "process",
        "events",
        "events",
        "outcome",
    ]
    delivery.begin_again(left)
    delivery.deliver()
    assert messages(orchestrator, delivery) == [f"line {n}" for n in range(8)]


def test_an_outcome_names_all_events_of_the_attempt(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    """The server believes an outcome only with the number of events that came before it."""
    delivery.write(event("a"), event("b"))
    delivery.finish()
    said: list[int] = []
    finish = delivery.client.finish

    def listen(job_id: str, outcome: Json, *, compress: bool = False) -> Json:
        said.append(outcome["event_count"])
        return finish(job_id, outcome, compress=compress)

    delivery.client.finish = listen  # type: ignore[method-assign]
    delivery.deliver()
    assert said == [2]
    assert messages(orchestrator, delivery) == ["a", "b"]


def test_a_server_that_lost_events_gets_them_again(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    """It was put back to an earlier state: it wants events that it had acknowledged."""
    delivery.write(event("a"), event("b"))
    append = delivery.client.append_events
    swallowed: list[Json] = []

    def swallow(job_id: str, batch: Json, *, compress: bool = False) -> Json:
        if swallowed:
            return append(job_id, batch, compress=compress)
        swallowed.append(batch)
        delivery.write(event("c"))
        delivery.finish()
        return {"accepted": 2, "stored_index": 2}

    delivery.client.append_events = swallow  # type: ignore[method-assign]
    delivery.deliver()
    assert [len(body["events"]) for body in swallowed] == [2]
    assert messages(orchestrator, delivery) == ["a", "b", "c"]


def test_a_fenced_call_ends_the_process_before_anything_else(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.client.release(delivery.job_id, delivery.grant.proof)
    orchestrator.admin.cancel(delivery.job_id)
    delivery.write(event("too late"))
    uploading = threading.Thread(target=delivery.deliver, daemon=True)
    uploading.start()
    try:
        # Nobody but the uploader knows; the process still runs.
        eventually(lambda: delivery.attempt.stop is Stop.LOST)
        assert delivery.journal.path.exists() and not list(delivery.lost_folder.iterdir())
    finally:
        delivery.finish()
        uploading.join(30)
    assert list(delivery.lost_folder.iterdir())


def test_what_a_lost_attempt_had_to_say_is_beside_the_history(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.client.release(delivery.job_id, delivery.grant.proof)
    orchestrator.admin.cancel(delivery.job_id)
    delivery.write(event("a"), event("b"))
    delivery.finish()
    delivery.deliver()
    told = orchestrator.admin.side_events(delivery.job_id)["events"]
    assert [told["type"] for told in told] == ["log", "log", "attempt.outcome"]


def test_a_side_log_that_is_larger_than_the_line_arrives_in_smaller_pieces(
    orchestrator: Orchestrator, delivery: Delivery
) -> None:
    delivery.client.release(delivery.job_id, delivery.grant.proof)
    orchestrator.admin.cancel(delivery.job_id)
    wanted = [secrets.token_hex(200) for _ in range(500)]
    delivery.write(*map(event, wanted))
    delivery.finish()
    kept = lost.set_aside(delivery.journal.path, delivery.lost_folder)
    with delivery.on_a_thin_line(orchestrator):
        delivery.tell(kept)
    told = orchestrator.admin.side_events(delivery.job_id, limit=1000)["events"]
    assert [told["data"].get("message") for told in told[:-1]] == wanted
    assert told[-1]["type"] == "attempt.outcome"
    assert [path.suffix for path in delivery.lost_folder.iterdir()] == [".sent"]
