"""Expressions of workflows: restricted Python, parsed once, evaluated against a scope.

Literals, arithmetic, comparisons, `and or not in is`, `a if b else c`, indexing, attribute reads
(which also read map keys), the methods and functions of `terms`. Everything else
is refused when the text is parsed: no lambdas, comprehensions, f-strings, bit shifts or names with
two underscores. What could grow without bound (powers, repeated text, long ranges) has a limit.
A *full* expression, that of EvalExpressionNode, may also use what `comprehensions` evaluates.

A `{{placeholder}}` stands for its value, whatever its type; inside quotes it is text. Files hold
numbers as text, too: such text counts as the number it spells beside a number.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar

from simpleeval import SimpleEval

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.engine.language import comprehensions
from casare_rpa.engine.language.placeholders import (
    Scope,
    Template,
    compile_text,
    find_placeholders,
    text_of,
)
from casare_rpa.engine.language.terms import (
    BOUNDED_METHODS,
    FUNCTIONS,
    MAP_METHODS,
    METHODS,
    OPERATORS,
    ORDER,
    SIZE_AND_EQUALITY,
    alike,
    as_numbers,
)
from casare_rpa.nodes.base import NodeError

MAX_EXPRESSION_LENGTH = 10_000


class ExpressionError(NodeError):
    """An expression cannot be parsed, names something unknown, or fails."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ErrorCode.EXPRESSION_ERROR)


_GRAMMAR = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.BoolOp),
    *(ast.And, ast.Or, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Attribute),
    *(ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Dict, *OPERATORS),
)
_CONSTANTS = {"true": True, "false": False, "null": None}


class _Evaluator(comprehensions.Comprehensions, SimpleEval):  # type: ignore[misc]  # simpleeval has no types
    """One evaluation: simpleeval's walk over the tree with our names, attributes and limits."""

    def __init__(self, slots: Mapping[str, Any], scope: Scope, extra: Mapping[str, Any]) -> None:
        self.names = self
        self.slots = slots
        self.scope = scope
        self.extra = extra
        self.operators = OPERATORS
        self.functions = FUNCTIONS
        self.expr = ""
        self.nodes = self._node_table()

    _HANDLERS: ClassVar[dict[type, str]] = {
        ast.Constant: "_eval_constant",
        ast.Name: "_eval_name",
        ast.BinOp: "_eval_binop",
        ast.UnaryOp: "_eval_unaryop",
        ast.BoolOp: "_eval_boolop",
        ast.Compare: "_eval_compare",
        ast.IfExp: "_eval_ifexp",
        ast.Call: "_eval_call",
        ast.keyword: "_eval_keyword",
        ast.Attribute: "_eval_attribute",
        ast.Subscript: "_eval_subscript",
        ast.Slice: "_eval_slice",
        ast.List: "_eval_list",
        ast.Tuple: "_eval_tuple",
        ast.Dict: "_eval_dict",
        **comprehensions.Comprehensions.HANDLERS,
    }

    def _eval(self, node: Any) -> Any:
        return SimpleEval._eval(self, node)

    def _node_table(self) -> dict[type, Callable[[Any], Any]]:
        return {kind: getattr(self, name) for kind, name in self._HANDLERS.items()}

    def _check_disallowed_items(self, item: Any) -> None:
        # Every way to a function is closed by the grammar and METHODS; walking each value, as
        # simpleeval does, would make `len(rows)` cost as much as the rows.
        return

    def _eval_constant(self, node: Any) -> Any:
        template: Template | None = getattr(node, "template", None)
        return node.value if template is None else text_of(template.resolve(self.scope))

    def _eval_name(self, node: Any) -> Any:
        name: str = node.id
        if name in self.slots:
            return self.slots[name].resolve_value(self.scope)
        for names in (self.extra, self.scope.variables, _CONSTANTS, self.scope.outputs):
            if name in names:
                return names[name]
        raise NameError(f"nothing is called '{name}'")

    def _eval_call(self, node: Any) -> Any:
        function = self._function(node.func)
        keywords = dict(self._eval_keyword(k) for k in node.keywords if k.arg)
        return function(*(self._eval(arg) for arg in node.args), **keywords)

    def _eval_keyword(self, node: Any) -> tuple[str, Any]:
        return node.arg, self._eval(node.value)

    def _function(self, node: Any) -> Callable[..., Any]:
        if isinstance(node, ast.Attribute):
            found = self._attribute(node, call=True)
        else:
            name = node.id
            found = self.extra.get(name, FUNCTIONS.get(name))
        if not callable(found):
            raise TypeError(f"'{ast.unparse(node)}' is no function")
        function: Callable[..., Any] = found
        return function

    def _eval_attribute(self, node: Any) -> Any:
        found = self._attribute(node, call=False)
        if callable(found):
            raise TypeError(f"'{node.attr}' is a method: call it")
        return found

    def _attribute(self, node: ast.Attribute, *, call: bool) -> Any:
        value, name = self._eval(node.value), node.attr
        if isinstance(value, Mapping) and name in value and not (call and name in MAP_METHODS):
            return value[name]
        if isinstance(value, str) and name in BOUNDED_METHODS:
            method = BOUNDED_METHODS[name]
            return lambda *args: method(value, *args)
        for kind, allowed in METHODS:
            if isinstance(value, kind) and name in allowed:
                return getattr(value, name)
        raise AttributeError(f"{type(value).__name__} has no '{name}'")

    def _eval_compare(self, node: Any) -> Any:
        left, before, held = self._eval(node.left), node.left, True
        for operation, after in zip(node.ops, node.comparators, strict=True):
            right, kind = self._eval(after), type(operation)
            pair = alike(left, right) if kind in SIZE_AND_EQUALITY else (left, right)
            if kind in ORDER and self._is_slot(before) and self._is_slot(after):
                pair = as_numbers(left, right)
            held = OPERATORS[kind](*pair)
            if not held:
                break
            left, before = right, after
        return held

    def _eval_binop(self, node: Any) -> Any:
        left, right = self._eval(node.left), self._eval(node.right)
        if isinstance(left, str) != isinstance(right, str):
            texts = node.left if isinstance(left, str) else node.right
            counts = not isinstance(texts, ast.Constant)
        else:
            counts = self._is_slot(node.left) and self._is_slot(node.right)
        pair = as_numbers(left, right) if counts else (left, right)
        return OPERATORS[type(node.op)](*pair)

    def _is_slot(self, node: Any) -> bool:
        return isinstance(node, ast.Name) and node.id in self.slots

    def _eval_list(self, node: Any) -> list[Any]:
        return [self._eval(item) for item in node.elts]

    def _eval_tuple(self, node: Any) -> tuple[Any, ...]:
        return tuple(self._eval(item) for item in node.elts)

    def _eval_dict(self, node: Any) -> dict[Any, Any]:
        pairs = zip(node.keys, node.values, strict=True)
        return {self._eval(key): self._eval(value) for key, value in pairs}


class Expression:
    """A parsed expression. Raises ExpressionError when the text is not one."""

    __slots__ = ("_slots", "_tree", "text")

    def __init__(self, text: str, *, full: bool = False) -> None:
        self.text = text
        if len(text) > MAX_EXPRESSION_LENGTH:
            raise ExpressionError(f"an expression longer than {MAX_EXPRESSION_LENGTH} characters")
        marked, self._slots = _mark_placeholders(text)
        self._tree = _parse(marked, text, self._slots, full)

    @property
    def is_placeholder(self) -> bool:
        """Whether it is one placeholder and nothing else."""
        return isinstance(self._tree, ast.Name) and self._tree.id in self._slots

    def evaluate(self, scope: Scope, names: Mapping[str, Any] | None = None) -> Any:
        """The value in *scope*; *names* come before its variables. Raises ExpressionError."""
        try:
            return _Evaluator(self._slots, scope, names or {})._eval(self._tree)
        except NodeError:
            raise
        except RecursionError:
            raise ExpressionError(f"'{_short(self.text)}' is nested too deeply") from None
        except Exception as error:
            raise ExpressionError(f"'{_short(self.text)}': {error}") from error


@lru_cache(maxsize=4096)
def parse_expression(text: str, *, full: bool = False) -> Expression:
    """The parsed *text*, from a cache. Raises ExpressionError."""
    return Expression(text, full=full)


def said_by(
    text: str, scope: Scope, names: Mapping[str, Any] | None = None, *, full: bool = False
) -> Any:
    """What *text*, the value of a placeholder, comes to if it is an expression; else the text."""
    # What a text from elsewhere holds in braces is not looked up: it might name a secret.
    if "{{" not in text:
        with suppress(NodeError):
            return parse_expression(text, full=full).evaluate(scope, names)
    return text


def _mark_placeholders(text: str) -> tuple[str, dict[str, Template]]:
    """Put a name in the place of each placeholder; which one stands inside quotes shows later."""
    prefix = "_slot"
    while prefix in text:
        prefix += "_"
    slots: dict[str, Template] = {}
    pieces: list[str] = []
    position = 0
    for start, end in find_placeholders(text, legacy_percent=False):
        name = f"{prefix}{len(slots)}_"
        slots[name] = compile_text(text[start:end])
        pieces += (text[position:start], name)
        position = end
    return "".join((*pieces, text[position:])), slots


def _parse(marked: str, text: str, slots: dict[str, Template], full: bool) -> ast.AST:
    try:
        tree = ast.parse(marked.strip(), mode="eval")
        for node in ast.walk(tree):
            _check(node, slots, full)
    except ExpressionError as error:
        raise ExpressionError(f"'{_short(text)}': {error.message}") from None
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise ExpressionError(f"'{_short(text)}' is not an expression: {reason}") from None
    return tree.body


def _check(node: ast.AST, slots: dict[str, Template], full: bool) -> None:
    if full and isinstance(node, comprehensions.GRAMMAR):
        comprehensions.check(node)
    elif not isinstance(node, _GRAMMAR):
        raise ExpressionError(f"{type(node).__name__} is not allowed")
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name) if "__" in name and name not in slots:
            raise ExpressionError(f"'{name}' is not allowed")
        case ast.Constant(value=str(text)) if slots:
            _bind_quoted(node, text, slots)
        case ast.Call(func=function) if not isinstance(function, (ast.Name, ast.Attribute)):
            raise ExpressionError("only functions and methods can be called")
        case ast.Dict(keys=keys) if None in keys:
            raise ExpressionError("** is not allowed")


def _bind_quoted(node: ast.Constant, text: str, slots: dict[str, Template]) -> None:
    parts = re.split("|".join(map(re.escape, slots)), text)
    if len(parts) == 1:
        return
    found = iter(re.findall("|".join(map(re.escape, slots)), text))
    pieces: list[Any] = [parts[0]]
    for part in parts[1:]:
        pieces += (slots[next(found)], part)
    node.template = Template.joined(pieces)  # type: ignore[attr-defined]


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
