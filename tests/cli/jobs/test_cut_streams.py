"""A WebSocket that is cut, at every point: each event is shown once, and the outcome is right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from casare_cli.following.watching import JobWatch
from casare_cli.jobs.shown import outcome_code
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from tests.cli.support import Cli, Robot, Server, eventually, steps
from tests.support.proxy import Proxy, proxy_to


def frame_ends(carried: bytes) -> Iterator[int]:
    """Where the answer to the handshake ends, and each text frame behind it."""
    end = carried.index(b"\r\n\r\n") + 4
    while end < len(carried) and carried[end] == 0x81:
        yield end
        length = carried[end + 1]
        head = 4 if length == 126 else 2
        end += head + (int.from_bytes(carried[end + 2 : end + 4]) if length == 126 else length)
    yield end


def watched(proxy: Proxy, server: Server, robot: Robot, submit: Callable[..., str]) -> None:
    """Follow a job that fails while it is watched."""
    job_id = submit(robot)
    robot.claim()
    robot.report(*steps("a"))
    seen: list[int] = []
    found: list[Json] = []
    with OrchestratorClient(proxy.url, server.developer_key) as client:
        watch = JobWatch(
            client, server.developer_key, job_id, lambda event: seen.append(event["seq"])
        )
        following = threading.Thread(target=lambda: found.append(watch.follow()), daemon=True)
        following.start()
        eventually(lambda: len(seen) >= 5)
        robot.finish("failed", error_message="no")
        following.join(60)
    assert outcome_code(found[0]) == 1
    assert seen == list(range(1, found[0]["last_seq"] + 1))


def test_a_stream_cut_at_every_point_shows_each_event_once(
    server: Server, robot: Robot, submit: Callable[..., str]
) -> None:
    with proxy_to(server.url) as proxy:
        watched(proxy, server, robot, submit)
        ends = list(frame_ends(proxy.carried))
        assert len(ends) >= 6, "the stream did not go over the proxy"
        points = [1, ends[0] // 2, *ends, *((one + two) // 2 for one, two in pairwise(ends))]
        for point in points:
            proxy.cut_sockets_after = point
            watched(proxy, server, robot, submit)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    server: Server,
    robot: Robot,
    submit: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with proxy_to(server.url) as proxy:
        watched(proxy, server, robot, submit)
        assert proxy.carried, "the stream went elsewhere"


def test_the_exit_code_is_the_outcome_though_no_stream_ever_opens(
    remote: Cli, server: Server, robot: Robot, workflow: str
) -> None:
    with proxy_to(server.url) as proxy:
        proxy.cut_sockets_after = 1
        words = ("jobs", "submit", workflow, "--robot", robot.robot_id, "--wait")
        waiting = remote.start(*words, env={"CASARE_ORCHESTRATOR_URL": proxy.url})
        robot.run(*steps("a"), status="timeout", error_message="no", failure_reason="timeout")
        waiting.communicate(timeout=100)
        assert waiting.returncode == 11
