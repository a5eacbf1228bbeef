from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Server


def test_old_jobs_are_counted_then_deleted(
    remote: Cli, server: Server, submit: Callable[..., str]
) -> None:
    remote.env["CASARE_API_KEY"] = server.admin_key
    job_id = submit()
    remote("jobs", "cancel", job_id)
    words = ("orchestrator", "prune", "-o", "json", "--older-than")
    assert json.loads(remote(*words, "30d", "--yes").stdout) == {"jobs": 0, "dry_run": False}
    assert json.loads(remote(*words, "1ms", "--dry-run").stdout)["jobs"] >= 1
    assert remote("jobs", "get", job_id).returncode == 0
    done = remote(*words, "1ms")
    assert done.returncode == 2 and "--yes" in done.stderr
    assert json.loads(remote(*words, "1ms", "--yes").stdout)["jobs"] >= 1
    gone = remote("jobs", "get", job_id)
    assert gone.returncode == 4 and "older than what is kept" in gone.stderr


def test_deleting_is_for_administrators(remote: Cli) -> None:
    assert remote("orchestrator", "prune", "--older-than", "30d", "--yes").returncode == 5
