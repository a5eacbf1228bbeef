"""How each database writes SQL: its texts, names, comments and marks for parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Stands in a statement where the value of a placeholder belongs; no SQL holds this character.
HOLE = "\0"

_COMMENT = r"--[^\n]*|/\*.*?\*/"
#: MySQL takes `--5` for minus minus five.
_MYSQL_COMMENT = r"--(?=[\s\0-\x1f]|$)[^\n]*|\#[^\n]*|/\*.*?\*/"
_TEXT = r"'(?:[^']|'')*'"
_ESCAPED = r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*\""""
_PLAIN = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_NAME = r'"(?:[^"]|"")*"'
_TICKED = r"`(?:[^`]|``)*`"
_OPEN = r"""['"`]|/\*"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The SQL of one database.

    `mark` is the driver's mark for a value. `tokens` finds what matters, by its group: a comment, a
    text, a quoted name, a text in which values cannot stand (foreign), the hole of a placeholder, a
    mark (with its number if it has one), a named mark, and a quote that nothing closes. `escapes`
    tells that a backslash in a text hides the next character, `arrays` that a list is a value.
    """

    mark: str
    tokens: re.Pattern[str]
    escapes: bool = False
    arrays: bool = False


def _tokens(*, comment: str, text: str, name: str, mark: str, foreign: str = "") -> re.Pattern[str]:
    groups = (
        f"(?P<comment>{comment})",
        *((foreign,) if foreign else ()),
        f"(?P<text>{text})",
        f"(?P<name>{name})",
        f"(?P<hole>{HOLE})",
        mark,
        r"%\((?P<keyed>\w+)\)s",
        r"(?<![:\w]):(?P<named>[A-Za-z_]\w*)",
        f"(?P<open>{_OPEN})",
    )
    return re.compile("|".join(groups), re.DOTALL)


SQLITE = Style(
    mark="?",
    tokens=_tokens(
        comment=_COMMENT,
        text=_TEXT,
        name=rf"{_NAME}|{_TICKED}|\[[^\]]*\]",
        mark=r"(?P<mark>\?(?P<number>\d*))",
    ),
)

POSTGRESQL = Style(
    mark="%s",
    arrays=True,
    tokens=_tokens(
        comment=_COMMENT,
        foreign=(
            r"(?P<foreign>(?<!\w)[eE]'(?:[^'\\]|''|\\.)*'"
            r"|(?<![\w$])\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$)"
        ),
        text=_TEXT,
        name=_NAME,
        mark=r"(?P<mark>(?<![\w$])\$(?P<number>\d+)|%s)",
    ),
)

_MYSQL_MARK = r"(?P<mark>\?(?P<number>)|%s)"

MYSQL = Style(
    mark="%s",
    escapes=True,
    tokens=_tokens(comment=_MYSQL_COMMENT, text=_ESCAPED, name=_TICKED, mark=_MYSQL_MARK),
)

#: For a session with the SQL mode NO_BACKSLASH_ESCAPES.
MYSQL_PLAIN = Style(
    mark="%s",
    tokens=_tokens(comment=_MYSQL_COMMENT, text=_PLAIN, name=_TICKED, mark=_MYSQL_MARK),
)
