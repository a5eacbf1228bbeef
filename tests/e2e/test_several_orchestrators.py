"""Three orchestrators, each a process of its own, over one PostgreSQL."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import Unauthenticated
from tests.agent.workflows import quick
from tests.support.cluster import Cluster, start_cluster
from tests.support.fleet import Orchestrator, eventually
from tests.support.postgres import own_schema, server_address

Json = dict[str, Any]
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300), pytest.mark.xdist_group("cluster")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    server = server_address()
    if server is None:
        pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
    folder = tmp_path_factory.mktemp("cluster")
    with (
        own_schema(server) as database,
        start_cluster(folder, database, robot_offline_seconds=8, key_check_every_seconds=60) as it,
    ):
        it.front.admin.push_workflow({"workflow_name": "w", "workflow_json": quick()})
        yield it


def robot_at(server: Orchestrator, robot_id: str) -> OrchestratorClient:
    return OrchestratorClient(server.url, server.robot_key(robot_id))


def watch_at(server: Orchestrator, job_id: str, key: str | None = None) -> ClientConnection:
    return connect(
        server.url.replace("http", "ws", 1) + f"/ws/jobs/{job_id}",
        additional_headers={"Authorization": f"Bearer {key or server.admin_key}"},
        compression=None,
        proxy=None,
    )


def ending(grant: Json) -> Json:
    """The outcome of a job that had no nodes."""
    proof = {"attempt": grant["attempt"], "lease_token": grant["lease_token"]}
    return {**proof, "status": "completed", "event_count": 0}


def test_a_job_submitted_at_one_is_claimed_at_another_and_watched_at_a_third(
    cluster: Cluster,
) -> None:
    first, second, third = cluster.servers
    with robot_at(second, "hand") as robot, robot_at(first, "hand") as elsewhere:
        robot.register({"robot_id": "hand", "name": "hand", "hostname": "h"})
        waiting = {"claim_id": uuid.uuid4().hex, "wait_seconds": 25}
        grants: list[Json | None] = []
        claim = threading.Thread(target=lambda: grants.append(robot.claim(waiting)))
        claim.start()
        time.sleep(0.5)  # so that the claim waits when the job comes, as it does in real life
        job_id = first.admin.submit({"workflow_id": "w"})["job_id"]
        with watch_at(third, job_id) as socket:
            claim.join(60)
            assert grants
            grant = grants[0]
            assert grant is not None
            assert grant["job_id"] == job_id
            elsewhere.finish(job_id, ending(grant))
            types = [json.loads(socket.recv(timeout=60))["type"] for _ in range(4)]
    assert types == ["job.queued", "job.claimed", "job.started", "job.completed"]


def test_a_hint_is_faster_than_a_look(cluster: Cluster) -> None:
    """Submit at the first, until a watcher at the third has the claim made at the second."""
    first, second, third = cluster.servers
    took = []
    with robot_at(second, "fast") as robot:
        robot.register({"robot_id": "fast", "name": "fast", "hostname": "h"})
        for _ in range(5):
            request = {"workflow_id": "w", "robot_id": "fast"}
            took.append(_round_trip(first, robot, third, request))
    # By its own look the waiting claim would find the job after 5 s, each time.
    assert sorted(took)[1] < 3


def _round_trip(
    first: Orchestrator, robot: OrchestratorClient, third: Orchestrator, request: Json
) -> float:
    waiting = {"claim_id": uuid.uuid4().hex, "wait_seconds": 25}
    grants: list[Json | None] = []
    claim = threading.Thread(target=lambda: grants.append(robot.claim(waiting)))
    claim.start()
    time.sleep(0.5)
    began = time.monotonic()
    job_id = first.admin.submit(request)["job_id"]
    with watch_at(third, job_id) as socket:
        while json.loads(socket.recv(timeout=60))["type"] != "job.claimed":
            continue
        took = time.monotonic() - began
    claim.join(60)
    assert grants and grants[0] is not None
    robot.finish(job_id, ending(grants[0]))
    return took


def test_a_key_revoked_at_one_is_refused_at_the_others_at_once(cluster: Cluster) -> None:
    first, second, third = cluster.servers
    made = first.admin.create_key({"name": "short-lived", "role": "viewer"})
    with OrchestratorClient(second.url, made["api_key"]) as client:
        job_id = first.admin.submit({"workflow_id": "w", "robot_id": "nobody"})["job_id"]
        client.job(job_id)
        with watch_at(third, job_id, made["api_key"]) as socket:
            socket.recv(timeout=60)
            first.admin.revoke_key(made["key"]["id"])
            # Both servers remember keys for 60 s here: only the hint can be as fast.
            eventually(lambda: _is_refused(client, job_id), 20, "the key being refused")
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    first.admin.cancel(job_id)


def _is_refused(client: OrchestratorClient, job_id: str) -> bool:
    try:
        client.job(job_id)
    except Unauthenticated:
        return True
    return False


def test_a_ticket_of_one_opens_a_socket_at_another_once(cluster: Cluster) -> None:
    first, second, _ = cluster.servers
    job_id = first.admin.submit({"workflow_id": "w", "robot_id": "nobody"})["job_id"]
    ticket = first.admin.call("POST", "/auth/ws-ticket")["ticket"]
    address = second.url.replace("http", "ws", 1) + f"/ws/jobs/{job_id}"
    with connect(address, compression=None, proxy=None) as socket:
        socket.send(json.dumps({"type": "auth", "ticket": ticket}))
        assert json.loads(socket.recv(timeout=60))["type"] == "job.queued"
    with connect(address, compression=None, proxy=None) as socket:
        socket.send(json.dumps({"type": "auth", "ticket": ticket}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    first.admin.cancel(job_id)


def test_a_robot_that_beats_at_one_is_online_at_the_others(cluster: Cluster) -> None:
    first, second, third = cluster.servers
    with robot_at(first, "beating") as robot:
        robot.register({"robot_id": "beating", "name": "beating", "hostname": "h"})
        # Longer than a robot may be silent: what the others know must have come from its beats.
        until = time.monotonic() + 10
        while time.monotonic() < until:
            robot.heartbeat("beating", {"status": "idle"})
            for server in (second, third):
                assert server.admin.robot("beating")["status"] == "idle"
            time.sleep(0.5)


def test_one_idempotency_key_at_all_servers_makes_one_job(cluster: Cluster) -> None:
    request = {"workflow_id": "w", "robot_id": "nobody"}
    ids: list[str] = []

    def submit(server: Orchestrator) -> None:
        with OrchestratorClient(server.url, server.admin_key) as client:
            ids.append(client.submit(request, idempotency_key="once")["job_id"])

    threads = [threading.Thread(target=submit, args=(each,)) for each in cluster.servers * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 12
    assert len(set(ids)) == 1
    cluster.front.admin.cancel(ids[0])


def test_the_balancer_spreads_calls_over_all_servers(cluster: Cluster) -> None:
    for _ in range(6):
        with OrchestratorClient(cluster.front.url, cluster.front.admin_key) as client:
            client.me()
    assert all(cluster.balancer.carried)


def test_a_killed_leader_is_followed_by_another(cluster: Cluster) -> None:
    leader = eventually(cluster.leader, 30, "a leader")
    assert len(cluster.others()) == 2
    leader.kill()
    successor = eventually(cluster.leader, 30, "another leader")
    assert successor is not leader
    leader.start()
    assert len(cluster.others()) == 2
