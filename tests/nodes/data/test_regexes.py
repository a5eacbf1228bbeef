"""Regular expressions."""

from __future__ import annotations

import pytest

from casare_rpa.nodes.data.regexes import MAX_PATTERN_LENGTH
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
