"""Whether text that begins with `=` is a formula that Excel reads.

A workbook with one that it does not read is damaged for Excel, and only text stands in its place
then.
"""

from __future__ import annotations

import re
from typing import Any

_QUOTED = r"'(?:[^'|]|'')+'"
_SHEET = rf"(?:{_QUOTED}|(?:\[\d+\])?[\w.]+(?::[\w.]+)?|\[\d+\])!"
_NAME = r"(?:[^\W\d]|\\)[\w.\\?]*"
_PLACE = rf"(?:\$?[A-Za-z]{{1,3}}\$?\d+(?![\w.])|{_NAME}|\$[A-Za-z]{{1,3}}|\$?\d+|#REF!)"
_COLUMNS = r"\[(?:'.|[^\[\]']|\[(?:'.|[^\[\]'])*\])*\]"
# Each part is read in one way only: text from outside cannot make it try for ever.
_PART = rf"(?>(?:{_SHEET})?(?:(?:{_NAME})?{_COLUMNS}|{_PLACE}))"
#: A reference or a name; behind a bracket it may go on with a colon.
_REFERENCE = re.compile(rf":?{_PART}(?::{_PART})*", re.DOTALL)
_FUNCTION = re.compile(rf":?(?:{_PART}:)*(?:{_SHEET})?[^\W\d][\w.]*\(")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?")


def fault_of(text: str) -> str | None:
    """Why *text*, which begins with `=`, is no formula; None if it is one."""
    from openpyxl.formula import Tokenizer  # noqa: PLC0415 - an extra
    from openpyxl.formula.tokenizer import TokenizerError  # noqa: PLC0415

    try:
        tokens = Tokenizer(text).items
    except (TokenizerError, IndexError, ValueError):
        return "its quotes or brackets do not fit, or a letter in it has no meaning"
    return _Reader().fault(tokens)


class _Reader:
    """Goes through the tokens of a formula, and knows what may come next."""

    def __init__(self) -> None:
        #: The brackets that are open, by the type of their tokens.
        self._open: list[str] = []
        #: What an operator can follow: the token that ended the last value.
        self._value: Any = None
        self._last: Any = None
        self._spaced = False

    def fault(self, tokens: list[Any]) -> str | None:
        for token in tokens:
            if token.type == "WHITE-SPACE":
                self._spaced = True
                continue
            found = self._take(token)
            if found:
                return found
            self._last, self._spaced = token, False
        if self._open:
            return "a bracket is not closed"
        return None if self._value is not None else "it ends without a value"

    def _take(self, token: Any) -> str | None:
        if token.subtype == "OPEN":
            return self._opened(token)
        if token.subtype == "CLOSE":
            return self._closed(token)
        match token.type:
            case "OPERAND":
                return self._operand(token)
            case "SEP":
                return self._separator(token)
            case "OPERATOR-PREFIX":
                self._value = None
                return None
        return self._operator(token)

    def _operand(self, token: Any) -> str | None:
        is_reference = token.subtype == "RANGE"
        if is_reference:
            is_read = _REFERENCE.fullmatch(token.value) is not None
        elif token.subtype == "NUMBER":
            is_read = _NUMBER.fullmatch(token.value) is not None
        else:
            is_read = True
        goes_on = token.value.startswith(":")
        if not is_read or (goes_on and (self._value is None or self._spaced)):
            return "a part of it is no value, cell or name"
        if self._open and self._open[-1] == "ARRAY" and is_reference:
            return "braces hold numbers and texts only"
        if not goes_on and not self._may_follow(token):
            return "no operator stands between two values"
        if not is_reference and self._is_union():
            return "a comma joins ranges only"
        self._value = token
        return None

    def _opened(self, token: Any) -> str | None:
        if token.type == "FUNC" and not _FUNCTION.fullmatch(token.value):
            return "what stands before a bracket is no function"
        if self._open and self._open[-1] == "ARRAY":
            return "braces hold numbers and texts only"
        is_called = token.type == "PAREN" and self._value is not None and not self._spaced
        goes_on = token.value.startswith(":") and self._value is not None
        if not is_called and not goes_on and not self._may_follow(token):
            return "no operator stands between two values"
        self._open.append(token.type)
        self._value = None
        return None

    def _closed(self, token: Any) -> str | None:
        is_bare = self._last is not None and self._last.subtype == "OPEN"
        may_be_empty = token.type == "FUNC" and (is_bare or self._last.type == "SEP")
        if self._value is None and not may_be_empty:
            return "a bracket ends without a value"
        self._open.pop()
        self._value = token
        return None

    def _separator(self, token: Any) -> str | None:
        within = self._open[-1] if self._open else ""
        if token.subtype == "ROW" and within != "ARRAY":
            return "its arguments are not separated by commas"
        if self._value is None and (
            within == "ARRAY" or not (self._last.subtype == "OPEN" or self._last.type == "SEP")
        ):
            return "nothing stands before a comma"
        self._value = None
        return None

    def _operator(self, token: Any) -> str | None:
        if self._value is None:
            return f"nothing stands before {token.value!r}"
        if self._open and self._open[-1] == "ARRAY":
            return "braces hold numbers and texts only"
        if token.value == "," and not (self._open and _refers(self._value)):
            return "a comma joins ranges only"
        if token.type == "OPERATOR-INFIX":
            self._value = None
        return None

    def _is_union(self) -> bool:
        last = self._last
        return last is not None and last.type == "OPERATOR-INFIX" and last.value == ","

    def _may_follow(self, token: Any) -> bool:
        """Whether a value may begin: a space between two ranges means what both have."""
        if self._value is None:
            return True
        begins = token.subtype == "RANGE" or token.subtype == "OPEN"
        return self._spaced and begins and _refers(self._value)


def _refers(value: Any) -> bool:
    """Whether what *value* ends may be a range."""
    return bool(value.subtype == "RANGE" or (value.subtype == "CLOSE" and value.type != "ARRAY"))
