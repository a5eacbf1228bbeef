"""How often a key may call, and how often an address may be wrong."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from casare_rpa import errors
from casare_rpa.domain import keys
from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.rates import Rates
from casare_rpa.orchestrator.access.rules import API, RULES, rate_of
from casare_rpa.orchestrator.access.wrong_keys import WrongKeys, network_of
from casare_rpa.settings import Settings
from tests.orchestrator.support import Running, claim, running

JOBS = f"{API}/jobs"

#: No robot may lose its job because it was busy, so these are never counted.
NEVER_COUNTED = {
    ("POST", f"{API}/jobs/{{job_id}}/{verb}")
    for verb in ("extend-lease", "finish", "complete", "fail", "release")
} | {("POST", f"{API}/robots/{{robot_id}}/heartbeat"), ("POST", f"{API}/robot/heartbeat")}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _rates(**settings: int) -> tuple[Rates, Clock]:
    clock = Clock()
    return Rates(Settings(**settings), clock), clock  # type: ignore[arg-type]


def test_a_bucket_empties_and_fills_evenly() -> None:
    rates, clock = _rates(reads_per_minute=60)
    taken = [rates.take("k", "read") for _ in range(61)]
    assert [one.remaining for one in taken if one] == [*range(59, -1, -1), 0]
    assert [one.wait_seconds for one in taken if one] == [0.0] * 60 + [pytest.approx(1.0)]
    clock.now += 2.5
    again = [rates.take("k", "read") for _ in range(3)]
    assert [bool(one and one.wait_seconds) for one in again] == [False, False, True]
    clock.now += 3600
    full = rates.take("k", "read")
    assert full is not None and full.remaining == 59 and full.reset_seconds == pytest.approx(1.0)


def test_a_bucket_is_for_one_key_and_one_class() -> None:
    rates, _ = _rates(reads_per_minute=1, writes_per_minute=1)
    for key_id, rate in (("a", "read"), ("b", "read"), ("a", "write")):
        taken = rates.take(key_id, rate)  # type: ignore[arg-type]
        assert taken is not None and not taken.wait_seconds


def test_buckets_of_forgotten_keys_take_no_memory() -> None:
    rates, _ = _rates()
    for number in range(12_000):
        rates.take(f"k{number}", "read")
    assert len(rates) == 10_000


def test_every_call_of_a_key_has_a_class_but_those_that_keep_a_lease() -> None:
    counted = {row: rate_of(*row) for row, rule in RULES.items() if rule.roles and row[0] != "WS"}
    assert {row for row, rate in counted.items() if rate is None} == NEVER_COUNTED
    assert counted["GET", JOBS] == "read" and counted["POST", JOBS] == "write"
    assert counted["POST", f"{API}/api-keys"] == "admin"
    assert counted["POST", f"{API}/auth/ws-ticket"] == "ticket"
    assert counted["POST", f"{JOBS}/claim"] == "robot"


def _left(response: httpx.Response) -> tuple[int, int]:
    """The status, and how many calls are left."""
    assert response.headers["X-RateLimit-Limit"] == "3"
    assert 1 <= int(response.headers["X-RateLimit-Reset"]) <= 60
    return response.status_code, int(response.headers["X-RateLimit-Remaining"])


def test_a_key_that_calls_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path, reads_per_minute=3) as server, server.http() as http:
        assert _left(http.get(JOBS)) == (200, 2)
        assert _left(http.get(f"{JOBS}/none")) == (404, 1)
        assert _left(http.get(f"{JOBS}?limit=0")) == (422, 0)
        refused = http.get(JOBS)
        assert _left(refused) == (429, 0)
        assert refused.json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
        assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert server.client(server.key("viewer")).jobs()["total"] == 0
        assert "X-RateLimit-Limit" not in http.get("/health").headers


def test_a_client_that_waits_as_told_gets_through(tmp_path: Path) -> None:
    with running(tmp_path, reads_per_minute=30) as server:
        viewer = server.client(server.key("viewer"))
        with pytest.raises(errors.RateLimited) as refused:
            for _ in range(1000):  # a slow machine earns some calls while it makes them
                viewer.jobs()
        assert 0 < refused.value.retry_after_seconds <= 2
        time.sleep(refused.value.retry_after_seconds)  # as told
        viewer.jobs()


def test_a_busy_robot_keeps_its_job(tmp_path: Path) -> None:
    with running(tmp_path, robot_calls_per_minute=2) as server:
        server.submit()
        attempt = claim(server.robot())
        attempt.start()
        attempt.send("node.started", node_id="a", node_type="WaitNode")
        with pytest.raises(errors.RateLimited):
            attempt.send("node.started", node_id="b", node_type="WaitNode")
        attempt.index -= 1
        for _ in range(20):
            assert attempt.start()["lost"] == []
        assert attempt.finish()["status"] == "completed"


def test_limits_can_be_switched_off(tmp_path: Path) -> None:
    with (
        running(tmp_path, reads_per_minute=1, rate_limits=False) as server,
        server.http() as http,
    ):
        answers = [http.get(JOBS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_thousands_of_wrong_keys_get_nowhere(server: Running) -> None:
    """Known ids and unknown ones, all with good checksums."""
    known = server.admin.keys()["keys"][0]["id"]
    statuses: Counter[int] = Counter()
    with server.http("") as http:
        for number in range(1000):
            key = _forged(known) if number % 2 else make_key("sk_live").text
            response = http.get(JOBS, headers={"Authorization": f"Bearer {key}"})
            statuses[response.status_code] += 1
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 20
    assert server.admin.jobs()["total"] == 0


def _forged(key_id: str) -> str:
    """A key of that id with a good checksum and a secret of its own."""
    secret = make_key("sk_live").text[len("sk_live_") + keys.ID_LENGTH : -6]
    text = f"sk_live_{key_id}{secret}"
    return text + keys._checksum(text)


def test_an_address_may_be_wrong_ten_times_a_minute() -> None:
    clock = Clock()
    wrong = WrongKeys(10, clock)
    assert [wrong.count("192.0.2.1") for _ in range(10)] == [0.0] * 10
    clock.now += 20
    assert wrong.count("192.0.2.1") == pytest.approx(40)
    assert wrong.count("192.0.2.2") == 0
    clock.now += 41
    assert wrong.count("192.0.2.1") == 0


def test_the_addresses_that_were_wrong_take_no_memory() -> None:
    wrong = WrongKeys(10)
    for number in range(12_000):
        wrong.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(wrong) == 10_000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_wrong_keys_from_one_network_count_together() -> None:
    wrong = WrongKeys(3, clock=lambda: 0.0)
    assert [wrong.count(f"2001:db8::{number}") > 0 for number in range(5)] == [
        False, False, False, True, True,
    ]  # fmt: skip
    assert wrong.count("2001:db8:0:1::1") == 0
