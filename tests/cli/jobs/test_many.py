"""`jobs cancel --filter` and `jobs retry --filter`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casare_cli.context import App
from casare_cli.jobs import filters
from casare_cli.jobs.filters import matching_jobs, parse_filter
from casare_cli.jobs.many import Act, act_on_many
from casare_cli.schemas import schema_of
from casare_cli.terminal.output import Format, Output
from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import RateLimited
from tests.cli.support import Cli, Robot, Server, check, error_of
from tests.orchestrator.support import running


def statuses(server: Server, *job_ids: str) -> list[str]:
    with server.client() as client:
        return [client.job(job_id)["status"] for job_id in job_ids]


def test_a_dry_run_counts_and_lists_and_changes_nothing(
    remote: Cli, server: Server, submit: Callable[..., str], workflow: str
) -> None:
    wanted, other = submit(tags=["nightly"]), submit()
    words = ("jobs", "cancel", "--filter", f"workflow={workflow} tag=nightly", "--dry-run")
    done = remote(*words, "-o", "name")
    assert (done.returncode, done.stdout) == (0, f"{wanted}\n")
    assert "1 job would be cancelled" in done.stderr
    assert statuses(server, wanted, other) == ["pending", "pending"]


def test_off_a_terminal_it_takes_a_yes(
    remote: Cli, server: Server, submit: Callable[..., str], workflow: str
) -> None:
    jobs = [submit(), submit()]
    words = ("jobs", "cancel", "--filter", f"workflow={workflow}")
    error = error_of(remote(*words, "-o", "json"))
    assert (error["exit_code"], "cancel 2 jobs needs --yes" in error["message"]) == (2, True)
    assert statuses(server, *jobs) == ["pending"] * 2
    done = remote(*words, "--yes", "--rate", "1000")
    assert (done.returncode, done.stderr) == (0, "2 jobs cancelled or asked to stop\n")
    assert statuses(server, *jobs) == ["cancelled"] * 2
    assert remote(*words, "--yes").stderr == "0 jobs cancelled or asked to stop\n"


def test_what_fails_is_told_and_the_rest_goes_on(
    remote: Cli, server: Server, robot: Robot, submit: Callable[..., str], workflow: str
) -> None:
    for _ in range(2):
        submit(robot)
    first, second = (robot.run(status="failed", error_message="no") for _ in range(2))
    with server.client() as client:
        client.resolve(first, outcome="succeeded", reason="seen it")
    words = ("--filter", f"status=failed workflow={workflow}", "--yes", "--rate", "1000")
    done = remote("jobs", "retry", *words, "-o", "json")
    assert done.returncode == 1
    check(json.loads(done.stdout), schema_of("jobs retry --filter"))
    results = {item["job_id"]: item for item in json.loads(done.stdout)["items"]}
    assert (results[first]["ok"], results[second]["ok"]) == (False, True)
    assert results[first]["code"] == "INVALID_STATE_TRANSITION"
    assert statuses(server, results[second]["new_job_id"]) == ["pending"]
    assert "resolved as succeeded" in done.stderr
    assert "1 job run again, 1 failed" in done.stderr


def test_a_retry_that_is_repeated_leaves_out_what_was_run_again(
    remote: Cli, server: Server, robot: Robot, submit: Callable[..., str], workflow: str
) -> None:
    jobs = [submit(), submit()]
    with server.client() as client:
        for job_id in jobs:
            client.cancel(job_id)
        client.retry(jobs[0])
    words = ("jobs", "retry", "--filter", f"status=cancelled workflow={workflow}")
    assert remote(*words, "--dry-run", "-o", "name").stdout == f"{jobs[1]}\n"
    assert remote(*words, "--yes").stderr == "1 job run again\n"
    assert remote(*words, "--yes").stderr == "0 jobs run again\n"
    assert remote("jobs", "retry", jobs[0]).returncode == 0, "one that is named is run again"


def test_one_job_or_a_filter_and_not_both(remote: Cli) -> None:
    assert remote("jobs", "cancel").returncode == 2
    assert remote("jobs", "retry", "x", "--filter", "tag=a").returncode == 2
    assert remote("jobs", "retry", "x", "--dry-run").returncode == 2


def _found(client: OrchestratorClient, *words: str) -> list[str]:
    wanted = parse_filter(words, allowed=("pending",))
    return [job["job_id"] for job in matching_jobs(Output(), client, wanted)]


def test_more_jobs_than_one_page_are_found_oldest_first(
    server: Server, submit: Callable[..., str], workflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "LARGEST_PAGE", 3)
    made = [submit() for _ in range(7)]
    with server.client() as client:
        assert _found(client, f"workflow={workflow}") == made


def test_jobs_that_leave_between_two_pages_hide_none(
    server: Server, submit: Callable[..., str], workflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class MovingQueue(OrchestratorClient):
        """What is on a page has left the queue when the next one is asked for."""

        def jobs(self, **asked: Any) -> dict[str, Any]:
            page = super().jobs(**asked)
            for job in page["jobs"]:
                self.cancel(job["job_id"])
            return page

    monkeypatch.setattr(filters, "LARGEST_PAGE", 3)
    made = [submit() for _ in range(11)]
    with MovingQueue(server.url, server.developer_key) as client:
        assert _found(client, f"workflow={workflow}") == made


def test_every_part_of_a_filter_counts(
    server: Server, robot: Robot, submit: Callable[..., str], workflow: str
) -> None:
    about = {"tags": ["a", "b"], "environment": "lab"}
    wanted = submit(robot, **about)
    submit(**about)
    submit(robot, **about | {"tags": ["a"]})
    submit(robot, **about | {"environment": "default"})
    words = (f"workflow={workflow} robot={robot.robot_id}", "environment=lab tag=b tag=a")
    with server.client() as client:
        assert _found(client, *words) == [wanted]
        assert _found(client, *words, "older-than=0s") == [wanted]
        assert _found(client, *words, "older-than=1h") == []


def test_a_server_that_says_later_is_waited_for_while_jobs_are_listed(tmp_path: Path) -> None:
    with running(tmp_path, reads_per_minute=60) as slow:
        job_id = slow.submit()
        client = slow.client(slow.key("operator"))
        asked_too_often = False
        while not asked_too_often:
            try:
                client.jobs(limit=1)
            except RateLimited:
                asked_too_often = True
        assert _found(client, "workflow=my-workflow") == [job_id]


def test_a_server_that_says_later_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path, writes_per_minute=20) as slow:
        slow.push()
        clients = [slow.client(slow.key("operator")) for _ in range(2)]
        for turn in range(21):
            clients[turn % 2].submit({"workflow_id": "my-workflow"})
        app = App(url=slow.url, api_key=slow.key("operator"), output=Format.JSON)
        act = Act(
            verb="cancel",
            done="cancelled",
            statuses=("pending",),
            do=lambda client, job_id: client.cancel(job_id),
        )
        assert act_on_many(app, act, ["status=pending"], yes=True, dry_run=False, rate=1000) == 0
    answer = json.loads(capsys.readouterr().out)
    check(answer, schema_of("jobs cancel --filter"))
    results = answer["items"]
    # One more than the key has calls in a minute.
    assert [item["ok"] for item in results] == [True] * 21
