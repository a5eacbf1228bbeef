"""How fast the engine runs nodes, beside the floor of what any such engine must do.

    python benchmarks/engine.py [--rounds 5] [--passes 20000]

Each round measures the floor and every case, one after the other, so that what the machine does
meanwhile meets all of them; the best round of each counts, in the process's own time. Every event
is published to a bus whose collector turns batches of envelopes into JSON, as a robot's job
process does.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import Plan, RunOptions, compile_workflow, run_plan
from casare_rpa.engine.envelopes import envelope
from casare_rpa.secrets import Secret

BATCH = 500


class Collector:
    """Keeps the last batch; turns each full one into the bytes that a robot would upload."""

    def __init__(self) -> None:
        self._batch: list[DomainEvent] = []
        self.sent = 0

    def __call__(self, event: DomainEvent) -> None:
        self._batch.append(event)
        if len(self._batch) >= BATCH:
            self.flush()

    def flush(self) -> None:
        envelopes = [made for made in map(envelope, self._batch) if made is not None]
        self.sent += len(orjson.dumps(envelopes))
        self._batch.clear()


def document(nodes: dict[str, dict[str, Any]], links: list[tuple[str, str, str]]) -> Plan:
    raw = {
        "metadata": {"name": "benchmark"},
        "nodes": {
            key: {"node_id": key, "node_type": about.pop("type"), "config": about}
            for key, about in nodes.items()
        },
        "connections": [
            {
                "source_node": source,
                "source_port": port,
                "target_node": target,
                "target_port": "exec_in",
            }
            for source, port, target in links
        ],
    }
    return compile_workflow(parse_workflow(raw))


def chain_of(count: int) -> Plan:
    """SetVariable and MathOperation by turns, each reading what the other wrote."""
    nodes: dict[str, dict[str, Any]] = {"n0": _set("total", 0)}
    for n in range(1, count):
        nodes[f"n{n}"] = _add() if n % 2 else _set("total", f"{{{{n{n - 1}.result}}}}")
    links = [(f"n{n}", "exec_out", f"n{n + 1}") for n in range(count - 1)]
    return document(nodes, links)


def loop_of(passes: int) -> Plan:
    """A For loop over a range with SetVariable and MathOperation in its body."""
    nodes = {
        "first": _set("total", 0),
        "loop": {"type": "ForLoopStartNode", "mode": "range", "start": 0, "end": passes},
        "add": _add(),
        "keep": _set("total", "{{add.result}}"),
        "end": {"type": "ForLoopEndNode", "paired_start_id": "loop"},
    }
    links = [
        ("first", "exec_out", "loop"),
        ("loop", "body", "add"),
        ("add", "exec_out", "keep"),
        ("keep", "exec_out", "end"),
    ]
    return document(nodes, links)


def texts_of(passes: int, secrets: int) -> Plan:
    """A For loop that makes texts, in a run that has read some secrets first."""
    nodes = {f"s{n}": _set("known", f"{{{{$secret:s{n}}}}}") for n in range(secrets)}
    nodes |= {
        "loop": {"type": "ForLoopStartNode", "mode": "range", "start": 0, "end": passes},
        "one": _set("text", "a line of text, number {{loop.index}} of them"),
        "two": _set("more", "{{text}}, and what else there is to say"),
        "end": {"type": "ForLoopEndNode", "paired_start_id": "loop"},
    }
    order = [*(f"s{n}" for n in range(secrets)), "loop"]
    links = [(a, "exec_out", b) for a, b in itertools.pairwise(order)]
    links += [("loop", "body", "one"), ("one", "exec_out", "two"), ("two", "exec_out", "end")]
    return document(nodes, links)


def _secret(name: str) -> Secret:
    return Secret.of_text(f"{name}-Tr0ub4dor&3/correct horse")


def _set(name: str, value: Any) -> dict[str, Any]:
    return {"type": "SetVariableNode", "variable_name": name, "value": value}


def _add() -> dict[str, Any]:
    return {"type": "MathOperationNode", "a": "{{total}}", "b": 1, "operation": "add"}


def measure_plan(plan: Plan, repeats: int) -> tuple[float, float]:
    """Nodes a second, and of these how many do the work (loop starts and ends left out)."""
    collector = Collector()
    bus = EventBus()
    bus.subscribe_all(collector)
    options = RunOptions(working_dir=Path.cwd(), find_secret=_secret, tells_start_points=True)
    began = time.process_time()
    executed = 0
    for _ in range(repeats):
        result = asyncio.run(run_plan(plan, options, bus))
        assert result.success, result.error
        executed += result.nodes_executed
    collector.flush()
    seconds = time.process_time() - began
    controls = sum(step.control in ("for", "for_end") for step in plan.steps)
    share = 1.0 if not controls else 0.5
    return executed / seconds, executed * share / seconds


def measure_floor(count: int) -> tuple[float, float]:
    """Await a handler, build two event dicts, dump them: once for each node."""

    async def handler(values: dict[str, Any]) -> dict[str, Any]:
        return values

    async def run() -> int:
        size = 0
        for n in range(count):
            about = {"node_id": "n", "node_type": "MathOperationNode"}
            started = {"type": "node.started", "timestamp": time.time(), "data": about}
            output = await handler({"result": n})
            finished = {**about, "execution_time_ms": 0.001, "output_data": output}
            completed = {"type": "node.completed", "timestamp": time.time(), "data": finished}
            size += len(orjson.dumps(started)) + len(orjson.dumps(completed))
        return size

    began = time.process_time()
    asyncio.run(run())
    rate = count / (time.process_time() - began)
    return rate, rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=20_000)
    chosen = parser.parse_args()
    chain, loop = chain_of(1000), loop_of(chosen.passes)
    texts, with_one, with_five = (texts_of(chosen.passes, secrets) for secrets in (0, 1, 5))
    cases: dict[str, Callable[[], tuple[float, float]]] = {
        "floor": lambda: measure_floor(chosen.passes * 5),
        "chain": lambda: measure_plan(chain, max(1, chosen.passes // 500)),
        "loop": lambda: measure_plan(loop, 1),
        "texts": lambda: measure_plan(texts, 1),
        "texts, a secret": lambda: measure_plan(with_one, 1),
        "texts, 5 secrets": lambda: measure_plan(with_five, 1),
    }
    best: dict[str, tuple[float, float]] = {}
    for _ in range(chosen.rounds):
        for name, measure in cases.items():
            best[name] = max(best.get(name, (0.0, 0.0)), measure())
    floor = best["floor"][0]
    for name, (rate, work) in best.items():
        print(
            f"{name:16} {rate:10,.0f} nodes/s  {rate / floor:6.3f} of the floor"
            f"  ({work:,.0f} working nodes/s)"
        )


if __name__ == "__main__":
    main()
