"""The robot of this machine, where there is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from casare_cli.checks.finding import Check, Finding, passed, skipped, warned
from casare_cli.context import App

_MENDS = {
    "waiting": "casare-rpa agent journal flush",
    "interrupted": "casare-rpa agent journal flush",
    "damaged": "casare-rpa agent journal list",
    "lost": "casare-rpa agent journal list",
    "unreadable": "casare-rpa agent journal list",
}


def agent(app: App) -> Iterator[Finding]:
    from casare_cli.machine.agent import running

    folder, status = running(app, None)
    if status is None:
        yield skipped("agent", f"none runs with {folder}")
    elif not status.get("reachable", True):
        yield warned(
            "agent",
            f"process {status['pid']} does not reach {status.get('orchestrator_url')}",
            "casare-rpa agent status",
        )
    else:
        yield passed("agent", f"process {status['pid']}, {status.get('state')}")


def journals(app: App) -> Iterator[Finding]:
    """What was not delivered yet, and will not be by an agent that runs."""
    from agent.inventory import journals as found_in
    from agent.machine.folders import Folders

    states = Counter(str(found["state"]) for found in found_in(Folders.of(app.settings)))
    left = {state: count for state, count in states.items() if state in _MENDS}
    if not left:
        yield passed("journals", "nothing is left over")
    for state, count in left.items():
        yield warned("journals", f"{count} {state}", _MENDS[state])


CHECKS: tuple[Check, ...] = (agent, journals)
