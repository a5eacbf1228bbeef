"""One run of a scenario: its fleet, its figures, and what was found wrong."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.faults import leftovers
from tests.faults.database import database
from tests.faults.invariants import Findings, check_log, violations
from tests.faults.load import Load, Watcher, transcripts_of
from tests.faults.scenario import POSTGRESQL, Scenario
from tests.support.cluster import Cluster, start_cluster
from tests.support.fleet import (
    Agent,
    Orchestrator,
    Program,
    eventually,
    start_agent,
    start_orchestrator,
)
from tests.support.postgres import own_schema, server_address

Json = dict[str, Any]
_END_SECONDS = 120.0


@dataclass
class Trial:
    """`orchestrator()` and `agent()` start real processes that end with the trial."""

    folder: Path
    chance: random.Random
    database: str
    figures: list[float] = field(default_factory=list)
    #: What else is worth a line in the report.
    notes: Json = field(default_factory=dict)
    #: How often the fault struck.
    strikes: int = 0
    found: Findings = field(default_factory=Findings)
    _stack: ExitStack = field(default_factory=ExitStack)
    _orchestrators: list[Orchestrator] = field(default_factory=list)
    _agents: list[Agent] = field(default_factory=list)
    _loads: list[Load] = field(default_factory=list)
    _watchers: list[Watcher] = field(default_factory=list)
    _fresh: dict[int, int] = field(default_factory=dict)

    # the fleet

    @property
    def temporary(self) -> Path:
        """Where the programs make their temporary files."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def orchestrator(self, **settings: Any) -> Orchestrator:
        # Short: most faults outlast it. A scenario that counts attempts asks for a longer one.
        settings.setdefault("lease_seconds", 2.0)
        if self.database == POSTGRESQL:
            server = server_address()
            assert server is not None
            settings.setdefault("database", self._stack.enter_context(own_schema(server)))
        environment = {"TMPDIR": str(self.temporary), **settings.pop("environment", {})}
        made = self._stack.enter_context(
            start_orchestrator(self.folder, environment=environment, **settings)
        )
        self._orchestrators.append(made)
        return made

    def cluster(self, count: int = 3, *, database: str = "", **settings: Any) -> Cluster:
        """Several orchestrators over one PostgreSQL; *database* empty: a schema of the tests'."""
        server = server_address()
        if not database:
            assert server is not None
            database = self._stack.enter_context(own_schema(server))
        environment = {"TMPDIR": str(self.temporary)}
        made = self._stack.enter_context(
            start_cluster(self.folder, database, count, environment=environment, **settings)
        )
        self._orchestrators += made.servers
        return made

    def agent(self, orchestrator: Orchestrator, robot_id: str = "robot-1", **more: Any) -> Agent:
        environment = {"TMPDIR": str(self.temporary), **(more.pop("environment", None) or {})}
        made = self._stack.enter_context(
            start_agent(
                orchestrator, self.folder, robot_id=robot_id, environment=environment, **more
            )
        )
        self._agents.append(made)
        if made.program.alive():
            self._fresh[made.pid] = psutil.Process(made.pid).num_fds()
        return made

    def load(self, orchestrator: Orchestrator, **more: Any) -> Load:
        """What submits jobs; they must all end, and then the invariants are checked.

        With `ends=False` they need not: then only what was acknowledged must be there.
        """
        made = Load(orchestrator, self.folder, **more)
        made.prepare()
        self._loads.append(made)
        return made

    def watch(
        self, orchestrator: Orchestrator, *job_ids: str, url: str | None = None
    ) -> list[Watcher]:
        """Follow the jobs to their ends, through *url* if the orchestrator's own is not meant."""
        made = [Watcher(orchestrator, job_id, url) for job_id in job_ids]
        for watcher in made:
            self._stack.callback(watcher.stop)
        self._watchers += made
        return made

    def using(self, context: Any) -> Any:
        """Enter *context* until the trial ends."""
        return self._stack.enter_context(context)

    # what it costs

    def strike(self, count: int = 1) -> None:
        self.strikes += count

    @contextmanager
    def timed(self, factor: float = 1.0) -> Iterator[None]:
        """The seconds that the block takes, times *factor*, are a figure."""
        began = time.monotonic()
        yield
        self.figures.append((time.monotonic() - began) * factor)

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> Any:
        """As `eventually`; the time until then is a figure."""
        with self.timed():
            return eventually(condition, seconds, what)

    # the end

    @contextmanager
    def enduring(self) -> Iterator[None]:
        """Note whatever goes wrong in the block, so that what comes after it is done as well."""
        try:
            with self.found.noting():
                yield
        except Exception:
            self.found.append(f"it broke:\n{traceback.format_exc()}")

    def conclude(self) -> None:
        """The invariants, after the body of the scenario."""
        for load in self._loads:
            if not load.ends:
                continue
            with self.found.noting():
                self.notes["ended"] = load.wait_until_over(_END_SECONDS)
        self._check_histories()
        for orchestrator in self._orchestrators:
            with self.found.noting(), database(orchestrator) as db:
                leftovers.check_secrets_in_database(self._secrets(), db)
                leftovers.check_secrets_in_commands(self._secrets())
        for agent in self._agents:
            with self.found.noting():
                self._check_stop(agent.program)
        for orchestrator in self._orchestrators:
            with self.found.noting():
                self._check_stop(orchestrator.program)
        for program in self._programs():
            with self.found.noting():
                check_log(program)
        with self.found.noting():
            leftovers.check_processes(self.folder)
        with self.found.noting():
            leftovers.check_temporary_files(self.temporary)
        with self.found.noting():
            leftovers.check_secrets_in_files(self._secrets(), self.folder)

    def _check_histories(self) -> None:
        for load in self._loads:
            transcripts: dict[str, list[list[Json]]] = {}
            with self.found.noting():
                mine = [w for w in self._watchers if w.job_id in load.acknowledged.values()]
                transcripts = transcripts_of(mine)
            self.found += violations(
                load.orchestrator,
                acknowledged=load.acknowledged,
                ends=load.ends,
                transcripts=transcripts,
                agents=[agent for agent in self._agents if agent.program.alive()],
            )
            for status, count in load.refusals.items():
                if status >= 500 and status not in (502, 503):
                    self.found.append(f"V10: {count} answers with {status}")

    def _check_stop(self, program: Program) -> None:
        if not program.alive():
            return
        if fresh := self._fresh.get(program.pid):
            leftovers.check_descriptors(program, fresh)
        code = program.stop()
        assert code == 0, f"{program.name} ended with {code}:\n{program.tail()}"

    def _secrets(self) -> list[str]:
        keys = [agent.program.environment["CASARE_API_KEY"] for agent in self._agents]
        admins = [each.state_dir / "admin.key" for each in self._orchestrators]
        return [*keys, *(path.read_text(encoding="utf-8").strip() for path in admins)]

    def _programs(self) -> list[Program]:
        return [
            *(each.program for each in self._orchestrators),
            *(each.program for each in self._agents),
        ]

    def close(self) -> None:
        self._stack.close()


def run(
    scenario: Scenario,
    folder: Path,
    *,
    seed: int,
    database: str,
    quick: bool,
    repeat: int = 0,
    more: Mapping[str, Any] | None = None,
) -> Trial:
    """Run *scenario* once, with its parameters and *more*; what it found is in the trial."""
    chance = random.Random(f"{seed}:{scenario.name}:{repeat}")
    trial = Trial(folder, chance, database)
    try:
        with trial.enduring():
            scenario.body(trial, **{**scenario.parameters(quick=quick), **(more or {})})
        with trial.enduring():
            trial.conclude()
    finally:
        trial.close()
    return trial
