"""What the expressions of EvalExpressionNode may use beyond those of conditions.

Comprehensions, lambdas that are given to a function, set literals and f-strings. All are evaluated
at once: a generator expression is a list, so that no frame can be reached. Passes and calls are
counted, and what they make is weighed, so that nested ones end and fit into memory.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, ClassVar, TypeVar

from casare_rpa.nodes.values.bounded import MAX_ITEMS, check_length

GRAMMAR = (
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Store),
    *(ast.Lambda, ast.arguments, ast.arg, ast.Set, ast.JoinedStr, ast.FormattedValue),
)
_MAX_WIDTH = 10_000
#: The characters and items that all passes and calls of one expression may make.
_MAX_MADE = 10_000_000
#: How long one expression may go through passes and calls.
_MAX_SECONDS = 10.0
T = TypeVar("T")


def _unchanged(value: Any) -> Any:
    return value


#: What stands behind the `!` of an f-string.
_CONVERSIONS: Mapping[int, Callable[[Any], Any]] = {ord("r"): repr, ord("s"): str, ord("a"): ascii}


class Comprehensions:
    """Evaluates the nodes of GRAMMAR, for a class that evaluates all others by `_eval`."""

    extra: Mapping[str, Any]
    _passes = 0
    _made = 0
    _over_at = 0.0

    HANDLERS: ClassVar[dict[type, str]] = {
        ast.ListComp: "_eval_items",
        ast.GeneratorExp: "_eval_items",
        ast.SetComp: "_eval_set_items",
        ast.DictComp: "_eval_pairs",
        ast.Lambda: "_eval_lambda",
        ast.Set: "_eval_set",
        ast.JoinedStr: "_eval_f_string",
        ast.FormattedValue: "_eval_formatted",
    }

    def _eval(self, node: ast.AST) -> Any:
        raise NotImplementedError

    def _eval_items(self, node: Any) -> list[Any]:
        return self._within(lambda: [self._weighed(node.elt) for _ in self._each(node.generators)])

    def _eval_set_items(self, node: Any) -> set[Any]:
        return set(self._eval_items(node))

    def _eval_pairs(self, node: Any) -> dict[Any, Any]:
        return self._within(
            lambda: {
                self._weighed(node.key): self._weighed(node.value)
                for _ in self._each(node.generators)
            }
        )

    def _eval_set(self, node: Any) -> set[Any]:
        return {self._eval(item) for item in node.elts}

    def _eval_lambda(self, node: Any) -> Callable[..., Any]:
        names = [argument.arg for argument in node.args.args]
        around = self.extra

        def call(*values: Any) -> Any:
            self._count()
            if len(values) != len(names):
                raise TypeError(f"the lambda takes {len(names)} values, not {len(values)}")
            bound = {**around, **dict(zip(names, values, strict=True))}
            return self._within(lambda: self._weighed(node.body), bound)

        return call

    def _eval_f_string(self, node: Any) -> str:
        text = "".join(str(self._eval(part)) for part in node.values)
        check_length(len(text))
        return text

    def _eval_formatted(self, node: Any) -> str:
        value = self._eval(node.value)
        convert = _CONVERSIONS.get(node.conversion, _unchanged)
        form = "" if node.format_spec is None else self._eval_f_string(node.format_spec)
        if any(len(width) > 5 or int(width) > _MAX_WIDTH for width in re.findall(r"\d+", form)):
            raise ValueError(f"a width beyond {_MAX_WIDTH}")
        return format(convert(value), form)

    def _each(self, generators: list[ast.comprehension]) -> Iterator[None]:
        """One step for each pass of the nested `for`s that its `if`s let through, names bound."""
        first, *inner = generators
        if first.is_async:
            raise TypeError("async is not allowed")
        values: Iterable[Any] = self._eval(first.iter)
        for value in values:
            self._count()
            self.extra = {**self.extra, **_bound(first.target, value)}
            if all(self._eval(test) for test in first.ifs):
                if inner:
                    yield from self._each(inner)
                else:
                    yield

    def _within(self, work: Callable[[], T], names: Mapping[str, Any] | None = None) -> T:
        """Do *work* with names of its own."""
        around = self.extra
        self.extra = around if names is None else names
        try:
            return work()
        finally:
            self.extra = around

    def _weighed(self, node: ast.AST) -> Any:
        value = self._eval(node)
        self._made += len(value) if isinstance(value, Sized) else 1
        if self._made > _MAX_MADE:
            raise ValueError(f"more than {_MAX_MADE} characters and items")
        return value

    def _count(self) -> None:
        self._passes += 1
        if self._passes > MAX_ITEMS:
            raise ValueError(f"more than {MAX_ITEMS} passes")
        now = time.monotonic()
        self._over_at = self._over_at or now + _MAX_SECONDS
        if now > self._over_at:
            raise ValueError(f"it takes longer than {_MAX_SECONDS:g} s")


def _bound(target: ast.expr, value: Any) -> dict[str, Any]:
    match target:
        case ast.Name(id=name):
            return {name: value}
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            values = list(value)
            if len(values) != len(parts):
                raise ValueError(f"{len(values)} values for {len(parts)} names")
            found: dict[str, Any] = {}
            for part, item in zip(parts, values, strict=True):
                found |= _bound(part, item)
            return found
    raise TypeError(f"'{ast.unparse(target)}' is no name")


def check(node: ast.AST) -> None:
    """Raise ValueError for a form of the GRAMMAR that is not evaluated."""
    match node:
        case ast.arg(arg=name) if "__" in name:
            raise ValueError(f"'{name}' is not allowed")
        case ast.arguments() if _has_more_than_names(node):
            raise ValueError("a lambda takes plain names only")


def _has_more_than_names(node: ast.arguments) -> bool:
    more = (node.posonlyargs, node.kwonlyargs, node.defaults, node.vararg, node.kwarg)
    return any(more)
