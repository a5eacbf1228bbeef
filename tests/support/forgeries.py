"""Ways to be wrong about a lease, for whoever wants a job that is another's."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.keys import make_key
from casare_rpa.orchestrator.access.rules import API
from tests.orchestrator.support import NOW, Attempt, Json, claim

_EVENT = {"type": "node.started", "timestamp": NOW, "data": {"node_id": "forged"}}
#: Every call that speaks for a job, with what it needs beside the proof.
CALLS: dict[str, Json] = {
    "extend-lease": {},
    "progress": {"progress": 99},
    "events": {"first_index": 1, "events": [_EVENT]},
    "logs": {"first_index": 1, "entries": [{"message": "forged"}]},
    "finish": {"status": "completed", "event_count": 0, "result": {"forged": True}},
    "complete": {"result": {"forged": True}},
    "fail": {"error_message": "forged"},
    "release": {},
}
#: The old attempt ended by a release: saying so again is answered as it was the first time.
_REPEATED = ("of an old attempt", "release")


@dataclass(frozen=True)
class Prey:
    """A running job of the robot `own`, which has lost an attempt before, and who wants it."""

    admin: OrchestratorClient
    #: Of each robot.
    clients: dict[str, OrchestratorClient]
    http: dict[str, httpx.Client]
    mine: Attempt
    old: Attempt
    of_another_job: Attempt

    def state(self) -> Json:
        """What no forgery may change."""
        job_id = self.mine.job_id
        return {"job": self.admin.job(job_id), "events": self.admin.events(job_id)["events"]}


@contextmanager
def prey(url: str, admin: OrchestratorClient, submit: Callable[[], str]) -> Iterator[Prey]:
    """*submit* makes a job; the queue is empty before."""
    with ExitStack() as stack:
        clients, bare = {}, {}
        for name in ("own", "other"):
            key = admin.create_robot_key({"robot_id": name})["api_key"]
            clients[name] = stack.enter_context(OrchestratorClient(url, key))
            headers = {"Authorization": f"Bearer {key}"}
            bare[name] = stack.enter_context(
                httpx.Client(base_url=url, headers=headers, trust_env=False, verify=False)
            )
        own = clients["own"]
        submit()
        old = claim(own)
        own.release(old.job_id, old.proof)
        mine = claim(own)
        assert mine.job_id == old.job_id
        mine.start("own")
        mine.send("node.started", node_id="a", node_type="WaitNode")
        submit()
        yield Prey(admin, clients, bare, mine, old, claim(own))


def forgeries(prey: Prey, chance: random.Random) -> dict[str, Callable[[], tuple[str, Json]]]:
    """Ways to be wrong: the robot whose key is used, and the proof that is shown."""
    proof = prey.mine.proof
    token = str(proof["lease_token"])

    def changed() -> str:
        place = chance.randrange(len(token))
        return token[:place] + chance.choice("aZ0_-\u00e9") + token[place + 1 :] + "x"

    return {
        "random": lambda: ("own", proof | {"lease_token": make_key("robot").text}),
        "changed": lambda: ("own", proof | {"lease_token": changed()}),
        "cut": lambda: ("own", proof | {"lease_token": token[: chance.randrange(1, len(token))]}),
        "longer": lambda: ("own", proof | {"lease_token": f"{token} "}),
        "other case": lambda: ("own", proof | {"lease_token": token.swapcase()}),
        "of another robot": lambda: ("other", proof),
        "of another job": lambda: ("own", prey.of_another_job.proof),
        "of an old attempt": lambda: ("own", prey.old.proof),
        "an old token for this attempt": lambda: (
            "own", proof | {"lease_token": prey.old.proof["lease_token"]},
        ),
        "this token for another attempt": lambda: (
            "own", proof | {"attempt": chance.choice([1, 3, 2**31 - 1])},
        ),
    }  # fmt: skip


def forge(prey: Prey, tries: int, chance: random.Random) -> Counter[tuple[str, str, int]]:
    """Try every forgery with every call in turn: (forgery, call, status) and how often."""
    forged = forgeries(prey, chance)
    names = list(forged)
    seen: Counter[tuple[str, str, int]] = Counter()
    for number in range(tries):
        call = list(CALLS)[number % len(CALLS)]
        name = names[number // len(CALLS) % len(names)]
        if (name, call) == _REPEATED:
            continue
        robot, proof = forged[name]()
        response = prey.http[robot].request(
            "PUT" if call == "progress" else "POST",
            f"{API}/jobs/{prey.mine.job_id}/{call}",
            json={**CALLS[call], **proof},
        )
        seen[name, call, response.status_code] += 1
    return seen
