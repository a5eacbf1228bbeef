"""Work for a fleet under fire: jobs that note each run in a ledger, stubborn clients, watchers."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import CasareError
from tests.agent import workflows
from tests.faults.invariants import TERMINAL
from tests.support.fleet import FINISHED, Orchestrator, eventually

Json = dict[str, Any]
_RETRY_SECONDS = 0.05


@dataclass
class Load:
    """Submits jobs of three kinds, and knows what was acknowledged."""

    orchestrator: Orchestrator
    folder: Path
    passes: int = 300
    wait_seconds: float = 0.5
    #: Whether the jobs must end before the trial does.
    ends: bool = True
    acknowledged: dict[str, str] = field(default_factory=dict)
    #: How often a call was refused with which status, before it succeeded.
    refusals: Counter[int] = field(default_factory=Counter)
    #: One key for each submit, however many threads submit.
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _workflows: dict[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    def prepare(self) -> None:
        """Store the workflows while everything is well."""
        documents = {
            "loop": workflows.counting(self.passes),
            "wait": workflows.waiting(self.wait_seconds),
            "command": workflows.shell(
                f"run=$$.$(date +%s%N); echo $run >> '{self.ledger}'; sleep 0.2; echo $run"
            ),
        }
        for name, document in documents.items():
            self.add(name, document)

    def add(self, kind: str, document: Json) -> None:
        """Jobs of *kind* run *document*."""
        pushed = self.orchestrator.admin.push_workflow(
            {"workflow_name": kind, "workflow_json": document}
        )
        self._workflows[kind] = pushed["workflow_id"]

    def workflow(self, kind: str) -> str:
        """The id of what jobs of *kind* run."""
        return self._workflows[kind]

    def run(self, document: Json, **more: Any) -> str:
        """Submit a job of *document*."""
        kind = f"own{len(self._workflows)}"
        self.add(kind, document)
        return self.submit(kind, **more)

    def submit(self, kind: str, **more: Any) -> str:
        """The job's id; repeats until it is acknowledged, always with the same key."""
        key, request = self._request(kind, more)
        with self._client() as client:
            answer = stubbornly(
                lambda: client.submit(request, idempotency_key=key), refusals=self.refusals
            )
        self.acknowledged[key] = answer["job_id"]
        return str(answer["job_id"])

    def submit_once(self, kind: str, **more: Any) -> str:
        """The same without patience: raises what was answered."""
        key, request = self._request(kind, more)
        with self._client() as client:
            answer = client.submit(request, idempotency_key=key)
        self.acknowledged[key] = answer["job_id"]
        return str(answer["job_id"])

    def _request(self, kind: str, more: Json) -> tuple[str, Json]:
        return f"{kind}-{next(self._numbers)}", {"workflow_id": self._workflows[kind], **more}

    def submit_mix(self, count: int, random_order: random.Random, **more: Any) -> list[str]:
        """Jobs of all kinds, in an order of its own."""
        kinds = [("loop", "wait", "command")[number % 3] for number in range(count)]
        random_order.shuffle(kinds)
        return [self.submit(kind, **more) for kind in kinds]

    def wait_until_over(self, seconds: float) -> Json:
        """Returns when every job has ended: how many ended how."""
        left = [""]
        with self._client() as client:

            def over() -> bool:
                if left[0]:  # while this one goes on, nobody has to ask for all
                    ask = partial(client.job, left[0])
                    if stubbornly(ask, refusals=self.refusals)["status"] not in FINISHED:
                        return False
                found = self._found_statuses()
                left[0] = next((job for job, status in found if status not in FINISHED), "")
                return not left[0]

            eventually(over, seconds, "the end of all jobs")
        return self.statuses()

    def statuses(self) -> Json:
        return dict(Counter(status for _, status in self._found_statuses()))

    def _found_statuses(self) -> list[tuple[str, str]]:
        """The id and the status of each acknowledged job."""
        found: dict[str, str] = {}
        cursor = None
        with self._client() as client:
            while True:
                ask = partial(client.jobs, limit=500, cursor=cursor)
                page = stubbornly(ask, refusals=self.refusals)
                found |= {job["job_id"]: job["status"] for job in page["jobs"]}
                cursor = page["next_cursor"]
                if cursor is None:
                    jobs = self.acknowledged.values()
                    return [(job_id, found.get(job_id, "missing")) for job_id in jobs]

    def printed(self) -> list[str]:
        """What the completed command jobs' results say they noted in the ledger."""
        found = []
        for key, job_id in self.acknowledged.items():
            if key.startswith("command") and (result := self.orchestrator.job(job_id)["result"]):
                found.append(str(result["outputs"]["command"]["stdout"]).strip())
        return found

    def _client(self) -> OrchestratorClient:
        return OrchestratorClient(self.orchestrator.url, _admin_key(self.orchestrator))


def stubbornly(
    call: Callable[[], Json], seconds: float = 60.0, refusals: Counter[int] | None = None
) -> Json:
    """Repeat *call* for as long as its failure is one that passes; *refusals* counts these."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except CasareError as error:
            if refusals is not None:
                refusals[error.http_status] += 1
            if not error.retryable or time.monotonic() > deadline:
                raise
        time.sleep(_RETRY_SECONDS)


class Watcher(threading.Thread):
    """Follows one job over a socket, from the first event to the last, through every cut."""

    def __init__(self, orchestrator: Orchestrator, job_id: str, url: str | None = None) -> None:
        super().__init__(name=f"watcher {job_id}", daemon=True)
        self.job_id = job_id
        self.transcript: list[Json] = []
        self.cuts = 0
        self.failure: str | None = None
        self._ending = threading.Event()
        self._address = (url or orchestrator.url).replace("http", "ws", 1) + f"/ws/jobs/{job_id}"
        self._headers = {"Authorization": f"Bearer {_admin_key(orchestrator)}"}
        self.start()

    @property
    def done(self) -> bool:
        return bool(self.transcript) and self.transcript[-1]["type"] in TERMINAL

    def stop(self) -> None:
        self._ending.set()
        self.join(10)

    def run(self) -> None:
        while not self._ending.is_set() and not self.done and self.failure is None:
            try:
                self._follow()
            except ConnectionClosed as closed:
                self.cuts += 1
                if closed.rcvd is not None and closed.rcvd.code not in (1000, 1012, 1013):
                    self.failure = f"closed with {closed.rcvd.code}: {closed.rcvd.reason}"
            except (OSError, WebSocketException, TimeoutError):
                self._ending.wait(_RETRY_SECONDS)

    def _follow(self) -> None:
        after = self.transcript[-1]["seq"] if self.transcript else 0
        with connect(
            f"{self._address}?after={after}",
            additional_headers=self._headers,
            compression=None,
            open_timeout=5,
            proxy=None,
        ) as socket:
            while not self._ending.is_set() and not self.done:
                try:
                    self.transcript.append(json.loads(socket.recv(timeout=0.5)))
                except TimeoutError:
                    continue


@contextmanager
def watching(orchestrator: Orchestrator) -> Iterator[list[Watcher]]:
    """A list for watchers, which end with the block."""
    watchers: list[Watcher] = []
    try:
        yield watchers
    finally:
        for watcher in watchers:
            watcher.stop()


def transcripts_of(watchers: list[Watcher], seconds: float = 20.0) -> dict[str, list[list[Json]]]:
    """All transcripts by job, once each watcher has seen the end."""
    found: dict[str, list[list[Json]]] = {}
    for watcher in watchers:
        eventually(
            lambda: watcher.done or watcher.failure,  # noqa: B023 - called at once
            seconds,
            f"the end of {watcher.name}",
        )
        assert watcher.failure is None, f"{watcher.name}: {watcher.failure}"
        found.setdefault(watcher.job_id, []).append(watcher.transcript)
    return found


def _admin_key(orchestrator: Orchestrator) -> str:
    return (orchestrator.state_dir / "admin.key").read_text(encoding="utf-8").strip()
