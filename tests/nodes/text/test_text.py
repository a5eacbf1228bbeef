"""Text: look into it, change it, take it apart."""

from __future__ import annotations

import pytest

from tests.nodes.cases import Does, Refuses, named

SUPER = "TextSuperNode"
LINES = "one\n\ntwo"

DOES = [
    Does(
        "TextContainsNode",
        {"text": "banana", "search": "an"},
        {"contains": True, "position": 1, "count": 2},
    ),
    Does(
        "TextContainsNode",
        {"text": "Banana", "search": "x"},
        {"contains": False, "position": -1, "count": 0},
    ),
    Does(
        "TextContainsNode",
        {"text": "ABC", "search": "b", "case_sensitive": False},
        {"contains": True, "position": 1},
    ),
    Does("TextContainsNode", {"text": 1234, "search": 23}, {"contains": True}),
    Does("TextContainsNode", {"search": "a"}, {"contains": False}),
    Does("TextStartsWithNode", {"text": "invoice", "prefix": "in"}, {"result": True}),
    Does("TextStartsWithNode", {"text": "invoice", "prefix": "IN"}, {"result": False}),
    Does("TextEndsWithNode", {"text": "a.PDF", "suffix": ".pdf"}, {"result": False}),
    Does(
        "TextEndsWithNode",
        {"text": "a.PDF", "suffix": ".pdf", "case_sensitive": "no"},
        {"result": True},
    ),
    Does(
        "TextExtractNode",
        {"text": "order 4711, order 12", "pattern": r"order (\d+)"},
        {"match": "order 4711", "groups": ["4711"], "found": True},
    ),
    Does(
        "TextExtractNode",
        {"text": "order 4711, order 12", "pattern": r"order (\d+)", "all_matches": True},
        {"match": ["order 4711", "order 12"], "groups": [["4711"], ["12"]], "found": True},
    ),
    Does("TextExtractNode", {"text": "x", "pattern": r"\d"}, {"match": "", "found": False}),
    Does("TextCountNode", {"text": "a b\nc"}, {"count": 5}),
    Does("TextCountNode", {"text": "a b\nc", "exclude_whitespace": True}, {"count": 3}),
    Does("TextCountNode", {"text": "to be  or", "mode": "words"}, {"count": 3}),
    Does("TextCountNode", {"text": LINES, "mode": "Lines"}, {"count": 3}),
    Does("TextSubstringNode", {"text": "workflow", "end": 4}, {"result": "work", "length": 4}),
    Does("TextSubstringNode", {"text": "workflow", "start": "-4"}, {"result": "flow"}),
    Does(
        "TextReplaceNode",
        {"text": "a-b-c", "old": "-", "new": "+"},
        {"result": "a+b+c", "replacements": 2},
    ),
    Does(
        "TextReplaceNode",
        {"text": "a-b-c", "old_value": "-", "count": 1},
        {"result": "ab-c", "replacements": 1},
    ),
    Does(
        "TextReplaceNode",
        {"text": "A1b2", "old_value": "[ab]", "new_value": "#", "use_regex": True},
        {"result": "A1#2", "replacements": 1},
    ),
    Does(
        "TextReplaceNode",
        {"text": "Aa", "old_value": "a", "use_regex": True, "ignore_case": True, "count": 0},
        {"result": "Aa", "replacements": 0},
    ),
    Does("TextTrimNode", {"text": "  a "}, {"result": "a"}),
    Does("TextTrimNode", {"text": "  a ", "mode": "left"}, {"result": "a "}),
    Does("TextTrimNode", {"text": "xxaxy", "mode": "right", "characters": "yx"}, {"result": "xxa"}),
    Does("TextCaseNode", {"text": "AbC"}, {"result": "abc"}),
    Does("TextCaseNode", {"text": "ab c", "case": "upper"}, {"result": "AB C"}),
    Does("TextCaseNode", {"text": "ab c", "case": "Title"}, {"result": "Ab C"}),
    Does("TextCaseNode", {"text": "ab c", "case": "capitalize"}, {"result": "Ab c"}),
    Does("TextCaseNode", {"text": "Ab", "case": "swapcase"}, {"result": "aB"}),
    Does("TextPadNode", {"text": 7, "width": 3, "pad_char": "0"}, {"result": "007"}),
    Does("TextPadNode", {"text": "7", "length": 3, "side": "right"}, {"result": "7  "}),
    Does(
        "TextPadNode",
        {"text": "7", "length": 3, "mode": "center", "fill_char": "ab"},
        {"result": " 7 "},
    ),
    Does("TextPadNode", {"text": "long", "length": 2}, {"result": "long"}),
    Does("TextReverseNode", {"text": "abc"}, {"result": "cba"}),
    Does("TextSplitNode", {"text": "a,b", "delimiter": ","}, {"result": ["a", "b"], "count": 2}),
    Does("TextSplitNode", {"text": " a  b "}, {"result": ["a", "b"]}),
    Does("TextSplitNode", {"text": "a\nb", "separator": "\\n"}, {"result": ["a", "b"]}),
    Does("TextSplitNode", {"text": "a-b-c", "separator": "-", "max_split": 1}, {"count": 2}),
    Does("TextJoinNode", {"items": ["a", 1], "separator": "-"}, {"result": "a-1"}),
    Does("TextJoinNode", {"items": "words"}, {"result": "ab"}, {"words": ["a", "b"]}),
    Does("TextLinesNode", {"text": LINES}, {"lines": ["one", "", "two"], "count": 3}),
    Does("TextLinesNode", {"text": LINES, "remove_empty": True}, {"lines": ["one", "two"]}),
    Does(
        "TextLinesNode",
        {"mode": "join", "lines": ["a", "b"], "line_separator": "crlf"},
        {"text": "a\r\nb", "count": 2},
    ),
    Does(SUPER, {"action": "Substring", "text": "abc", "start": 1}, {"result": "bc", "length": 2}),
    Does(SUPER, {"text": "banana", "search": "n"}, {"contains": True, "position": 2, "count": 2}),
    Does(SUPER, {"action": "Starts With", "text": "abc", "prefix": "a"}, {"result": True}),
    Does(SUPER, {"action": "Ends With", "text": "abc", "search": "c"}, {"result": True}),
    Does(
        SUPER,
        {"action": "Extract (Regex)", "text": "a1", "pattern": r"\d"},
        {"match": "1", "found": True},
    ),
    Does(SUPER, {"action": "Split", "text": "a b"}, {"result": ["a", "b"], "count": 2}),
    Does(
        SUPER,
        {"action": "Replace", "text": "aa", "old_value": "a", "new_value": "b", "replace_count": 1},
        {"result": "ba", "replacements": 1},
    ),
    Does(SUPER, {"action": "Trim", "text": " a ", "trim_mode": "left"}, {"result": "a "}),
    Does(SUPER, {"action": "Case", "text": "a", "case_transform": "upper"}, {"result": "A"}),
    Does(
        SUPER,
        {"action": "Pad", "text": "7", "length": 2, "fill_char": "0"},
        {"result": "07"},
    ),
    Does(SUPER, {"action": "Reverse", "text": "ab"}, {"result": "ba"}),
    Does(SUPER, {"action": "Lines", "text": LINES, "remove_empty": True}, {"count": 2}),
    Does(SUPER, {"action": "Count", "text": "a b", "count_mode": "words"}, {"count": 2}),
    Does(SUPER, {"action": "Join", "items": ["a", "b"], "separator": "-"}, {"result": "a-b"}),
]
REFUSES = [
    Refuses("TextExtractNode", {"text": "a"}, "pattern", "MISSING_REQUIRED_FIELD"),
    Refuses("TextExtractNode", {"text": "a", "pattern": "["}, "pattern", "INVALID_FORMAT"),
    Refuses("TextCountNode", {"text": "a", "mode": "pages"}, "mode must be one of"),
    Refuses("TextSubstringNode", {"text": "a", "start": "x"}, "start must be a whole number"),
    Refuses("TextReplaceNode", {"text": "a", "new": "b"}, "old_value", "MISSING_REQUIRED_FIELD"),
    Refuses("TextReplaceNode", {"text": "a", "old_value": ""}, "old_value is missing"),
    Refuses("TextTrimNode", {"text": "a", "mode": "up"}, "mode must be one of"),
    Refuses("TextCaseNode", {"text": "a", "case": "camel"}, "case must be one of"),
    Refuses("TextPadNode", {"text": "a", "length": 3, "mode": "up"}, "mode must be one of"),
    Refuses("TextPadNode", {"text": "a", "length": "wide"}, "length must be a whole number"),
    Refuses("TextPadNode", {"text": "a", "length": 10**12}, "length must be at most"),
    Refuses("TextSplitNode", {"text": "a", "max_split": "x"}, "max_split must be"),
    Refuses("TextJoinNode", {"separator": "-"}, "items", "MISSING_REQUIRED_FIELD"),
    Refuses("TextJoinNode", {"items": "nope"}, "'nope'", "TYPE_MISMATCH"),
    Refuses("TextLinesNode", {"text": "a", "mode": "fold"}, "mode must be one of"),
    Refuses(SUPER, {"action": "Shout", "text": "a"}, "'Shout'", "INVALID_INPUT"),
    Refuses(SUPER, {"action": "Case", "text": "a", "case_transform": "x"}, "case must be one of"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()
