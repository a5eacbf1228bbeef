"""Workflows that the agent's tests run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.runs import chain, document, node

Json = dict[str, Any]


def quick(value: Any = 41) -> Json:
    return document({"set": node("SetVariableNode", variable_name="x", value=value)})


def waiting(seconds: float = 60) -> Json:
    """Waits inside the engine, which can be asked to stop."""
    return document({"wait": node("WaitNode", duration=seconds)})


def endless() -> Json:
    """A loop of nodes that do next to nothing."""
    return counting(10**9)


def counting(passes: int) -> Json:
    """Counts to *passes* in the variable n, one node a pass."""
    return document(
        {
            "count": node("SetVariableNode", variable_name="n", value=0),
            "loop": node("ForLoopStartNode", mode="range", start=0, end=passes, step=1),
            "add": node("IncrementVariableNode", variable_name="n", increment=1),
            "again": node("ForLoopEndNode"),
        },
        chain("count", "loop.body", "add", "again"),
    )


def shell(command: str, *, before: str = "", after: str = "") -> Json:
    """Runs *command* in a shell; *before* and *after* are lines for the ledger."""
    nodes = {"command": _shell_line(command)}
    order = ["command"]
    if before:
        nodes["before"] = _shell_line(before)
        order.insert(0, "before")
    if after:
        nodes["after"] = _shell_line(after)
        order.append("after")
    return document(nodes, chain(*order)) if len(order) > 1 else document(nodes)


def gated(folder: Path, *, fails: bool = False) -> Json:
    """Notes "begin" in *folder*/ledger, waits for *folder*/gate, notes "end" or fails."""
    ledger, gate = folder / "ledger", folder / "gate"
    # Soon noticed at first; fifty that wait for long must leave the machine to the others.
    wait = f"n=0; while [ ! -e '{gate}' ]; do n=$((n+1)); sleep 0.$((n>50?3:0))2; done"
    nodes = {"before": _shell_line(f"echo begin >> '{ledger}'"), "command": _shell_line(wait)}
    if fails:
        nodes["after"] = node("ThrowErrorNode", error_message="as asked")
    else:
        nodes["after"] = _shell_line(f"echo end >> '{ledger}'")
    return document(nodes, chain("before", "command", "after"))


def ledger(folder: Path) -> list[str]:
    path = folder / "ledger"
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def _shell_line(command: str) -> Json:
    return node("RunCommandNode", command=command, shell=True, timeout=120, allow_dangerous=True)
