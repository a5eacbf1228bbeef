"""Parameters that many text nodes share."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError, port, prop
from casare_rpa.nodes.values.reading import as_text


def text_port() -> Any:
    return port("", kind="string", help="The text; a value that is none counts in its text form.")


def flag(help: str, default: bool = False) -> Any:
    return prop(default, kind="boolean", help=help)


def ignore_case() -> Any:
    return flag("Take A and a for the same.")


def multiline() -> Any:
    return flag("^ and $ match at every line.")


def dotall() -> Any:
    return flag("A dot matches line ends as well.")


def one_of(value: Any, choices: tuple[str, ...], name: str) -> str:
    """*value* as one of *choices*, letter case aside. Raises NodeError for another."""
    plain = as_text(value).strip().lower()
    if plain not in choices:
        raise NodeError(
            f"{name} must be one of {', '.join(choices)}, not {value!r}", ErrorCode.INVALID_INPUT
        )
    return plain
