"""A renewal that waits behind a burst of other calls would cost a robot its job."""

from __future__ import annotations

import threading

from casare_rpa.orchestrator.deps import Desk
from tests.orchestrator.support import Attempt, Running


def test_a_lease_is_renewed_while_a_burst_of_other_calls_waits(server: Running) -> None:
    server.push()
    robot = server.robot("r1")
    server.admin.submit({"workflow_id": "my-workflow"})
    grant = robot.claim({"wait_seconds": 10})
    assert grant is not None
    attempt = Attempt(robot=robot, grant=grant)
    app = server.orchestrator.app
    assert app is not None
    desk: Desk = app.state.desk
    over = threading.Event()
    burst = [desk._threads.submit(over.wait) for _ in range(1000)]
    try:
        # The key is asked for, too: nobody remembers it longer than a moment.
        desk.auth.forget(None)
        assert attempt.start()["lost"] == []
        path = f"/jobs/{attempt.job_id}/extend-lease"
        extended = robot.call("POST", path, json={**attempt.proof, "extension_seconds": 60})
        assert extended["job_id"] == attempt.job_id
        assert not any(call.done() for call in burst)
    finally:
        over.set()
    assert attempt.finish()["status"] == "completed"
