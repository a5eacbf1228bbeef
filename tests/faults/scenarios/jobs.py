"""Jobs that do harm, and clients that repeat themselves."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil

from casare_rpa.errors import InvalidInput
from tests.agent import workflows
from tests.faults.load import stubbornly
from tests.faults.scenario import POSTGRESQL, SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Agent, eventually
from tests.support.runs import document, node


@scenario(
    "F46",
    figure="submit to given up, s",
    quick={"poisons": 1},
    long={"poisons": 10},
)
def job_that_kills_its_agent(trial: Trial, poisons: int) -> None:
    """It is given up after three deaths, and other jobs go on."""
    orchestrator = trial.orchestrator(max_crashes=3, lost_backoff_max_seconds=0.5)
    agent = trial.agent(orchestrator)
    load = trial.load(orchestrator)
    pid_file = trial.folder / "agent.pid"
    over = threading.Event()
    keeper = threading.Thread(target=_keep_alive, args=(trial, agent, pid_file, over))
    keeper.start()
    try:
        for _ in range(poisons):
            deaths = trial.strikes
            with trial.timed():
                poison = load.run(workflows.shell(f"kill -9 $(cat '{pid_file}'); sleep 30"))
                other = load.submit("command")
                job = orchestrator.wait_for(poison, seconds=90)
            assert (job["status"], job["failure_reason"]) == ("failed", "crash_limit"), job
            assert trial.strikes - deaths == 3, f"{trial.strikes - deaths} deaths"
            assert orchestrator.wait_for(other, seconds=60)["status"] == "completed"
    finally:
        over.set()
        keeper.join()


def _keep_alive(trial: Trial, agent: Agent, pid_file: Path, over: threading.Event) -> None:
    """As a service manager does."""
    while not over.wait(0.05):
        if not agent.program.alive():
            trial.strike()
            agent.start()
        # Whole at any instant: a job may read it now.
        draft = pid_file.with_suffix(".new")
        draft.write_text(f"{agent.pid}\n", encoding="ascii")
        draft.replace(pid_file)


@scenario("F47", quick={"max_retries": 2})
def jobs_that_fail_in_every_way(trial: Trial, max_retries: int) -> None:
    """A failure, and an end without a word: each is told, and tried as often as asked at most."""
    orchestrator = trial.orchestrator(lost_backoff_max_seconds=0.2)
    trial.agent(orchestrator)
    load = trial.load(orchestrator)
    for name, job in _FAILING.items():
        with trial.timed():
            job_id = load.run(job, max_retries=max_retries)
            ended = orchestrator.wait_for(job_id, seconds=60)
        trial.strike()
        assert ended["status"] == "failed", f"{name}: {ended['status']}"
        assert ended["error_message"], f"{name}: no word of why"
        trial.notes[name] = f"{ended['failure_reason']}, {ended['attempt']} attempts"
        assert 1 <= ended["attempt"] <= 1 + max_retries, f"{name}: {ended['attempt']} attempts"
    assert orchestrator.wait_for(load.submit("command"))["status"] == "completed"


_FAILING = {
    "fails": document({"fail": node("ThrowErrorNode", error_message="on purpose")}),
    "vanishes": workflows.shell("kill -9 $PPID; sleep 30"),
}


@scenario(
    "F48",
    figure="submit to the job's end, s",
    quick={"passes": 3000, "megabytes": 5},
    long={"passes": 100_000, "megabytes": 50},
)
def events_too_large_and_too_many(trial: Trial, passes: int, megabytes: int) -> None:
    """Much output, a line without an end, very many events: nothing is lost, memory stays small."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    agent = trial.agent(orchestrator)
    load = trial.load(orchestrator)
    trial.strike(3)
    size = megabytes << 20
    jobs = [
        workflows.shell(f"head -c {size} /dev/zero | tr '\\0' x"),
        workflows.shell(f"yes | head -c {size}"),
        workflows.counting(passes),
    ]
    most = 0
    for each in jobs:
        with trial.timed():
            job_id = load.run(each)
            while orchestrator.job(job_id)["status"] not in ("completed", "failed"):
                most = max(most, psutil.Process(agent.pid).memory_info().rss)
                time.sleep(0.05)
    trial.notes["ended"] = [orchestrator.job(job)["status"] for job in load.acknowledged.values()]
    trial.notes["most memory of the agent, MiB"] = most >> 20
    assert trial.notes["ended"][-1] == "completed"
    assert most < 512 << 20


@scenario(
    "F36",
    figure="submit, ms",
    quick={"keys": 3, "clients": 20},
    long={"keys": 100, "clients": 20},
    pytest_databases=(SQLITE, POSTGRESQL),
    in_pytest={"keys": 1},
)
def many_submits_with_one_idempotency_key(trial: Trial, keys: int, clients: int) -> None:
    """At once, after a restart, and with another body: one job for each key."""
    orchestrator = trial.orchestrator(lease_seconds=20)
    load = trial.load(orchestrator)
    trial.agent(orchestrator, max_concurrent_jobs=3)
    workflow = load.workflow("wait")
    for number in range(keys):
        key, request = f"same-{number}", {"workflow_id": workflow, "priority": 5}

        def submit(_: int) -> str:
            with trial.timed(1000):
                call = partial(orchestrator.admin.submit, request, idempotency_key=key)  # noqa: B023
                return str(stubbornly(call, refusals=load.refusals)["job_id"])

        with ThreadPoolExecutor(clients) as pool:
            answers = Counter(pool.map(submit, range(clients)))
        trial.strike()
        assert len(answers) == 1, f"{len(answers)} jobs for one key"
        (load.acknowledged[key],) = answers
        if number == 0:
            orchestrator.kill()
            orchestrator.start()
            assert submit(0) in answers
        _check_other_body(orchestrator.admin.submit, key, {**request, "priority": 6})
    load.wait_until_over(120)


def _check_other_body(submit: Callable[..., object], key: str, request: dict[str, object]) -> None:
    try:
        submit(request, idempotency_key=key)
    except InvalidInput as error:
        assert error.http_status == 422
    else:
        raise AssertionError("another body was accepted under a used key")


@scenario(
    "F68",
    figure="submit to the jobs' end, s",
    quick={"ways": (">/dev/full 2>&1", ">&- 2>&-")},
    in_pytest={"ways": (">/dev/full 2>&1",)},
)
def logs_have_nowhere_to_go(trial: Trial, ways: tuple[str, ...]) -> None:
    """On a full disk or with closed streams the programs go on working."""
    for number, way in enumerate(ways):
        prefix = ("sh", "-c", f'exec "$@" {way}', "sh")
        orchestrator = trial.orchestrator(
            prefix=prefix, name=f"orchestrator-{number}", lease_seconds=20
        )
        agent = trial.agent(orchestrator, f"robot-{number}", prefix=prefix, wait=False)
        load = trial.load(orchestrator)
        trial.strike()
        with trial.timed():
            load.submit_mix(3, trial.chance)
            load.wait_until_over(60)
        eventually(lambda: not agent.journals(), 30, "empty journals")  # noqa: B023
        assert load.statuses() == {"completed": 3}
