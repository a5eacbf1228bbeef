"""Those who want in: guessed keys, forged tokens, foreign pages, and keys that were taken away."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from casare_rpa.client import OrchestratorClient
from casare_rpa.domain import keys
from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.rules import API
from tests.agent import workflows
from tests.faults.needs import linux
from tests.faults.scenario import POSTGRESQL, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator
from tests.support.forgeries import forge, prey

Json = dict[str, Any]
_JOBS = f"{API}/jobs"
#: Wrong keys that one address may send within a minute.
_ALLOWED = 10


def forged(key_id: str) -> str:
    """A key of that id with a good checksum and a secret of its own."""
    secret = make_key("sk_live").text[len("sk_live_") + keys.ID_LENGTH : -6]
    text = f"sk_live_{key_id}{secret}"
    return text + keys._checksum(text)


def _connection(url: str, address: str = "127.0.0.1") -> HTTPConnection:
    """*address*: where it comes from; all of 127.0.0.0/8 is this machine."""
    parts = urlsplit(url)
    return HTTPConnection(str(parts.hostname), parts.port, timeout=60, source_address=(address, 0))


def _status(connection: HTTPConnection, path: str, **headers: str) -> tuple[int, str | None]:
    """The status, and how long to wait."""
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers["Retry-After"]


@contextmanager
def _holders_of_good_keys(orchestrator: Orchestrator, address: str) -> Iterator[list[int]]:
    """Somebody at *address* works with a right key while the block runs: their statuses."""
    seen: list[int] = []
    over = threading.Event()
    header = f"Bearer {orchestrator.admin_key}"

    def work() -> None:
        connection = _connection(orchestrator.url, address)
        while not over.is_set():
            seen.append(_status(connection, _JOBS, Authorization=header)[0])
        connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(60)


@scenario(
    "F57",
    figure="ms to refuse a wrong key",
    quick={"tries": 500, "timed": 200},
    long={"tries": 10_000, "timed": 10_000},
    needs=(linux,),
)
def keys_tried_by_brute_force(trial: Trial, tries: int, timed: int) -> None:
    """Nobody who guesses gets more than ten answers a minute, or learns which ids exist."""
    orchestrator = trial.orchestrator()
    known = str(orchestrator.admin.keys()["keys"][0]["id"])
    began, seen = time.monotonic(), Counter[int]()
    with _holders_of_good_keys(orchestrator, "127.0.0.1") as good:
        connection = _connection(orchestrator.url)
        for number in range(tries):
            guess = forged(known) if number % 2 else make_key("sk_live").text
            status, wait = _status(connection, _JOBS, Authorization=f"Bearer {guess}")
            seen[status] += 1
            assert status != 429 or 1 <= int(wait or 0) <= 60
            trial.strike()
        connection.close()
    minutes = (time.monotonic() - began) / 60
    assert set(seen) == {401, 429} and seen[401] <= _ALLOWED * (int(minutes) + 1), seen
    assert good and set(good) == {200}, Counter(good)
    trial.notes |= {"answers": dict(seen), "right keys in the meantime": len(good)}
    _time_guesses(trial, orchestrator, known, timed)


def _time_guesses(trial: Trial, orchestrator: Orchestrator, known: str, tries: int) -> None:
    """From many addresses, so that each guess is looked at: known ids and unknown ones in turn."""
    spent: dict[bool, list[float]] = {True: [], False: []}
    for first in range(0, tries, _ALLOWED):
        number = first // _ALLOWED
        connection = _connection(orchestrator.url, f"127.1.{number // 250}.{number % 250 + 1}")
        _status(connection, "/health")
        for turn in range(_ALLOWED):
            is_known = turn % 2 == 0
            guess = forged(known) if is_known else make_key("sk_live").text
            began = time.perf_counter()
            status, _ = _status(connection, _JOBS, Authorization=f"Bearer {guess}")
            spent[is_known].append((time.perf_counter() - began) * 1000)
            assert status == 401
            trial.strike()
        connection.close()
    trial.figures += spent[True] + spent[False]
    middle = {is_known: statistics.median(times) for is_known, times in spent.items()}
    trial.notes |= {
        "median ms, known id": round(middle[True], 3),
        "median ms, unknown id": round(middle[False], 3),
        "spread, ms": round(abs(middle[True] - middle[False]), 3),
    }
    assert abs(middle[True] - middle[False]) < max(middle.values()) / 2, middle


@scenario("F56", figure="ms to refuse", quick={"tries": 400}, long={"tries": 20_000})
def forged_lease_tokens(trial: Trial, tries: int) -> None:
    """Wrong, cut, another's and old tokens with every call: none is accepted, nothing changes."""
    orchestrator = trial.orchestrator(lease_seconds=3600, start_deadline_seconds=3600)
    load = trial.load(orchestrator)
    document = workflows.quick()
    with prey(orchestrator.url, orchestrator.admin, lambda: load.run(document)) as victim:
        before = victim.state()
        began = time.monotonic()
        seen = forge(victim, tries, trial.chance)
        trial.figures.append((time.monotonic() - began) * 1000 / tries)
        trial.strike(seen.total())
        accepted = {what: count for what, count in seen.items() if what[2] != 410}
        trial.notes |= {"tried": seen.total(), "accepted": len(accepted)}
        assert not accepted, accepted
        assert victim.state() == before
        for attempt in (victim.mine, victim.of_another_job):
            attempt.start("own")
            attempt.finish("failed", error_message="it was only prey")


@scenario(
    "F54",
    figure="seconds from the key's end to close code 4401",
    quick={"watchers": 10, "times": 1},
    long={"times": 20},
)
def watchers_of_a_revoked_key(trial: Trial, watchers: int, times: int) -> None:
    """A key is revoked: its sockets are closed within five seconds, at other servers as well."""
    if trial.database == POSTGRESQL:
        here, there = trial.cluster(2, key_check_every_seconds=5.0).servers
    else:
        here = there = trial.orchestrator(key_check_every_seconds=5.0)
    job_id = here.submit(workflows.quick())
    for _ in range(times):
        made = here.admin.create_key({"role": "operator"})
        with ExitStack() as stack:
            opened = [
                stack.enter_context(_watching(there.url, job_id, key))
                for key in [*[made["api_key"]] * watchers, here.admin_key]
            ]
            for each in opened:
                _ask(each)
            other = opened.pop()
            ended: list[tuple[int, float]] = []
            ears = [threading.Thread(target=_note_end, args=(each, ended)) for each in opened]
            for ear in ears:
                ear.start()
            revoked = time.monotonic()
            here.admin.revoke_key(made["key"]["id"])
            trial.strike(watchers)
            for ear in ears:
                ear.join(60)
            assert [code for code, _ in ended] == [4401] * watchers, ended
            trial.figures += [at - revoked for _, at in ended]
            _ask(other)
    assert max(trial.figures) <= 5
    here.admin.cancel(job_id)


def _watching(url: str, job_id: str, key: str) -> ClientConnection:
    return connect(
        f"ws{url.removeprefix('http')}/ws/jobs/{job_id}?after=1",
        additional_headers={"Authorization": f"Bearer {key}"},
        proxy=None,
    )


def _ask(opened: ClientConnection) -> None:
    opened.send("ping")
    assert opened.recv(timeout=60) == "pong"


def _note_end(opened: ClientConnection, ended: list[tuple[int, float]]) -> None:
    try:
        while True:
            opened.recv(timeout=60)
    except ConnectionClosed:
        ended.append((opened.close_code or 0, time.monotonic()))


HOSTS = (
    "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
    "localhost@evil.example", "10.0.0.1", "[::2]", "127.0.0.1, evil.example", "", "*", "\xe9",
)  # fmt: skip
ORIGINS = (
    "https://evil.example", "http://evil.example", "null", "http://localhost.evil.example",
    "http://127.0.0.1:1", "file://", "*", "",
)  # fmt: skip
ADDRESSES = ("?api_key={}", "?token={}", "?access_token={}", "?API_KEY={}", "?x={}", "/{}")


@scenario("F58", figure="ms to refuse", quick={"times": 1}, long={"times": 200})
def pages_and_addresses_that_do_not_belong(trial: Trial, times: int) -> None:
    """Foreign hosts and origins, on calls and sockets, and keys in addresses are refused."""
    orchestrator = trial.orchestrator(log_level="DEBUG")
    right = {"Authorization": f"Bearer {orchestrator.admin_key}"}
    cases: list[tuple[str, Json, int]] = [
        *((_JOBS, {**right, "Host": host}, 421) for host in HOSTS),
        *((_JOBS, {**right, "Origin": origin}, 403) for origin in ORIGINS),
        *((_JOBS + form.format(orchestrator.admin_key), right, 400) for form in ADDRESSES),
    ]
    connection = _connection(orchestrator.url)
    for path, headers, expected in cases * times:
        began = time.perf_counter()
        status, _ = _status(connection, path, **headers)
        trial.figures.append((time.perf_counter() - began) * 1000)
        trial.strike()
        assert status == expected, f"{status} instead of {expected}: {path[:30]} {headers}"
    connection.close()
    for origin in itertools.islice(ORIGINS, 5):
        assert _refused_socket(orchestrator, {"Origin": origin}) == 403
        trial.strike()
    with OrchestratorClient(orchestrator.url, orchestrator.admin_key) as client:
        assert client.jobs()["total"] == 0


def _refused_socket(orchestrator: Orchestrator, headers: Json) -> int:
    """The status with which the handshake was refused."""
    try:
        with connect(
            f"ws{orchestrator.url.removeprefix('http')}/ws/jobs/none",
            additional_headers={"Authorization": f"Bearer {orchestrator.admin_key}", **headers},
            proxy=None,
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
