"""With `retention_days` the server deletes old jobs by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from casare_rpa.errors import Gone
from casare_rpa.orchestrator.duties import reaper
from tests.orchestrator.support import Running, eventually, running


def is_gone(server: Running, job_id: str) -> bool:
    try:
        server.admin.job(job_id)
    except Gone:
        return True
    return False


def test_what_ended_before_the_retention_is_deleted_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "_FIRST_HOUSEKEEPING_SECONDS", 0.0)
    monkeypatch.setattr(reaper, "_HOUSEKEEP_EVERY_SECONDS", 0.0)
    with running(tmp_path, retention_days=0.1 / 86400) as server:
        waiting = server.submit()
        ended = server.submit()
        server.admin.cancel(ended)
        eventually(lambda: is_gone(server, ended), within_seconds=60)
        assert server.admin.job(waiting)["status"] == "pending"
