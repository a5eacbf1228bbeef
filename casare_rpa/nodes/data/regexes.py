"""Search and replace by regular expressions."""

from __future__ import annotations

import re
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, port, prop
from casare_rpa.nodes.data import _patterns
from casare_rpa.nodes.data._patterns import Regex
from casare_rpa.nodes.values.reading import as_text, missing

MAX_PATTERN_LENGTH = 10_000
MAX_TEXT_LENGTH = 10_000_000


class RegexMatchNode(Node):
    """Search text with a regular expression. Finding nothing is no failure.

    Expressions are Python's. One that takes more than 5 seconds fails, as `(a+)+$` can.
    """

    category = "data"
    example = {"text": "a1 b2", "pattern": r"([a-z])(\d)"}
    outputs = (
        Output("match_found", "BOOLEAN"),
        Output("first_match", "STRING"),
        Output("all_matches", "LIST"),
        Output("groups", "LIST"),
        Output("match_count", "INTEGER"),
    )
    text: Any = port("", kind="string", help="The text to search.")
    pattern: Any = port(None, kind="string", required=True, help="The regular expression.")
    ignore_case: bool = prop(False, kind="boolean", help="Take A and a for the same.")
    multiline: bool = prop(False, kind="boolean", help="^ and $ match at every line.")
    dotall: bool = prop(False, kind="boolean", help="A dot matches line ends as well.")

    def run(self, ctx: Context) -> Outputs:
        regex = compile_pattern(self.pattern, self.ignore_case, self.multiline, self.dotall)
        found = list(regex.finditer(searchable(self.text)))
        return {
            "match_found": bool(found),
            "first_match": found[0][0] if found else "",
            "all_matches": [match[0] for match in found],
            "groups": list(found[0].groups()) if found else [],
            "match_count": len(found),
        }


class RegexReplaceNode(Node):
    """Replace what a regular expression matches."""

    category = "data"
    example = {"text": "a1 b2", "pattern": r"\d", "replacement": "#"}
    outputs = (Output("result", "STRING"), Output("count", "INTEGER"))
    text: Any = port("", kind="string", help="The text to change.")
    pattern: Any = port(None, kind="string", required=True, help="The regular expression.")
    replacement: Any = port("", kind="string", help=r"The new text; \1 is the first group.")
    ignore_case: bool = prop(False, kind="boolean", help="Take A and a for the same.")
    multiline: bool = prop(False, kind="boolean", help="^ and $ match at every line.")
    dotall: bool = prop(False, kind="boolean", help="A dot matches line ends as well.")
    max_count: int = prop(0, kind="integer", minimum=0, help="At most so many; 0 means all.")

    def run(self, ctx: Context) -> Outputs:
        regex = compile_pattern(self.pattern, self.ignore_case, self.multiline, self.dotall)
        result, count = substitute(regex, self.replacement, self.text, self.max_count)
        return {"result": result, "count": count}


def compile_pattern(
    pattern: Any, ignore_case: bool = False, multiline: bool = False, dotall: bool = False
) -> Regex:
    """A compiled expression, with limits. Raises NodeError for an empty, overlong or wrong one."""
    text = as_text(pattern)
    if not text:
        raise missing("pattern")
    if len(text) > MAX_PATTERN_LENGTH:
        raise _too_long("pattern", MAX_PATTERN_LENGTH)
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    flags |= re.MULTILINE if multiline else re.NOFLAG
    flags |= re.DOTALL if dotall else re.NOFLAG
    return _patterns.compiled(text, flags)


def searchable(text: Any) -> str:
    found = as_text(text)
    if len(found) > MAX_TEXT_LENGTH:
        raise _too_long("text", MAX_TEXT_LENGTH)
    return found


def substitute(regex: Regex, replacement: Any, text: Any, count: int) -> tuple[str, int]:
    """The new text and the number of replacements; *count* 0 means all."""
    return regex.subn(as_text(replacement), searchable(text), count=max(int(count), 0))


def _too_long(name: str, limit: int) -> NodeError:
    return NodeError(f"{name} is longer than {limit} characters", ErrorCode.VALUE_OUT_OF_RANGE)
