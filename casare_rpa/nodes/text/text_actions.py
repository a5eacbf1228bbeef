"""One node for all operations on text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.text import change, parts
from casare_rpa.nodes.text import search as looking
from casare_rpa.nodes.text._parameters import dotall, flag, ignore_case, multiline
from casare_rpa.nodes.values.reading import as_text


class TextSuperNode(Node):
    """Do one of many operations on text, chosen by `action`.

    Each action has the inputs and outputs of the node of its own: Split those of TextSplitNode.
    """

    category = "text"
    example = {"action": "Case", "text": "hello", "case_transform": "upper"}
    outputs = (
        *(Output("contains", "BOOLEAN"), Output("position", "INTEGER"), Output("count", "INTEGER")),
        *(Output("result"), Output("length", "INTEGER"), Output("match")),
        *(Output("groups", "LIST"), Output("found", "BOOLEAN"), Output("replacements", "INTEGER")),
        *(Output("text", "STRING"), Output("lines", "LIST")),
    )
    action: str = prop(
        "Contains",
        kind="choice",
        choices=(
            *("Substring", "Contains", "Starts With", "Ends With", "Extract (Regex)", "Split"),
            *("Replace", "Trim", "Case", "Pad", "Reverse", "Lines", "Count", "Join"),
        ),
        help="What to do.",
    )
    text: Any = param(kind="text", port_kind="STRING", help="The text to work on.")
    search: Any = param(kind="string", help="The text that Contains looks for.")
    case_sensitive: bool = flag("Tell A from a.", default=True)
    max_split: Any = prop(-1, kind="integer", help="At most so many cuts; -1 means all.")
    replace_count: Any = prop(-1, kind="integer", help="Replace at most so many; -1 means all.")
    trim_mode: str = prop("both", kind="choice", choices=change.TRIM_SIDES, help="Which ends.")
    case_transform: str = prop("lower", kind="choice", choices=change.CASES, help="The case.")
    pad_mode: str = prop(
        "left", kind="choice", choices=change.PAD_SIDES, help="The side that is filled."
    )
    lines_mode: str = prop("split", kind="choice", choices=parts.LINE_MODES, help="Which way.")
    count_mode: str = prop(
        "characters", kind="choice", choices=looking.COUNTS, help="What to count."
    )
    separator: Any = param("", kind="string", help="Where Split cuts, and what Join puts in.")
    use_regex: bool = flag("Read old_value as a regular expression.")
    trim_characters: Any = prop("", kind="string", help="What to strip; else white space.")
    fill_char: Any = prop(" ", kind="string", help="What to pad with.")
    line_separator: str = prop(
        "newline", kind="choice", choices=tuple(parts.SEPARATORS), help="Joins lines."
    )
    exclude_whitespace: bool = flag("Count no white space.")
    remove_empty: bool = flag("Leave out empty lines.")
    ignore_case: bool = ignore_case()
    multiline: bool = multiline()
    dotall: bool = dotall()
    all_matches: bool = flag("Extract every match, not the first alone.")
    start: Any = port(0, kind="integer", help="Where Substring starts.")
    end: Any = port(kind="integer", help="Where Substring ends.")
    prefix: Any = port(kind="string", help="The beginning to test for; else `search`.")
    suffix: Any = port(kind="string", help="The end to test for; else `search`.")
    pattern: Any = port(kind="string", help="The regular expression; else `search`.")
    old_value: Any = port(kind="string", help="What to replace; else `search`.")
    new_value: Any = port("", kind="string", help="What to put in its place.")
    length: Any = port(0, kind="integer", help="The length to pad to.")
    lines: Any = port(port_kind="LIST", help="The lines to join.")
    items: Any = port(port_kind="LIST", help="The texts to join.")

    def run(self, ctx: Context) -> Outputs:
        known = _ACTIONS.get(str(self.action).strip().lower())
        if known is None:
            raise NodeError(f"action: there is no {self.action!r}", ErrorCode.INVALID_INPUT)
        cls, names = known
        node = cls(**{name: self._value(source) for name, source in names.items()})
        outputs = node.run(ctx)
        assert isinstance(outputs, dict)  # all of them are plain functions
        return outputs

    def _value(self, name: str) -> Any:
        value = getattr(self, name)
        if value is None and name in ("prefix", "suffix", "pattern", "old_value"):
            return as_text(self.search)
        return value


def _same(*names: str, **renamed: str) -> Mapping[str, str]:
    return {name: name for name in names} | renamed


_REGEX = ("ignore_case", "multiline", "dotall")
_ACTIONS: dict[str, tuple[type[Node], Mapping[str, str]]] = {
    "substring": (change.TextSubstringNode, _same("text", "start", "end")),
    "contains": (looking.TextContainsNode, _same("text", "search", "case_sensitive")),
    "starts with": (looking.TextStartsWithNode, _same("text", "prefix", "case_sensitive")),
    "ends with": (looking.TextEndsWithNode, _same("text", "suffix", "case_sensitive")),
    "extract (regex)": (
        looking.TextExtractNode,
        _same("text", "pattern", "all_matches", *_REGEX),
    ),
    "split": (parts.TextSplitNode, _same("text", "separator", "max_split")),
    "replace": (
        change.TextReplaceNode,
        _same("text", "old_value", "new_value", "use_regex", *_REGEX, count="replace_count"),
    ),
    "trim": (
        change.TextTrimNode,
        _same("text", mode="trim_mode", characters="trim_characters"),
    ),
    "case": (change.TextCaseNode, _same("text", case="case_transform")),
    "pad": (change.TextPadNode, _same("text", "length", "fill_char", mode="pad_mode")),
    "reverse": (change.TextReverseNode, _same("text")),
    "lines": (
        parts.TextLinesNode,
        _same("text", "lines", "line_separator", "remove_empty", mode="lines_mode"),
    ),
    "count": (looking.TextCountNode, _same("text", "exclude_whitespace", mode="count_mode")),
    "join": (parts.TextJoinNode, _same("items", "separator")),
}
_ACTIONS["extract"] = _ACTIONS["extract (regex)"]
