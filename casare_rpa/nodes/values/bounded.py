"""Functions and operators for expressions, limited in what they make and in how long they take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MAX_TEXT_LENGTH = 1_000_000
MAX_ITEMS = 1_000_000
MAX_BITS = 100_000
_MAX_DIGITS = 10_000


def check_length(length: int) -> None:
    if length > MAX_TEXT_LENGTH:
        raise ValueError(f"a value longer than {MAX_TEXT_LENGTH}")


def power(base: Any, exponent: Any, modulus: int | None = None) -> Any:
    if not isinstance(base, int | float) or not isinstance(exponent, int | float):
        raise TypeError("only numbers have powers")
    if modulus is not None:
        return pow(base, exponent, modulus)  # type: ignore[arg-type]
    if isinstance(base, int) and isinstance(exponent, int):
        _check_bits(base.bit_length() * abs(exponent))
    return base**exponent


def times(left: Any, right: Any) -> Any:
    for many, count in ((left, right), (right, left)):
        if isinstance(many, str | bytes | list | tuple) and isinstance(count, int):
            check_length(_written_out(many) * count)
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    return left * right


def plus(left: Any, right: Any) -> Any:
    if isinstance(left, str | bytes | list | tuple) and isinstance(
        right, str | bytes | list | tuple
    ):
        check_length(len(left) + len(right))
    return left + right


def range_of(*limits: int) -> range:
    made = range(*limits)
    if len(made) > MAX_ITEMS:
        raise ValueError(f"a range of more than {MAX_ITEMS} items")
    return made


def rounded(number: Any, digits: int | None = None) -> Any:
    # To round an int, Python makes the power of ten that it rounds to.
    if digits is not None and abs(digits) > _MAX_DIGITS:
        raise ValueError(f"more than {_MAX_DIGITS} digits")
    return round(number) if digits is None else round(number, digits)


def total(items: Iterable[Any], start: Any = 0) -> Any:
    if not isinstance(start, list | tuple):
        return sum(items, start)
    joined = list(start)
    for item in items:
        if not isinstance(item, type(start)):
            raise TypeError(f"a {type(item).__name__} among {type(start).__name__}s")
        joined += item
        check_length(len(joined))
    return type(start)(joined)


def _written_out(value: str | bytes | list[Any] | tuple[Any, ...]) -> int:
    """The length of a text; of a list the items in it and in them, as far as the limit.

    One list may be in another a thousand times at no cost, until somebody writes it out.
    """
    if isinstance(value, str | bytes):
        return len(value)
    count, pending = 0, list(value)
    while pending and count <= MAX_ITEMS:
        item = pending.pop()
        count += 1
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list | tuple):
            pending += item
    return count


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise ValueError(f"a number beyond {MAX_BITS} bits")
