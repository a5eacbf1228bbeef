"""Loops, branches, and try-catch-finally.

The nodes hold what is theirs to decide (the next item, whether a condition holds); the engine,
which knows them by `control`, moves along the connections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Leave,
    Node,
    NodeError,
    Output,
    Outputs,
    Result,
    param,
    port,
    prop,
    unlisted,
)
from casare_rpa.nodes.values.iteration import pairs_of, range_of, truth
from casare_rpa.nodes.values.reading import MISSING, comma_separated, literal, refuse_unresolved

_PAIRED_START = "the id of the start node; else the nearest one around it"
_PAIRED_LOOP = "the id of the loop's start node; else the innermost loop"
_PAIRED_TRY = "the id of the try node"


class IfNode(Node):
    """Leave by `true` or `false`, as the condition says.

    The condition is a value, or an expression such as `{{row.amount}} > 20 and open`. Text like
    `yes` or `0` means what it says. An expression that fails counts as false, with a warning.
    """

    category = "control_flow"
    control = "if"
    example = {"condition": "2 > 1"}
    condition: Any = port(None, kind="expression", help="a value or an expression")
    expression: Any = prop("", kind="expression", help="used if there is no condition")
    exec_outputs = ("true", "false")

    def run(self, ctx: Context) -> Result:
        return Leave("true" if truth(_first(self.condition, self.expression)) else "false")


def _first(value: Any, expression: Any) -> Any:
    """The value, else what the expression gives: designers write an unused field as empty text."""
    return expression if value in (None, "") else value


class SwitchNode(Node):
    """Leave by the port of the case that equals the value, else by `default`.

    Texts are compared. The port of a case is `case_<text>`, or `case_<position>` counted from 0.
    Without `cases` every port `case_<text>` that is wired is a case.
    """

    category = "control_flow"
    control = "switch"
    example = {"value": "b", "cases": ["a", "b"]}
    value: Any = port(None, kind="any", help="what to compare")
    cases: Any = prop([], kind="list", help="a list, or a text with commas")
    expression: Any = prop("", kind="expression", help="gives the value if there is none")
    exec_outputs = ("default", "exec_out")

    #: The position of the case that was met.
    matched: int | None = None

    @classmethod
    def exec_outputs_for(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        cases = _case_texts(config.get("cases"))
        named = [f"case_{case}" for case in cases]
        placed = [f"case_{n}" for n in range(len(cases))]
        return (*dict.fromkeys((*named, *placed)), *cls.exec_outputs)

    def run(self, ctx: Context) -> Result:
        texts = _spellings(_first(self.value, self.expression))
        cases = _case_texts(self.cases)
        if not cases:
            return Leave(f"case_{texts[-1]}")
        value = next((text for text in texts if text in cases), None)
        if value is None:
            return Leave("default")
        self.matched = cases.index(value)
        return Leave(f"case_{value}")


def _spellings(value: Any) -> list[str]:
    """Its text form, and how files write it: booleans in small letters, 5.0 as 5."""
    if isinstance(value, bool):
        return [str(value), str(value).lower()]
    if isinstance(value, float) and value.is_integer():
        return [str(value), str(int(value))]
    return [_text(value)]


def _case_texts(cases: Any) -> list[str]:
    if isinstance(cases, str):
        found = literal(cases)
        if not isinstance(found, list):
            return [case.strip() for case in cases.split(",")] if cases.strip() else []
        cases = found
    return [_text(case) for case in cases] if isinstance(cases, (list, tuple)) else []


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class MergeNode(Node):
    """Bring branches together; it runs once, when the first of them comes."""

    category = "control_flow"

    def run(self, ctx: Context) -> None:
        return None


class ForLoopStartNode(Node):
    """Run the body once for each item of a list, map, text or range.

    In mode `items` the source is `items` (a list, JSON text, a placeholder), else the variable
    named by `list_var`, else the range. In each pass the variables `<item_var>` and
    `<item_var>_index` hold the item and its place, for maps `<item_var>_key` the key. Afterwards
    the run goes on by `completed`, or behind the loop's end node if nothing is wired there.
    """

    category = "control_flow"
    control = "for"
    example = {"items": [1, 2, 3]}
    mode: str = prop("items", kind="choice", choices=("items", "range"), help="what to go over")
    items: Any = port(None, kind="any", help="list, map, text or JSON text")
    list_var: Any = prop("", kind="string", help="a variable that holds the items")
    item_var: str = prop("item", kind="string", help="the variable for the current item")
    start: Any = prop(0, kind="integer", help="the first number of the range")
    end: Any = param(10, kind="integer", help="the range ends before it")
    step: Any = prop(1, kind="integer", minimum=1, help="may also be negative")
    outputs = (
        Output("current_item", "ANY", aliases=("item",)),
        Output("current_index", "INTEGER", aliases=("index",)),
        Output("current_key", "ANY", aliases=("key",)),
    )
    exec_outputs = ("body", "completed")
    #: The format declares a least step of 1, yet negative ones are fine.
    beyond_limits = frozenset({"step"})

    def run(self, ctx: Context) -> Result:
        self._keys, self._items = self._source(ctx)
        self._index = 0
        return self.next_pass(ctx) if self.has_more else Leave("completed")

    @property
    def has_more(self) -> bool:
        """Whether there is another pass."""
        return self._index < len(self._items)

    def next_pass(self, ctx: Context) -> Outputs:
        """Set the variables of the next pass; its outputs."""
        index, name = self._index, self.item_var or "item"
        self._index += 1
        item = self._items[index]
        ctx.set_variable(name, item)
        ctx.set_variable(f"{name}_index", index)
        outputs = {"current_item": item, "current_index": index}
        if self._keys is not None:
            outputs["current_key"] = self._keys[index]
            ctx.set_variable(f"{name}_key", self._keys[index])
        return outputs

    def _source(self, ctx: Context) -> tuple[Sequence[Any] | None, Sequence[Any]]:
        if self.mode != "range":
            if self.items is not None and not (self.items == "" and self.list_var):
                return pairs_of(self._named(ctx))
            if self.list_var:
                named = isinstance(self.list_var, str)
                found = ctx.get_variable(self.list_var) if named else self.list_var
                if found is not None:
                    return pairs_of(found)
        return None, range_of(self.start, self.end, self.step)

    def _named(self, ctx: Context) -> Any:
        """The items; a text that is the name of a list or map stands for it."""
        if isinstance(self.items, str):
            found = ctx.variables.get(self.items.strip())
            if isinstance(found, (list, tuple, Mapping)):
                return found
            refuse_unresolved(self.items, "items")
        return self.items


class _LoopEnd(Node, abstract=True):
    category = "control_flow"
    paired_start_id: str = prop("", kind="string", help=_PAIRED_START)

    def run(self, ctx: Context) -> None:
        return None


class ForLoopEndNode(_LoopEnd):
    """End a pass of a for loop: the next item follows."""

    control = "for_end"
    example = {"paired_start_id": "each_row"}


class WhileLoopStartNode(Node):
    """Run the body as long as a condition holds, at most `max_iterations` times.

    The condition is read before each pass, as IfNode reads it.
    """

    category = "control_flow"
    control = "while"
    example = {"condition": "{{count}} < 3", "max_iterations": 100}
    condition: Any = port(
        None, kind="expression", port_kind="BOOLEAN", help="a value or an expression"
    )
    expression: Any = prop("", kind="expression", help="used if there is no condition")
    max_iterations: int = prop(1000, kind="integer", minimum=1, help="passes at most")
    outputs = (Output("current_iteration", "INTEGER"),)
    exec_outputs = ("body", "completed")

    #: Passes that are over; set by the engine.
    iteration: int = 0

    def run(self, ctx: Context) -> Result:
        if self.iteration >= self.max_iterations:
            return Leave("completed")
        held = truth(_first(self.condition, self.expression))
        return {"current_iteration": self.iteration} if held else Leave("completed")


class WhileLoopEndNode(_LoopEnd):
    """End a pass of a while loop: the condition is read again."""

    control = "while_end"
    example = {"paired_start_id": "until_empty"}


class BreakNode(Node):
    """Leave a loop at once; the run goes on behind it."""

    category = "control_flow"
    control = "break"
    example = {"paired_loop_start_id": "each_row"}
    paired_loop_start_id: str = prop("", kind="string", help=_PAIRED_LOOP)

    def run(self, ctx: Context) -> None:
        return None


class ContinueNode(Node):
    """End the current pass of a loop; the next one follows."""

    category = "control_flow"
    control = "continue"
    example = {"paired_loop_start_id": "each_row"}
    paired_loop_start_id: str = prop("", kind="string", help=_PAIRED_LOOP)

    def run(self, ctx: Context) -> None:
        return None


class TryNode(Node):
    """Protect a body: a failure in it goes to the catch node.

    The body is what `try_body` leads to; without such a connection, the chain behind the node.
    After catch and finally the run goes on by `exec_out`.
    """

    category = "control_flow"
    control = "try"
    exec_outputs = ("exec_out", "try_body")

    def run(self, ctx: Context) -> Result:
        return Leave("try_body")


class CatchNode(Node):
    """Handle a failure of the try body, and say what it was.

    It belongs to the try named by `paired_try_id`, else to the nearest one before it. With
    `error_types` (error codes or exception names, with commas) other failures pass on.
    """

    category = "control_flow"
    control = "catch"
    example = {"paired_try_id": "try", "error_types": "FILE_NOT_FOUND, TimeoutError"}
    paired_try_id: str = prop("", kind="string", help=_PAIRED_TRY)
    error_types: str = prop("", kind="string", help="what to catch; empty: everything")
    outputs = (
        Output("error_message", "STRING"),
        Output("error_type", "STRING"),
        Output("stack_trace", "STRING"),
    )
    exec_outputs = ("catch_body",)

    def run(self, ctx: Context) -> Result:
        return Leave("catch_body")


class FinallyNode(Node):
    """Do what must be done after a try, whether it failed or not."""

    category = "control_flow"
    control = "finally"
    example = {"paired_try_id": "try"}
    paired_try_id: str = prop("", kind="string", help=_PAIRED_TRY)
    outputs = (Output("had_error", "BOOLEAN"),)
    exec_outputs = ("finally_body",)

    def run(self, ctx: Context) -> Result:
        return Leave("finally_body", {"had_error": False})


class ForkNode(Node):
    """Run several branches at the same time, each on its own copy of the variables.

    They end at the join. A branch that fails is recorded in the join's results as `_error`, unless
    all fail; with `fail_fast` the first failure stops the others and fails the fork. Without a
    `branch_count` there are as many as are connected.
    """

    category = "control_flow"
    control = "fork"
    example = {"branch_count": 3}
    branch_count: int = prop(2, kind="integer", minimum=2, maximum=10, help="how many")
    fail_fast: bool = prop(False, kind="boolean", help="stop all at the first failure")
    paired_join_id: str = unlisted("", kind="string", help="the join; else the nearest one")
    exec_outputs = ("branch_1", "branch_2")

    @classmethod
    def exec_outputs_for(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        count = _within(config.get("branch_count"), 2, 10, 10)
        return tuple(f"branch_{n}" for n in range(1, count + 1))

    def run(self, ctx: Context) -> None:
        self.branch_count = _within(self.branch_count, 2, 10, 2)


class JoinNode(Node):
    """Wait for the branches of a fork and gather what they changed.

    Each public variable that a branch set is there as `branch_<n>_<name>`, and in `results` by
    branch. `merge_strategy` takes all branches, or the one that finished first or last.
    """

    category = "control_flow"
    control = "join"
    example = {"merge_strategy": "all"}
    merge_strategy: str = prop(
        "all", kind="choice", choices=("all", "first", "last"), help="whose results to take"
    )
    paired_fork_id: str = unlisted("", kind="string", help="the fork; else the nearest one")
    outputs = (Output("results", "DICT"), Output("branch_count", "INTEGER"))

    def run(self, ctx: Context) -> Outputs:
        return {"results": {}, "branch_count": 0}


class ParallelForEachNode(Node):
    """Run the body once for each item, several items at the same time.

    Each has its own copy of the variables, with `item` and `index`. `results` holds, in the order
    of the items, the public variables that the body set; for an item that failed `_error`, unless
    all failed. With `fail_fast` the first failure stops the others and fails the node.
    """

    category = "control_flow"
    control = "each"
    example = {"items": ["a.csv", "b.csv"], "batch_size": 2}
    items: Any = param(None, kind="list", required=True, help="list, map, text or JSON text")
    batch_size: int = prop(5, kind="integer", minimum=1, maximum=50, help="items at the same time")
    fail_fast: bool = prop(False, kind="boolean", help="stop all at the first failure")
    timeout_per_item: Any = prop(60, kind="integer", minimum=1, help="seconds for one item")
    outputs = (
        Output("current_item", "ANY"),
        Output("current_index", "INTEGER"),
        Output("results", "LIST"),
    )
    exec_outputs = ("body", "completed")

    def run(self, ctx: Context) -> None:
        self.batch_size = _within(self.batch_size, 1, 50, 5)
        if not isinstance(self.timeout_per_item, (int, float)) or self.timeout_per_item <= 0:
            raise NodeError("timeout_per_item must be above 0", ErrorCode.VALUE_OUT_OF_RANGE)

    def listed(self, ctx: Context) -> list[Any]:
        """The items; a text may also name a variable."""
        items = self.items
        if isinstance(items, str):
            items = ctx.get_variable(items.strip(), items)
        if isinstance(items, str):
            refuse_unresolved(items, "items")
            if "," in items and literal(items) is MISSING:
                items = comma_separated(items)
        return list(pairs_of(items)[1])


def _within(value: Any, least: int, most: int, default: int) -> int:
    try:
        return max(least, min(most, int(value)))
    except (TypeError, ValueError):
        return default
