"""Which control nodes belong together, and where a run begins."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from casare_rpa.engine.planning.plan import Step

_LOOP_OF_END = {"for_end": "for", "while_end": "while"}
#: Nodes that are jumped to because of how they are paired, wired or not.
_JUMPED_TO = frozenset({"catch", "finally", "join"})
#: Nodes that are jumped to or read, never begun at.
_NEVER_HEADS = _JUMPED_TO | {"subflow_input", "subflow_output"}
_Ways = Mapping[Step, Sequence[tuple[Step, str]]]


def reachable(starts: Iterable[Step], ports: Sequence[str] | None = None) -> Iterator[Step]:
    """*starts* and every step that execution can get to from them, breadth first.

    With *ports* only these are taken at the first step. A try leads to its catch and finally too.
    """
    waiting = deque(starts)
    seen = set(waiting)
    first = set(waiting) if ports is not None else set()
    while waiting:
        step = waiting.popleft()
        yield step
        for target in _next(step, ports if step in first else None):
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def may_run(starts: Iterable[Step], steps: Iterable[Step]) -> Iterator[Step]:
    """Every one of *steps* that a run from *starts* may come to, by a wire or by a jump."""
    return reachable([*starts, *(step for step in steps if step.control in _JUMPED_TO)])


def _next(step: Step, ports: Sequence[str] | None) -> Iterator[Step]:
    for port, targets in step.ports.items():
        if ports is None or port in ports:
            yield from targets
    for partner in (step.catch, step.final, step.join):
        if partner is not None and ports is None:
            yield partner


def pair_steps(steps: Sequence[Step]) -> None:
    """Set the partners of every control node."""
    ways: dict[Step, list[tuple[Step, str]]] = defaultdict(list)
    by_id = {step.id: step for step in steps}
    for step in steps:
        for port, targets in step.ports.items():
            for target in targets:
                ways[target].append((step, port))
    _pair_loops(steps, by_id, ways)
    _pair_tries(steps, by_id)
    _pair_strays(steps, ways)
    for step in steps:
        if step.control == "fork":
            step.join = _join_of(step, steps, by_id)


def _pair_loops(steps: Sequence[Step], by_id: Mapping[str, Step], ways: _Ways) -> None:
    ends: dict[Step, list[Step]] = defaultdict(list)
    for step in steps:
        kind = _LOOP_OF_END.get(step.control)
        if kind is None:
            continue
        named = by_id.get(str(step.config.get("paired_start_id") or ""))
        is_named = named is not None and named.control == kind
        step.start = named if is_named else _enclosing(step, kind, ways)
        if step.start is not None:
            ends[step.start].append(step)
    for start, closing in ends.items():
        start.ends = tuple(closing)


def _enclosing(end: Step, kind: str, ways: _Ways) -> Step | None:
    """The nearest start of *kind* whose body *end* is in, walking backwards.

    A start left by `completed`, or followed by an end of its own, is closed already.
    """
    waiting = deque([(end, 0)])
    seen = {(end, 0)}
    while waiting:
        step, closed = waiting.popleft()
        for source, port in ways.get(step, ()):
            depth = closed
            if source.control == kind and port == "body":
                if depth == 0:
                    return source
                depth -= 1
            elif _LOOP_OF_END.get(source.control) == kind:
                depth += 1
            state = (source, depth)
            if state not in seen and depth <= len(ways):
                seen.add(state)
                waiting.append(state)
    return None


def _pair_tries(steps: Sequence[Step], by_id: Mapping[str, Step]) -> None:
    for step in steps:
        if step.control in ("catch", "finally"):
            named = by_id.get(str(step.config.get("paired_try_id") or ""))
            if named is not None and named.control == "try":
                step.start = named
                _close(named, step)
    # Inner tries first, so that each takes the partner nearest to it.
    for step in reversed(steps):
        if step.control == "try":
            for kind in ("catch", "finally"):
                _find_partner(step, kind)


def _pair_strays(steps: Sequence[Step], ways: _Ways) -> None:
    """A catch or finally that nothing names or leads to belongs to the try before it."""
    for step in steps:
        if step.control in ("catch", "finally") and step.start is None and step not in ways:
            before = steps[step.index :: -1]
            start = next((s for s in before if s.control == "try" and _lacks(s, step)), None)
            if start is not None:
                step.start = start
                _close(start, step)


def _lacks(opening: Step, partner: Step) -> bool:
    return (opening.catch if partner.control == "catch" else opening.final) is None


def _find_partner(step: Step, kind: str) -> None:
    if (step.catch if kind == "catch" else step.final) is not None:
        return

    def is_free(other: Step) -> bool:
        return other.control == kind and other.start is None

    found = next(filter(is_free, reachable([step])), None)
    if found is not None:
        found.start = step
        _close(step, found)


def _close(opening: Step, partner: Step) -> None:
    if partner.disabled:
        return
    if partner.control == "catch":
        opening.catch = opening.catch or partner
    else:
        opening.final = opening.final or partner


def _join_of(fork: Step, steps: Sequence[Step], by_id: Mapping[str, Step]) -> Step | None:
    named = by_id.get(str(fork.config.get("paired_join_id") or ""))
    if named is not None and named.control == "join":
        return named
    joins = [s for s in steps if s.control == "join"]
    for join in joins:
        if join.config.get("paired_fork_id") == fork.id:
            return join
    branches = [s for port, s in fork.ports.items() if port.startswith("branch_") and s]
    ways = [list(reachable(branch)) for branch in branches]
    common = [s for s in ways[0] if all(s in other for other in ways[1:])] if len(ways) > 1 else []
    # Without a join the branches meet where all of them lead, often at a merge node.
    return next((s for s in common if s.control == "join"), common[0] if common else None)


def pick_heads(steps: Sequence[Step], sources: Mapping[str, Step]) -> tuple[Step, ...]:
    """Where a run begins: at the first StartNode, else at every step nothing leads to."""
    starts = [step for step in steps if step.control == "start"]
    if starts:
        return (starts[0],)
    led_to = {target for step in steps for targets in step.ports.values() for target in targets}
    heads = tuple(s for s in steps if s not in led_to and _may_begin(s) and s.id not in sources)
    # Where every step is led to by another (a drawn circle), the first of the document begins.
    return heads or tuple(s for s in steps if s.ports)[:1]


def _may_begin(step: Step) -> bool:
    if step.control == "comment":
        return bool(step.ports)
    return step.control not in _NEVER_HEADS
