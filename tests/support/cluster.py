"""Several orchestrators on one database, and a balancer in front of them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casare_rpa.errors import CasareError
from tests.support.fleet import Orchestrator, start_orchestrator
from tests.support.proxy import Balancer, balance


@dataclass
class Cluster:
    servers: list[Orchestrator]
    balancer: Balancer
    #: All of them as one: its address is the balancer's.
    front: Orchestrator

    def leader(self) -> Orchestrator | None:
        """The one that says so, if one does."""
        return next((each for each in self.servers if _leads(each)), None)

    def others(self) -> list[Orchestrator]:
        return [each for each in self.servers if not _leads(each)]


def _leads(server: Orchestrator) -> bool:
    try:
        return bool(
            server.program.alive() and server.admin.call("GET", "/ready", root=True)["leading"]
        )
    except CasareError:
        return False


@contextlib.contextmanager
def start_cluster(
    tmp_path: Path, database: str, count: int = 3, **settings: Any
) -> Iterator[Cluster]:
    with contextlib.ExitStack() as stack:
        servers: list[Orchestrator] = []
        for number in range(count):
            server = stack.enter_context(
                start_orchestrator(
                    tmp_path, name=f"orchestrator-{number}", database=database, **settings
                )
            )
            if servers:  # the first start made the only key
                shutil.copy(servers[0].state_dir / "admin.key", server.state_dir)
            servers.append(server)
        balancer = stack.enter_context(balance([server.url for server in servers]))
        front = Orchestrator(servers[0].program, servers[0].state_dir, balancer.url)
        stack.callback(_close_clients, front)
        yield Cluster(servers, balancer, front)


def _close_clients(front: Orchestrator) -> None:
    for client in front._clients:
        client.close()
