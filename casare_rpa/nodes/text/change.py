"""Change text: replace, trim, case, pad, cut, reverse."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, port, prop
from casare_rpa.nodes.data.regexes import compile_pattern, substitute
from casare_rpa.nodes.text._parameters import (
    dotall,
    flag,
    ignore_case,
    multiline,
    one_of,
    text_port,
)
from casare_rpa.nodes.values.reading import as_int, as_text, missing, optional_int

#: Padding goes no further, so that a slip of the pen does not fill the memory.
MAX_LENGTH = 10_000_000
CASES = ("upper", "lower", "title", "capitalize", "swapcase")
TRIM_SIDES = ("both", "left", "right")
PAD_SIDES = ("left", "right", "center")
_CASE_WORDS = {"uppercase": "upper", "lowercase": "lower", "capitalized": "capitalize"}
_SIDE_WORDS = {"start": "left", "end": "right", "both": "center", "middle": "center"}


class TextSubstringNode(Node):
    """Return a part of a text: from `start` up to but not including `end`."""

    category = "text"
    example = {"text": "workflow", "start": 0, "end": 4}
    outputs = (Output("result", "STRING"), Output("length", "INTEGER"))
    text: Any = text_port()
    start: Any = port(0, kind="integer", help="Negative counts from the end.")
    end: Any = port(None, kind="integer", help="Negative counts from the end.")

    def run(self, ctx: Context) -> Outputs:
        start, end = optional_int(self.start, "start"), optional_int(self.end, "end")
        result = as_text(self.text)[start:end]
        return {"result": result, "length": len(result)}


class TextReplaceNode(Node):
    """Replace a text in a text, literally or by a regular expression."""

    category = "text"
    example = {"text": "a-b-c", "old_value": "-", "new_value": "+"}
    outputs = (Output("result", "STRING"), Output("replacements", "INTEGER"))
    text: Any = text_port()
    old_value: Any = port(
        None, kind="string", required=True, aliases=("old",), help="What to replace."
    )
    new_value: Any = port("", kind="string", aliases=("new",), help="What to put in its place.")
    count: Any = prop(-1, kind="integer", help="At most so many; -1 means all.")
    use_regex: bool = flag("Read old_value as a regular expression.")
    ignore_case: bool = ignore_case()
    multiline: bool = multiline()
    dotall: bool = dotall()

    def run(self, ctx: Context) -> Outputs:
        count = as_int(self.count, "count")
        if self.use_regex:
            regex = compile_pattern(self.old_value, self.ignore_case, self.multiline, self.dotall)
            result, done = (
                (as_text(self.text), 0)
                if count == 0
                else substitute(regex, self.new_value, self.text, max(count, 0))
            )
            return {"result": result, "replacements": done}
        text, old = as_text(self.text), as_text(self.old_value)
        if not old:
            raise missing("old_value")
        present = text.count(old)
        return {
            "result": text.replace(old, as_text(self.new_value), count),
            "replacements": present if count < 0 else min(present, count),
        }


class TextTrimNode(Node):
    """Strip characters from the ends of a text."""

    category = "text"
    example = {"text": "  hello  "}
    outputs = (Output("result", "STRING"),)
    text: Any = text_port()
    mode: str = prop("both", kind="choice", choices=TRIM_SIDES, help="Which ends.")
    characters: Any = prop("", kind="string", help="A set of characters; without, white space.")

    def run(self, ctx: Context) -> Outputs:
        text, characters = as_text(self.text), as_text(self.characters) or None
        match one_of(self.mode, TRIM_SIDES, "mode"):
            case "left":
                return {"result": text.lstrip(characters)}
            case "right":
                return {"result": text.rstrip(characters)}
        return {"result": text.strip(characters)}


class TextCaseNode(Node):
    """Change the letter case of a text."""

    category = "text"
    example = {"text": "hello", "case": "upper"}
    outputs = (Output("result", "STRING"),)
    text: Any = text_port()
    #: A name that is none of the choices is a spelling of one, or fails.
    beyond_limits = frozenset({"case"})
    case: str = prop("lower", kind="choice", choices=CASES, help="The case to change to.")

    def run(self, ctx: Context) -> Outputs:
        case = as_text(self.case).strip().lower()
        change = getattr(as_text(self.text), one_of(_CASE_WORDS.get(case, case), CASES, "case"))
        return {"result": change()}


class TextPadNode(Node):
    """Pad a text to a length; a longer one stays as it is."""

    category = "text"
    example = {"text": "7", "length": 3, "fill_char": "0"}
    outputs = (Output("result", "STRING"),)
    text: Any = text_port()
    length: Any = port(0, kind="integer", aliases=("width",), help="The length to reach.")
    mode: str = prop(
        "left",
        kind="choice",
        choices=PAD_SIDES,
        aliases=("side",),
        help="The side that is filled: left aligns the text to the right.",
    )
    fill_char: Any = prop(
        " ", kind="string", aliases=("pad_char",), help="One character; else a space."
    )

    def run(self, ctx: Context) -> Outputs:
        text, fill = as_text(self.text), as_text(self.fill_char)
        width = as_int(self.length, "length")
        if width > MAX_LENGTH:
            raise NodeError(f"length must be at most {MAX_LENGTH}", ErrorCode.VALUE_OUT_OF_RANGE)
        fill = fill if len(fill) == 1 else " "
        side = as_text(self.mode).strip().lower()
        match one_of(_SIDE_WORDS.get(side, side), PAD_SIDES, "mode"):
            case "left":
                return {"result": text.rjust(width, fill)}
            case "right":
                return {"result": text.ljust(width, fill)}
        return {"result": text.center(width, fill)}


class TextReverseNode(Node):
    """Turn a text around."""

    category = "text"
    example = {"text": "abc"}
    outputs = (Output("result", "STRING"),)
    text: Any = text_port()

    def run(self, ctx: Context) -> Outputs:
        return {"result": as_text(self.text)[::-1]}
