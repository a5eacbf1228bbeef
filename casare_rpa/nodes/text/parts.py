"""Take text apart and put it together."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, port, prop
from casare_rpa.nodes.text._parameters import flag, one_of, text_port
from casare_rpa.nodes.values.reading import as_int, as_list, as_text, unescaped

LINE_MODES = ("split", "join")
SEPARATORS = {"newline": "\n", "crlf": "\r\n", "comma": ","}


class TextSplitNode(Node):
    """Split a text at a separator; without one, at runs of white space."""

    category = "text"
    example = {"text": "a,b,c", "separator": ","}
    outputs = (Output("result", "LIST", aliases=("parts",)), Output("count", "INTEGER"))
    text: Any = text_port()
    separator: Any = port(
        "", kind="string", aliases=("delimiter",), help=r"Where to split; \n is a line end."
    )
    max_split: Any = prop(-1, kind="integer", help="At most so many cuts; -1 means all.")

    def run(self, ctx: Context) -> Outputs:
        at = unescaped(as_text(self.separator)) or None
        parts = as_text(self.text).split(at, as_int(self.max_split, "max_split"))
        return {"result": parts, "count": len(parts)}


class TextJoinNode(Node):
    """Join texts with a separator."""

    category = "text"
    example = {"items": ["a", "b"], "separator": "-"}
    outputs = (Output("result", "STRING"),)
    items: Any = param(
        None, kind="list", required=True, aliases=("list",), help="The texts to join."
    )
    separator: Any = prop(
        "", kind="string", aliases=("delimiter",), help=r"Goes between them; \n is a line end."
    )

    def run(self, ctx: Context) -> Outputs:
        texts = (as_text(item) for item in as_list(ctx, self.items, "items"))
        return {"result": unescaped(as_text(self.separator)).join(texts)}


class TextLinesNode(Node):
    """Split a text into lines, or join lines to a text."""

    category = "text"
    example = {"text": "one\ntwo"}
    outputs = (Output("text", "STRING"), Output("lines", "LIST"), Output("count", "INTEGER"))
    text: Any = text_port()
    lines: Any = port(None, port_kind="LIST", help="The lines to join.")
    mode: str = prop("split", kind="choice", choices=LINE_MODES, help="Which way.")
    line_separator: str = prop(
        "newline", kind="choice", choices=tuple(SEPARATORS), help="Goes between joined lines."
    )
    remove_empty: bool = flag("Leave out lines that are empty or white space.")

    def run(self, ctx: Context) -> Outputs:
        joins = one_of(self.mode, LINE_MODES, "mode") == "join"
        text = as_text(self.text)
        lines = self._given_lines(ctx) if joins else text.splitlines()
        if self.remove_empty:
            lines = [line for line in lines if line.strip()]
        if joins:
            name = one_of(self.line_separator, tuple(SEPARATORS), "line_separator")
            text = SEPARATORS[name].join(lines)
        return {"text": text, "lines": lines, "count": len(lines)}

    def _given_lines(self, ctx: Context) -> list[str]:
        """The port `lines`, else the lines of the text."""
        if self.lines is None or self.lines == "":
            return as_text(self.text).splitlines()
        return [as_text(line) for line in as_list(ctx, self.lines, "lines")]
