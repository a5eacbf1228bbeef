"""Regular expressions."""

from __future__ import annotations

import re

import pytest

from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.data import _patterns
from casare_rpa.nodes.data.regexes import MAX_PATTERN_LENGTH, compile_pattern
from tests.nodes.cases import Does, Refuses, named

DOES = [
    Does(
        "RegexMatchNode",
        {"text": "a1 b2", "pattern": r"([a-z])(\d)"},
        {
            **{"match_found": True, "first_match": "a1", "all_matches": ["a1", "b2"]},
            **{"groups": ["a", "1"], "match_count": 2},
        },
    ),
    Does("RegexMatchNode", {"text": "A", "pattern": "a"}, {"match_found": False, "match_count": 0}),
    Does("RegexMatchNode", {"text": "A", "pattern": "a", "ignore_case": True}, {"match_count": 1}),
    Does(
        "RegexMatchNode", {"text": "a\nb", "pattern": "^b", "multiline": "yes"}, {"match_count": 1}
    ),
    Does("RegexMatchNode", {"text": "a\nb", "pattern": "a.b", "dotall": True}, {"match_count": 1}),
    Does(
        "RegexReplaceNode",
        {"text": "2024-01", "pattern": r"(\d+)-(\d+)", "replacement": r"\2/\1"},
        {"result": "01/2024", "count": 1},
    ),
    Does(
        "RegexReplaceNode",
        {"text": "aaa", "pattern": "a", "replacement": "b", "max_count": 2},
        {"result": "bba", "count": 2},
    ),
]
REFUSES = [
    Refuses("RegexMatchNode", {"text": "a"}, "pattern", "MISSING_REQUIRED_FIELD"),
    Refuses("RegexMatchNode", {"text": "a", "pattern": "("}, "pattern", "INVALID_FORMAT"),
    Refuses(
        "RegexMatchNode",
        {"text": "a", "pattern": "{{long}}"},
        "pattern is longer",
        "VALUE_OUT_OF_RANGE",
        {"long": "a" * (MAX_PATTERN_LENGTH + 1)},
    ),
    Refuses(
        "RegexReplaceNode",
        {"text": "a", "pattern": "a", "replacement": r"\7"},
        "replacement",
        "INVALID_FORMAT",
    ),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        *(
            (r"x{e}", "x{e} x"),
            (r"a{i<=1}", "a{i<=1} a"),
            (r"a{}", "a{}"),
            (r"{", "{"),
            (r"a{2", "a{2"),
        ),
        *((r"a{,3}", "aaaa"), (r"a{,}", "aa"), (r"(?:ab){2}", "ababab"), (r"\{e}", "{e}")),
        *((r"[[:alpha:]]", "a:]"), (r"[\[a[b]", "[ab"), (r"[]{e}]+", "]{e"), (r"[^]a]", "]b")),
        *((r"\N{DIGIT ONE}", "1"), (r"(?#x[{e})a", "a"), ("(?x)a # [ {e}\n{2}", "aaa")),
        *(
            (r"x*", "abxd"),
            (r"(a*)*", "aaa"),
            (r"(a|ab)(c|bcd)(d*)", "abcd"),
            (r"(?i)stra\u00dfe", "STRASSE"),
        ),
        *((r"(a)?(?(1)b|c)", "ab c"), (r"(?P<n>a)(?P=n)", "aa"), (r"a++b|(?>a+)c", "aab aac")),
        *((r"(?m)^.$", "a\nb\n"), (r"\$\{(\w+)\}", "${HOME}"), (r"\b\d{4}-\d{2}\b", "2026-11 x")),
    ],
)
def test_a_pattern_means_what_it_means_to_python(pattern: str, text: str) -> None:
    ours, theirs = compile_pattern(pattern), re.compile(pattern)
    spans = [(match.span(), match.groups()) for match in theirs.finditer(text)]
    assert [(match.span(), match.groups()) for match in ours.finditer(text)] == spans
    assert ours.subn("-", text) == theirs.subn("-", text)


def test_groups_with_names_and_remarks_do_not_make_a_pattern_long() -> None:
    pattern = r"(?P<a_rather_long_name>x(?#and a remark of some length)){40000}"
    assert compile_pattern(pattern).search("x" * 40000)


@pytest.mark.parametrize("replacement", ["x" * 100, r"\g<0>" * 100])
def test_replacements_that_make_too_much_are_refused(
    replacement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_patterns, "MAX_MADE", 1000)
    regex = compile_pattern("a")
    assert len(regex.subn(replacement, "a" * 10)[0]) == 1000
    with pytest.raises(NodeError, match="more than 1000 characters"):
        regex.subn(replacement, "a" * 11)
