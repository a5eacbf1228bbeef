"""Three orchestrators on one PostgreSQL against one of them, over HTTP.

    CASARE_TEST_POSTGRES=postgresql://... python benchmarks/several.py [--seconds 5] [--rounds 3]

Robots and people in processes of their own submit, claim and finish; in turns they all go to one
server, or each to the next of three. The machine is the same, so on a small one the ratio says
only that the second and third cost nothing.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from casare_rpa.client import OrchestratorClient
from tests.agent.workflows import quick
from tests.support.cluster import start_cluster
from tests.support.postgres import own_schema, server_address

WANTED = 0.9
DOCUMENT = quick()
_THREADS = 8


def drive(urls: list[str], keys: list[str], admin: str, seconds: float) -> int:
    """How many jobs went from submit to finish."""
    done = [0] * len(keys)
    end = time.monotonic() + seconds

    def work(number: int) -> None:
        url, robot_id = urls[number % len(urls)], f"bench-{number}"
        with (
            OrchestratorClient(url, admin) as person,
            OrchestratorClient(url, keys[number]) as robot,
        ):
            while time.monotonic() < end:
                person.submit({"workflow_id": "bench", "robot_id": robot_id})
                grant = robot.claim({"claim_id": uuid.uuid4().hex})
                assert grant is not None
                proof = {"attempt": grant["attempt"], "lease_token": grant["lease_token"]}
                robot.finish(grant["job_id"], {**proof, "status": "completed", "event_count": 0})
                done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(keys))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def measure(urls: list[str], keys: list[str], admin: str, seconds: float) -> float:
    """The same in a process of its own, so that it shares no interpreter with this one."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from several import drive; "
        "print(drive(sys.argv[2].split(','), sys.argv[3].split(','), sys.argv[4], "
        "float(sys.argv[5])))"
    )
    folder = str(Path(__file__).resolve().parent)
    command = [sys.executable, "-c", code, folder, ",".join(urls), ",".join(keys), admin]
    done = subprocess.run([*command, str(seconds)], check=True, capture_output=True, text=True)
    return int(done.stdout) / seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    server = server_address()
    if server is None:
        print("several orchestrators: CASARE_TEST_POSTGRES names no PostgreSQL; left out")
        return 0
    with (
        own_schema(server) as database,
        tempfile.TemporaryDirectory() as folder,
        start_cluster(Path(folder), database, rate_limits=False) as cluster,
    ):
        cluster.front.admin.push_workflow({"workflow_name": "bench", "workflow_json": DOCUMENT})
        urls = [each.url for each in cluster.servers]
        keys = [_robot(cluster.servers[0].admin, f"bench-{n}") for n in range(_THREADS)]
        return run(urls, keys, cluster.front.admin_key, options.seconds, options.rounds)


def _robot(admin: OrchestratorClient, robot_id: str) -> str:
    key = str(admin.create_robot_key({"robot_id": robot_id, "name": "bench"})["api_key"])
    with OrchestratorClient(str(admin.base_url), key) as robot:
        robot.register({"robot_id": robot_id, "name": robot_id, "hostname": "h"})
    return key


def run(urls: list[str], keys: list[str], admin: str, seconds: float, rounds: int) -> int:
    measure(urls, keys, admin, 1.0)  # warm
    ratios = []
    for _ in range(rounds):
        one = measure(urls[:1], keys, admin, seconds)
        three = measure(urls, keys, admin, seconds)
        ratios.append(three / one)
        print(f"{'submit, claim, finish':28s} {one:10,.0f}/s at one {three:10,.0f}/s at three")
    ratio = statistics.median(ratios)
    print(f"{'three / one':28s} {ratio:10.2f} (at least {WANTED} is wanted)")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
