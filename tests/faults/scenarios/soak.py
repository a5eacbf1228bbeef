"""Everything at random, for as long as one likes."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

import psutil

from casare_rpa.errors import CasareError
from tests.faults.load import Load
from tests.faults.scenario import POSTGRESQL, SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Agent
from tests.support.line import Line, line_to

_SAMPLE_SECONDS = 5.0


@scenario(
    "F70",
    figure="fault to the next fault, s",
    quick={"seconds": 20.0, "agents": 2},
    long={"seconds": 600.0, "agents": 3},
    databases=(SQLITE, POSTGRESQL),
)
def soak(trial: Trial, seconds: float, agents: int) -> None:
    """Kills, pauses, drains, cuts, cancels and storms of submits, in any order, for a long time."""
    _Soak(trial, agents).run(seconds)


class _Soak:
    """One orchestrator, some agents on a bad line, and one fault after the other."""

    def __init__(self, trial: Trial, agents: int) -> None:
        self.trial = trial
        self.orchestrator = trial.orchestrator(
            lease_seconds=4, max_crashes=1000, lost_backoff_max_seconds=0.5
        )
        self.line: Line = trial.using(line_to(self.orchestrator.url))
        self.agents = [
            trial.agent(
                self.orchestrator,
                f"robot-{number}",
                orchestrator_url=self.line.url,
                max_concurrent_jobs=3,
                request_timeout_seconds=5,
            )
            for number in range(agents)
        ]
        self.load: Load = trial.load(self.orchestrator, passes=150)
        self.samples: list[tuple[float, int, int, int]] = []
        self._over = threading.Event()

    def run(self, seconds: float) -> None:
        own = random.Random(self.trial.chance.random())
        helpers = [
            threading.Thread(target=self._feed, args=(own,), name="feed"),
            threading.Thread(target=self._sample, name="sample"),
        ]
        for helper in helpers:
            helper.start()
        try:
            self._strike_until(time.monotonic() + seconds)
        finally:
            self._over.set()
            for helper in helpers:
                helper.join()
        self._report(seconds)

    def _strike_until(self, end: float) -> None:
        faults = (
            self.kill_agent, self.kill_orchestrator, self.pause_agent, self.pause_orchestrator,
            self.hold_line, self.reset_line, self.half_close_line, self.drain_agent, self.cancel,
            self.storm, self.slow_line,
        )  # fmt: skip
        counted: Counter[str] = Counter()
        while time.monotonic() < end:
            with self.trial.timed():
                time.sleep(self.trial.chance.uniform(0.1, 2.0))
                fault: Callable[[], None] = self.trial.chance.choice(faults)
                fault()
            counted[fault.__name__] += 1
            self.trial.strike()
        self.trial.notes["faults"] = dict(counted)

    # the faults

    def _an_agent(self) -> Agent:
        return self.trial.chance.choice(self.agents)

    def kill_agent(self) -> None:
        agent = self._an_agent()
        agent.kill()
        time.sleep(self.trial.chance.choice([0, self.trial.chance.uniform(0, 3)]))
        agent.start()

    def kill_orchestrator(self) -> None:
        self.orchestrator.kill()
        time.sleep(self.trial.chance.choice([0, self.trial.chance.uniform(0, 3)]))
        self.orchestrator.start()

    def pause_agent(self) -> None:
        self._pause(self._an_agent().pid)

    def pause_orchestrator(self) -> None:
        self._pause(self.orchestrator.program.pid)

    def _pause(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.trial.chance.uniform(0.2, 7))
        os.kill(pid, signal.SIGCONT)

    def hold_line(self) -> None:
        self.line.hold()
        time.sleep(self.trial.chance.uniform(0.2, 7))
        self.line.mend()

    def reset_line(self) -> None:
        self.line.reset()

    def half_close_line(self) -> None:
        self.line.half_close()

    def slow_line(self) -> None:
        self.line.latency_seconds = self.trial.chance.uniform(0.05, 0.5)
        time.sleep(self.trial.chance.uniform(1, 4))
        self.line.latency_seconds = 0.0

    def drain_agent(self) -> None:
        agent = self._an_agent()
        agent.program.signal(signal.SIGTERM)
        code = agent.program.wait(60)
        # Before it obeys signals in its own way, SIGTERM ends it like any other program.
        assert code in (0, -signal.SIGTERM), f"drained: {code}\n{agent.program.tail()}"
        agent.start()

    def cancel(self) -> None:
        jobs = list(self.load.acknowledged.values())[-10:]
        for job_id in self.trial.chance.sample(jobs, min(3, len(jobs))):
            try:
                self.orchestrator.admin.cancel(job_id)
            except CasareError as error:
                assert error.http_status in (409, 502, 503), f"cancel: {error}"

    def storm(self) -> None:
        senders = [threading.Thread(target=self.load.submit, args=("command",)) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    # meanwhile

    def _feed(self, chance: random.Random) -> None:
        while not self._over.wait(chance.uniform(0.5, 2.5)):
            kind = chance.choice(("loop", "wait", "command"))
            self.trial.watch(self.orchestrator, self.load.submit(kind))

    def _sample(self) -> None:
        began = time.monotonic()
        while not self._over.wait(_SAMPLE_SECONDS):
            programs = [self.orchestrator.program, *(each.program for each in self.agents)]
            try:
                processes = [psutil.Process(program.pid) for program in programs]
                rss = sum(process.memory_info().rss for process in processes)
                descriptors = sum(process.num_fds() for process in processes)
            except psutil.Error:
                continue
            self.samples.append((time.monotonic() - began, rss, descriptors, self._log_bytes()))

    def _log_bytes(self) -> int:
        log = self.orchestrator.state_dir / "orchestrator.db-wal"
        return log.stat().st_size if log.exists() else 0

    def _report(self, seconds: float) -> None:
        self.load.wait_until_over(180)
        notes = self.trial.notes
        notes["jobs"] = len(self.load.acknowledged)
        notes["jobs per minute"] = round(60 * len(self.load.acknowledged) / seconds, 1)
        notes["refusals"] = dict(self.load.refusals)
        for index, name, unit in ((1, "RSS", 2**20), (2, "descriptors", 1), (3, "WAL", 2**20)):
            values = [sample[index] / unit for sample in self.samples]
            if values:
                notes[f"{name} (first, most, slope per minute)"] = [
                    round(values[0], 2),
                    round(max(values), 2),
                    round(_slope([s[0] / 60 for s in self.samples], values), 3),
                ]


def _slope(xs: list[float], ys: list[float]) -> float:
    """Of the straight line through the points, by least squares."""
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    together = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return together / spread if spread else 0.0
