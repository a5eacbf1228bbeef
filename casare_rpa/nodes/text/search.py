"""Look into text: contains, begins, ends, extract, count."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, port, prop
from casare_rpa.nodes.data.regexes import compile_pattern, searchable
from casare_rpa.nodes.text._parameters import (
    dotall,
    flag,
    ignore_case,
    multiline,
    one_of,
    text_port,
)
from casare_rpa.nodes.values.reading import as_text

COUNTS = ("characters", "words", "lines")


class TextContainsNode(Node):
    """Tell whether, where and how often a text contains another.

    `position` is -1 where it does not; occurrences that overlap count once.
    """

    category = "text"
    example = {"text": "banana", "search": "an"}
    outputs = (
        Output("contains", "BOOLEAN"),
        Output("position", "INTEGER"),
        Output("count", "INTEGER"),
    )
    text: Any = text_port()
    search: Any = port("", kind="string", aliases=("substring",), help="The text to look for.")
    case_sensitive: bool = flag("Tell A from a.", default=True)

    def run(self, ctx: Context) -> Outputs:
        text, search = _cased(self.case_sensitive, self.text, self.search)
        return {
            "contains": search in text,
            "position": text.find(search),
            "count": text.count(search) if search else 0,
        }


class TextStartsWithNode(Node):
    """Tell whether a text begins with another."""

    category = "text"
    example = {"text": "invoice-7", "prefix": "invoice"}
    outputs = (Output("result", "BOOLEAN"),)
    text: Any = text_port()
    prefix: Any = port("", kind="string", help="The beginning to test for.")
    case_sensitive: bool = flag("Tell A from a.", default=True)

    def run(self, ctx: Context) -> Outputs:
        text, prefix = _cased(self.case_sensitive, self.text, self.prefix)
        return {"result": text.startswith(prefix)}


class TextEndsWithNode(Node):
    """Tell whether a text ends with another."""

    category = "text"
    example = {"text": "report.pdf", "suffix": ".pdf"}
    outputs = (Output("result", "BOOLEAN"),)
    text: Any = text_port()
    suffix: Any = port("", kind="string", help="The end to test for.")
    case_sensitive: bool = flag("Tell A from a.", default=True)

    def run(self, ctx: Context) -> Outputs:
        text, suffix = _cased(self.case_sensitive, self.text, self.suffix)
        return {"result": text.endswith(suffix)}


class TextExtractNode(Node):
    """Extract what a regular expression matches, and its groups.

    With `all_matches`, `match` and `groups` are lists with one entry for each match.
    """

    category = "text"
    example = {"text": "order 4711", "pattern": r"order (\d+)"}
    outputs = (Output("match"), Output("groups", "LIST"), Output("found", "BOOLEAN"))
    text: Any = text_port()
    pattern: Any = param(None, kind="string", required=True, help="The regular expression.")
    all_matches: bool = flag("Extract every match, not the first alone.")
    ignore_case: bool = ignore_case()
    multiline: bool = multiline()
    dotall: bool = dotall()

    def run(self, ctx: Context) -> Outputs:
        regex = compile_pattern(self.pattern, self.ignore_case, self.multiline, self.dotall)
        found = list(regex.finditer(searchable(self.text)))
        if self.all_matches:
            return {
                "match": [match[0] for match in found],
                "groups": [list(match.groups()) for match in found],
                "found": bool(found),
            }
        first = found[0] if found else None
        return {
            "match": first[0] if first else "",
            "groups": list(first.groups()) if first else [],
            "found": first is not None,
        }


class TextCountNode(Node):
    """Count the characters, words or lines of a text."""

    category = "text"
    example = {"text": "to be or not", "mode": "words"}
    outputs = (Output("count", "INTEGER"),)
    text: Any = text_port()
    mode: str = prop("characters", kind="choice", choices=COUNTS, help="What to count.")
    exclude_whitespace: bool = flag("Leave spaces and line ends out of the characters.")

    def run(self, ctx: Context) -> Outputs:
        text = as_text(self.text)
        mode = one_of(self.mode, COUNTS, "mode")
        if mode == "words":
            return {"count": len(text.split())}
        if mode == "lines":
            return {"count": len(text.splitlines())}
        return {"count": len("".join(text.split()) if self.exclude_whitespace else text)}


def _cased(case_sensitive: bool, *values: Any) -> tuple[str, ...]:
    texts = tuple(as_text(value) for value in values)
    return texts if case_sensitive else tuple(text.lower() for text in texts)
