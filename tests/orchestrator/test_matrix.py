"""Every operation and every socket against every kind of caller, with the exact answer.

The rows come from the OpenAPI document and the application's sockets, so that a new one is taken
in by itself; the columns are CALLERS. What a cell should say follows from the table of rules. What
is subtle about that is written down here once more, so that a slip in the table is noticed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.new_keys import new_key
from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.openapi.document import describe
from casare_rpa.orchestrator.openapi.examples import REQUESTS
from tests.orchestrator.routes import application, served
from tests.orchestrator.support import Json, Running, claim, closed, running

PEOPLE = ("viewer", "operator", "developer", "admin")
ROBOTS = ("own robot", "other robot", "expired robot")
#: Whoever holds no good key, and what a call and a socket say to them.
STRANGERS = {
    "none": 401,
    "malformed": 401,
    "wrong checksum": 401,
    "unknown": 401,
    "expired": 401,
    "revoked": 401,
    "revoked robot": 401,
    "key in URL": 400,
    "key in cookie": 401,
}
CALLERS = (*STRANGERS, *PEOPLE, *ROBOTS)

#: With an expired key a robot may bring to an end what it has begun, and nothing else.
AFTER_EXPIRY = {
    ("POST", "/api/v1/jobs/{job_id}/extend-lease"),
    ("PUT", "/api/v1/jobs/{job_id}/progress"),
    ("POST", "/api/v1/jobs/{job_id}/events"),
    ("POST", "/api/v1/jobs/{job_id}/logs"),
    ("POST", "/api/v1/jobs/{job_id}/finish"),
    ("POST", "/api/v1/jobs/{job_id}/complete"),
    ("POST", "/api/v1/jobs/{job_id}/fail"),
    ("POST", "/api/v1/jobs/{job_id}/release"),
    ("POST", "/api/v1/jobs/{job_id}/side-log"),
    ("PUT", "/api/v1/robots/{robot_id}/status"),
    ("POST", "/api/v1/robots/{robot_id}/heartbeat"),
    ("POST", "/api/v1/robot/heartbeat"),
    ("WS", "/ws/robot"),
    ("WS", "/ws/robot/{robot_id}"),
}

#: Without any key.
PUBLIC = {("GET", path) for path in ("/health", "/health/live", "/health/ready", "/ready")}

#: What a good call of the right caller gets, where that is not what the document promises.
GOOD = {
    ("POST", "/api/v1/jobs/{job_id}/retry"): 409,  # the job is running
    ("POST", "/api/v1/jobs/{job_id}/rerun"): 409,  # the same
    ("POST", "/api/v1/jobs/{job_id}/resolve"): 409,
}

#: What a good call asks for in its address.
QUERIES: dict[tuple[str, str], dict[str, str]] = {
    ("POST", "/api/v1/jobs/prune"): {"older_than_seconds": "864000"},
}

#: Calls that speak for the robot of the key, so that another robot's key is as good.
OF_ITSELF = {
    ("GET", "/api/v1/auth/me"),
    ("POST", "/api/v1/auth/ws-ticket"),
    ("GET", "/openapi.json"),
    ("POST", "/api/v1/jobs/claim"),
    ("POST", "/api/v1/robot/heartbeat"),
}

DOCUMENT = describe(application())
OPERATIONS = [
    (method.upper(), path) for path, found in DOCUMENT["paths"].items() for method in found
] + [("GET", "/openapi.json")]
SOCKETS = [path for method, path, _ in served() if method == "WS"]
KNOWN = {"job_id", "workflow_id", "robot_id"}
_numbers = count()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A job that the robot `own` holds, and the keys of everybody."""

    server: Running
    job_id: str
    robot_id: str
    proof: Json
    keys: dict[str, str]

    def path(self, template: str) -> str:
        known = {"job_id": self.job_id, "robot_id": self.robot_id, "workflow_id": "my-workflow"}
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "nobody"), template)

    def body(self, method: str, template: str) -> Any:
        """The document's example, with this scene's names."""
        example = REQUESTS.get((method, template))
        if example is None:
            return None
        body = {**example}
        if "lease_token" in body:
            body |= self.proof
        if "event_count" in body:
            body["event_count"] = 0
        if template.endswith("/logs"):
            body["first_index"] = 1
        if "leases" in body:
            body["leases"] = [{"job_id": self.job_id, **self.proof}]
        if template.endswith("/register"):
            body["robot_id"] = self.robot_id
        return body | ({"wait_seconds": 0} if "wait_seconds" in body else {})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state_dir = Path(tmp_path_factory.mktemp("matrix"))
    with running(state_dir, wrong_keys_per_minute=0) as server:
        yield server


@pytest.fixture(scope="module")
def people(server: Running) -> dict[str, str]:
    keys = {role: server.key(role) for role in PEOPLE}
    revoked = server.admin.create_key({"role": "admin"})
    server.admin.revoke_key(revoked["key"]["id"])
    robot = server.admin.create_robot_key({"robot_id": "gone"})
    server.admin.revoke_robot_key(robot["key"]["id"])
    good = server.admin_key
    return keys | {
        "none": "",
        "malformed": "sk_live_short",
        "wrong checksum": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "unknown": make_key("sk_live").text,
        "expired": expired_key(server, "sk_live", role="admin"),
        "revoked": revoked["api_key"],
        "revoked robot": robot["api_key"],
        "key in URL": good,
        "key in cookie": good,
    }


def expired_key(server: Running, kind: Any, **owner: Any) -> str:
    """A key that was good until an hour ago."""
    key = make_key(kind)
    record = new_key(key, name="old", **owner)
    app = server.orchestrator.app
    assert app is not None
    past = datetime.now(UTC) - timedelta(hours=1)
    app.state.desk.store.create_key(
        type(record)(**{name: getattr(record, name) for name in record.__slots__}
                     | {"expires_at": past})
    )  # fmt: skip
    return key.text


def scene(server: Running, people: dict[str, str]) -> Scene:
    robot_id = f"own-{next(_numbers)}-{time.monotonic_ns()}"
    keys = people | {
        "own robot": server.robot_key(robot_id),
        "other robot": server.robot_key(f"{robot_id}-other"),
        "expired robot": expired_key(server, "robot", robot_id=robot_id),
    }
    server.submit()
    attempt = claim(server.client(keys["own robot"]))
    attempt.start(robot_id)
    return Scene(
        server=server, job_id=attempt.job_id, robot_id=robot_id, proof=attempt.proof, keys=keys
    )


def call(scene: Scene, caller: str, method: str, template: str) -> int:
    key = scene.keys[caller]
    headers = {"Content-Type": "application/json"}
    params = {**QUERIES.get((method, template), {})}
    if caller == "key in URL":
        params["api_key"] = key
    elif caller == "key in cookie":
        headers["Cookie"] = f"Authorization=Bearer {key}; api_key={key}; token={key}"
    elif key:
        headers["Authorization"] = f"Bearer {key}"
    body = scene.body(method, template)
    with scene.server.http("") as http:
        response = http.request(
            method,
            scene.path(template),
            params=params,
            headers=headers,
            content=None if body is None else orjson.dumps(body),
        )
    if response.status_code >= 400 and method != "HEAD":
        error = response.json()
        assert error["error"]["code"] and error["error"]["message"]
        assert error["meta"]["request_id"] == response.headers["X-Request-ID"]
    return response.status_code


def good(method: str, template: str) -> int:
    """What the document promises for a call that nothing is wrong with."""
    unknown = set(re.findall(r"\{(\w+)\}", template)) - KNOWN
    if unknown:
        return 404
    if (method, template) in GOOD:
        return GOOD[method, template]
    if template == "/openapi.json":
        return 200
    responses = DOCUMENT["paths"][template][method.lower()]["responses"]
    return next(int(status) for status in responses if status.startswith("2"))


def expected(method: str, template: str, caller: str) -> int:
    if caller == "key in URL":
        return 400
    if (method, template) in PUBLIC:
        return 200
    if caller in STRANGERS:
        return STRANGERS[caller]
    roles = RULES[method, template].roles
    if caller == "expired robot" and (method, template) not in AFTER_EXPIRY:
        return 401
    if caller in PEOPLE or "robot" not in roles:
        return good(method, template) if caller in roles else 403
    if caller == "other robot" and (method, template) not in OF_ITSELF:
        # Another robot's name is refused; a job that is not its own is not its to speak for.
        return 410 if "{job_id}" in template else 403
    return good(method, template)


def state(server: Running, scene: Scene) -> Json:
    """All that an intruder might have changed."""
    job = server.admin.job(scene.job_id)
    lists = (
        server.admin.jobs(),
        server.admin.workflows(),
        server.admin.keys(),
        server.admin.robot_keys(),
        server.admin.robots(),
    )
    return {
        "totals": [found["total"] for found in lists],
        "job": {name: job[name] for name in ("status", "attempt", "last_seq", "robot_id")},
        "workflow": server.admin.workflow("my-workflow")["version"],
    }


@pytest.mark.parametrize(("method", "template"), OPERATIONS)
def test_every_cell_has_its_status(
    server: Running, people: dict[str, str], method: str, template: str
) -> None:
    wanted = {caller: expected(method, template, caller) for caller in CALLERS}
    refused = [caller for caller in CALLERS if wanted[caller] in (400, 401, 403, 410)]
    first = scene(server, people)
    before = state(server, first)
    got = {caller: call(first, caller, method, template) for caller in refused}
    assert state(server, first) == before
    for caller in CALLERS:
        if caller not in refused:
            got[caller] = call(scene(server, people), caller, method, template)
    assert got == wanted


@pytest.mark.parametrize("template", [path for method, path in OPERATIONS if method == "GET"])
def test_a_head_has_the_status_of_its_get(
    server: Running, people: dict[str, str], template: str
) -> None:
    here = scene(server, people)
    got = {caller: call(here, caller, "HEAD", template) for caller in CALLERS}
    assert got == {caller: expected("GET", template, caller) for caller in CALLERS}


def test_what_is_open_to_everybody_is_written_down() -> None:
    assert {row for row, rule in RULES.items() if not rule.roles} == PUBLIC


def test_what_an_expired_robot_may_do_is_written_down() -> None:
    assert {row for row, rule in RULES.items() if rule.after_expiry} == AFTER_EXPIRY


def test_no_role_is_weaker_than_the_one_below_it() -> None:
    for row, rule in RULES.items():
        held = [role in rule.roles for role in PEOPLE]
        assert held == sorted(held), row


#: A socket is accepted before the key is looked at, so that browsers learn the reason.
SOCKET_STRANGERS = {**dict.fromkeys(STRANGERS, 4401), "key in URL": None}


def expected_code(template: str, caller: str) -> int | None:
    """The close code; None for a socket that stays open."""
    roles = RULES["WS", template].roles
    role = "admin" if caller == "key in URL" else caller.rpartition(" ")[2]
    if SOCKET_STRANGERS.get(caller) is not None:
        return 4401
    if caller == "expired robot" and ("WS", template) not in AFTER_EXPIRY:
        return 4401
    if role not in roles:
        return 4403
    if caller == "other robot" and "{robot_id}" in template:
        return 4403
    return None


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("template", SOCKETS)
def test_every_socket_has_its_close_code(
    server: Running,
    people: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    template: str,
    caller: str,
) -> None:
    here = scene(server, people)
    key, path, more = here.keys[caller], here.path(template), {}
    if caller == "key in URL":
        path, key = f"{path}?api_key={key}", ""
    elif caller == "key in cookie":
        more, key = {"Cookie": f"api_key={key}; token={key}"}, ""
    code = expected_code(template, caller)
    with server.socket(path, key, more_headers=more) as socket:
        if not key and caller != "key in URL":
            socket.send('{"type": "auth"}')
        if code is None:
            socket.send("ping")
            assert "pong" in (str(socket.recv(timeout=60)) for _ in range(20))
        else:
            assert closed(socket) == code
    assert "Traceback" not in caplog.text
