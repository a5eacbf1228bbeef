"""What of an answer is printed: the fields that --json names, the expression of --query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from casare_rpa.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The part of an answer that is wanted; all of it without fields and query."""

    fields: tuple[str, ...] = ()
    query: Query | None = None

    def select(self, item: Any) -> Any:
        """*item* with the wanted fields only, in their order; null for one that it lacks."""
        if not self.fields or not isinstance(item, Mapping):
            return item
        return {name: item.get(name) for name in self.fields}

    def ask(self, document: Any) -> Any:
        """What the query makes of *document*."""
        return document if self.query is None else self.query.of(document)


class Query:
    """A JMESPath expression. Raises InvalidInput with the position of what is wrong in it."""

    def __init__(self, expression: str) -> None:
        import jmespath

        try:
            self._compiled = jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            raise _refusal(expression, error) from None
        if unknown := sorted(set(_functions(self._compiled.parsed)) - _known_functions()):
            raise InvalidInput(
                f"--query: JMESPath has no function {unknown[0]}()", hint=_HINT
            ) from None

    def of(self, document: Any) -> Any:
        """Raises InvalidInput where a function is given what it does not take."""
        import jmespath

        try:
            return self._compiled.search(document)
        except jmespath.exceptions.JMESPathError as error:
            raise InvalidInput(f"--query: {_one_line(error)}", hint=_HINT) from None


_HINT = "The language is explained at https://jmespath.org/tutorial.html"


def _refusal(expression: str, error: Any) -> InvalidInput:
    position = getattr(error, "lexer_position", None)
    if position is None:
        position = getattr(error, "lex_position", None)
    if position is None:  # it ends too early, or is empty
        position = len(expression)
    found = repr(expression[position]) if position < len(expression) else "the end"
    return InvalidInput(
        f"--query: {expression!r} is no JMESPath expression: unexpected {found}"
        f" at character {position + 1}",
        hint=_HINT,
    )


def _functions(node: Any) -> Iterator[str]:
    """The names of all functions that the parsed expression calls."""
    if not isinstance(node, dict):
        return
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        yield from _functions(child)


def _known_functions() -> set[str]:
    from jmespath.functions import Functions

    return set(Functions.FUNCTION_TABLE)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def field_names(text: str, known: tuple[str, ...], command: str) -> tuple[str, ...]:
    """The fields in `a,b`. Raises InvalidInput for one that the *command* does not have.

    Without *known* ones every name is taken: the answer has no fixed shape.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if known and name not in known]
    if unknown:
        raise InvalidInput(
            f"--json: {command} has no field {unknown[0]!r}", hint=f"It has {', '.join(known)}."
        )
    return names
