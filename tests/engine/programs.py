"""Random structured programs: run as plain Python, and written as workflows.

A statement is a frozen dataclass. `interpret` is the oracle; `Writer` makes the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hypothesis import strategies as st

Block: TypeAlias = "tuple[Statement, ...]"
NAMES = ("x", "y")


@dataclass(frozen=True)
class Set:
    name: str
    value: int


@dataclass(frozen=True)
class Add:
    name: str
    amount: int


@dataclass(frozen=True)
class Log:
    name: str


@dataclass(frozen=True)
class If:
    name: str
    below: int
    then: Block
    other: Block
    quoted: bool
    fed: bool = False


@dataclass(frozen=True)
class For:
    """`style`: an end node with or without the start's id, or none at all."""

    items: tuple[int, ...]
    body: Block
    style: str
    leave_by_end: bool


@dataclass(frozen=True)
class While:
    """`fed`: the condition comes from a node that only delivers data."""

    passes: int
    body: Block
    style: str
    leave_by_end: bool
    fed: bool = False


@dataclass(frozen=True)
class Switch:
    name: str
    cases: tuple[tuple[int, Block], ...]
    default: Block
    by_position: bool


@dataclass(frozen=True)
class Try:
    body: Block
    catch: Block | None
    types: str
    final: Block | None


@dataclass(frozen=True)
class Retry:
    attempts: int
    body: Block
    failed: Block | None


@dataclass(frozen=True)
class Jump:
    """Break or continue; `outwards` counts loops from the innermost, 0 without naming it."""

    kind: str
    outwards: int


@dataclass(frozen=True)
class Fail:
    kind: str


Statement: TypeAlias = Set | Add | Log | If | For | While | Switch | Try | Retry | Jump | Fail


# -- the oracle ------------------------------------------------------------------------------------


class ProgramFailed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Jumped(Exception):
    def __init__(self, kind: str, loops_left: int) -> None:
        self.kind = kind
        self.loops_left = loops_left


@dataclass
class Outcome:
    variables: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    logs: list[str] = field(default_factory=list)
    error: str | None = None


def interpret(program: Block) -> Outcome:
    outcome = Outcome()
    try:
        _block(program, outcome, 0)
    except ProgramFailed as error:
        outcome.error = str(error)
    return outcome


def _block(block: Block, out: Outcome, loops: int) -> None:
    for statement in block:
        _run(statement, out, loops)


def _run(statement: Statement, out: Outcome, loops: int) -> None:
    values = out.variables
    match statement:
        case Set(name, value):
            values[name] = value
        case Add(name, amount):
            values[name] += amount
        case Log(name):
            out.logs.append(f"{name} is {values[name]}")
        case If(name, below, then, other):
            _block(then if values[name] < below else other, out, loops)
        case For(items, body):
            for item in items:
                values["y"] = item
                if not _pass(body, out, loops):
                    break
        case While(passes, body):
            for _ in range(passes):
                if not _pass(body, out, loops):
                    break
        case Switch(name, cases, default):
            chosen = (block for case, block in cases if case == values[name])
            _block(next(chosen, default), out, loops)
        case Try():
            _try(statement, out, loops)
        case Retry():
            _retry(statement, out, loops)
        case Jump(kind, outwards):
            if loops:
                raise Jumped(kind, min(outwards, loops - 1))
        case Fail(kind):
            raise ProgramFailed(*FAILURES[kind])


FAILURES = {
    "throw": ("UNKNOWN_ERROR", "thrown"),
    "assert": ("VALIDATION_FAILED", "Assertion failed: no"),
}


def _pass(body: Block, out: Outcome, loops: int) -> bool:
    """One pass of a loop; False if it was the last."""
    try:
        _block(body, out, loops + 1)
    except Jumped as jump:
        if jump.loops_left:
            raise Jumped(jump.kind, jump.loops_left - 1) from None
        return jump.kind == "continue"
    return True


def _try(statement: Try, out: Outcome, loops: int) -> None:
    try:
        try:
            _block(statement.body, out, loops)
        except ProgramFailed as error:
            if statement.catch is None or statement.types not in ("", error.code):
                raise
            out.logs.append(f"caught {error}")
            _block(statement.catch, out, loops)
    finally:
        if statement.final is not None:
            _block(statement.final, out, loops)


def _retry(statement: Retry, out: Outcome, loops: int) -> None:
    for attempt in range(1, statement.attempts + 1):
        try:
            _block(statement.body, out, loops)
            return
        except ProgramFailed:
            if attempt == statement.attempts:
                if statement.failed is None:
                    raise
                break
    _block(statement.failed or (), out, loops)


# -- the workflow ----------------------------------------------------------------------------------

Exits: TypeAlias = list[tuple[str, str]]


class Writer:
    """Writes a program as nodes and connections."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        self.connections: list[dict[str, str]] = []
        self._loops: list[str] = []

    def document(self, program: Block) -> dict[str, Any]:
        begin = self._node("StartNode", {})
        self._block(program, [(begin, "exec_out")])
        return {
            "metadata": {"name": "program"},
            "nodes": self.nodes,
            "connections": self.connections,
            "variables": dict.fromkeys(NAMES, 0),
        }

    def _node(self, node_type: str, config: Mapping[str, Any]) -> str:
        node_id = f"n{len(self.nodes)}"
        self.nodes[node_id] = {
            "node_id": node_id,
            "node_type": node_type,
            "config": dict(config),
        }
        return node_id

    def _link(self, exits: Exits, target: str) -> None:
        for source, port in exits:
            self.connections.append(
                {
                    "source_node": source,
                    "source_port": port,
                    "target_node": target,
                    "target_port": "exec_in",
                }
            )

    def _plain(self, exits: Exits, node_type: str, **config: Any) -> Exits:
        node_id = self._node(node_type, config)
        self._link(exits, node_id)
        return [(node_id, "exec_out")]

    def _block(self, block: Block, exits: Exits) -> Exits:
        for statement in block:
            if not exits:
                return []  # what stands behind a jump would be a chain of its own
            exits = self._write(statement, exits)
        return exits

    def _write(self, statement: Statement, exits: Exits) -> Exits:
        match statement:
            case Set(name, value):
                return self._plain(exits, "SetVariableNode", variable_name=name, value=value)
            case Add(name, amount):
                return self._plain(
                    exits, "IncrementVariableNode", variable_name=name, increment=amount
                )
            case Log(name):
                return self._plain(exits, "LogNode", message=f"{name} is {{{{{name}}}}}")
            case If():
                return self._if(statement, exits)
            case For():
                return self._for(statement, exits)
            case While():
                return self._while(statement, exits)
            case Switch():
                return self._switch(statement, exits)
            case Try():
                return self._try(statement, exits)
            case Retry():
                return self._retry(statement, exits)
            case Jump():
                return self._jump(statement, exits)
            case Fail("throw"):
                self._plain(exits, "ThrowErrorNode", error_message="thrown")
                return []
            case Fail():
                self._plain(exits, "AssertNode", condition=False, message="no")
                return []

    def _if(self, statement: If, exits: Exits) -> Exits:
        name, below = statement.name, statement.below
        text = f"{{{{{name}}}}} < {below}" if statement.quoted else f"{name} < {below}"
        node = self._node("IfNode", {} if statement.fed else {"condition": text})
        if statement.fed:
            self._feed(node, name, below)
        self._link(exits, node)
        return [
            *self._block(statement.then, [(node, "true")]),
            *self._block(statement.other, [(node, "false")]),
        ]

    def _for(self, statement: For, exits: Exits) -> Exits:
        start = self._node("ForLoopStartNode", {"items": list(statement.items), "item_var": "y"})
        self._link(exits, start)
        return self._loop("ForLoopEndNode", start, statement, [(start, "body")])

    def _while(self, statement: While, exits: Exits) -> Exits:
        counter = f"passes_{len(self.nodes)}"
        exits = self._plain(exits, "SetVariableNode", variable_name=counter, value=0)
        text = f"{{{{{counter}}}}} < {statement.passes}"
        start = self._node("WhileLoopStartNode", {} if statement.fed else {"condition": text})
        if statement.fed:
            self._feed(start, counter, statement.passes)
        self._link(exits, start)
        counted = self._plain([(start, "body")], "IncrementVariableNode", variable_name=counter)
        return self._loop("WhileLoopEndNode", start, statement, counted)

    def _feed(self, target: str, name: str, below: int) -> None:
        """Let a comparison that nothing leads to deliver the condition of *target*."""
        about = {"a": f"{{{{{name}}}}}", "operator": "<", "b": below}
        source = self._node("ComparisonNode", about)
        self.connections.append(
            {
                "source_node": source,
                "source_port": "result",
                "target_node": target,
                "target_port": "condition",
            }
        )

    def _loop(self, end_type: str, start: str, statement: For | While, exits: Exits) -> Exits:
        self._loops.append(start)
        exits = self._block(statement.body, exits)
        self._loops.pop()
        if statement.style == "open" or not exits:
            return [(start, "completed")]
        paired = {"paired_start_id": start} if statement.style == "paired" else {}
        end = self._node(end_type, paired)
        self._link(exits, end)
        return [(end, "exec_out")] if statement.leave_by_end else [(start, "completed")]

    def _switch(self, statement: Switch, exits: Exits) -> Exits:
        cases = [case for case, _ in statement.cases]
        node = self._node("SwitchNode", {"value": f"{{{{{statement.name}}}}}", "cases": cases})
        self._link(exits, node)
        found: Exits = []
        for index, (case, block) in enumerate(statement.cases):
            port = f"case_{index}" if statement.by_position else f"case_{case}"
            found += self._block(block, [(node, port)])
        return found + self._block(statement.default, [(node, "default")])

    def _try(self, statement: Try, exits: Exits) -> Exits:
        node = self._node("TryNode", {})
        self._link(exits, node)
        # A try without its own body would take the chain behind it as its body.
        self._block(statement.body, self._plain([(node, "try_body")], "MergeNode"))
        if statement.catch is not None:
            about = {"paired_try_id": node, "error_types": statement.types}
            catch = self._node("CatchNode", about)
            shown = f"caught {{{{{catch}.error_message}}}}"
            logged = self._plain([(catch, "catch_body")], "LogNode", message=shown)
            self._block(statement.catch, logged)
        if statement.final is not None:
            final = self._node("FinallyNode", {"paired_try_id": node})
            self._block(statement.final, [(final, "finally_body")])
        return [(node, "exec_out")]

    def _retry(self, statement: Retry, exits: Exits) -> Exits:
        about = {"max_attempts": statement.attempts, "initial_delay": 0}
        node = self._node("RetryNode", about)
        self._link(exits, node)
        self._block(statement.body, [(node, "retry_body")])
        found: Exits = [(node, "success")]
        if statement.failed is not None:
            merge = self._plain([(node, "failed")], "MergeNode")
            found += self._block(statement.failed, merge)
        return found

    def _jump(self, statement: Jump, exits: Exits) -> Exits:
        if not self._loops:
            return exits
        node_type = "BreakNode" if statement.kind == "break" else "ContinueNode"
        outwards = min(statement.outwards, len(self._loops) - 1)
        named = {"paired_loop_start_id": self._loops[-1 - outwards]} if outwards else {}
        self._plain(exits, node_type, **named)
        return []


# -- random programs -------------------------------------------------------------------------------

_SIMPLE = ("set", "add", "log", "log", "jump", "fail")
_COMPOUND = ("if", "for", "while", "switch", "try", "retry")
_STYLES = ("paired", "unpaired", "open")
MAX_DEPTH = 5


@st.composite
def programs(draw: st.DrawFn) -> Block:
    """Programs of up to MAX_DEPTH nested statements, small enough to run in milliseconds."""
    return _Drawing(draw).block(0)


class _Drawing:
    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._left = 30

    def block(self, depth: int) -> Block:
        return tuple(self.statement(depth) for _ in range(self.number(0, 3 if depth else 5)))

    def number(self, least: int, most: int) -> int:
        return self._draw(st.integers(least, most))

    def one_of(self, *choices: Any) -> Any:
        return choices[self.number(0, len(choices) - 1)]

    def maybe(self, depth: int) -> Block | None:
        return self.block(depth) if self.number(0, 2) else None

    def statement(self, depth: int) -> Statement:
        self._left -= 1
        deep = depth < MAX_DEPTH and self._left > 0 and self.number(0, 2)
        name, small = self.one_of(*NAMES), self.number(-2, 4)
        inner = depth + 1
        match self.one_of(*(_COMPOUND if deep else _SIMPLE)):
            case "set":
                return Set(name, small)
            case "add":
                return Add(name, small)
            case "log":
                return Log(name)
            case "jump":
                return Jump(self.one_of("break", "continue"), self.number(0, 2))
            case "fail":
                return Fail(self.one_of("throw", "assert"))
            case "if":
                blocks = self.block(inner), self.block(inner)
                return If(name, small, *blocks, self.one_of(0, 1) == 0, self.number(0, 2) == 2)
            case "for":
                items = tuple(self.number(-2, 4) for _ in range(self.number(0, 3)))
                return For(items, self.block(inner), self.one_of(*_STYLES), self.number(0, 1) == 1)
            case "while":
                passes, style = self.number(0, 3), self.one_of(*_STYLES)
                by_end, fed = self.number(0, 1) == 1, self.number(0, 2) == 2
                return While(passes, self.block(inner), style, by_end, fed)
            case "switch":
                values = [v for v in (-2, -1, 5, 6) if self.number(0, 1)]
                cases = tuple((value, self.block(inner)) for value in values)
                return Switch(name, cases, self.block(inner), self.number(0, 1) == 1)
            case "try":
                types = self.one_of("", "VALIDATION_FAILED")
                return Try(self.block(inner), self.maybe(inner), types, self.maybe(inner))
            case _:
                return Retry(self.number(1, 3), self.block(inner), self.maybe(inner))
