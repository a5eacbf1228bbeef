import json
from datetime import date
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casare_rpa.domain.enums import LogLevel
from casare_rpa.domain.json_values import json_safe


class Rude:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (2**63, str(2**63)),
        (-(2**63), -(2**63)),
        (date(2024, 2, 29), "2024-02-29"),
        (PurePosixPath("/a/b"), "/a/b"),
        ("half \ud83d", "half ?"),
        ("snowman ☃", "snowman ☃"),
        (LogLevel.ERROR, "ERROR"),
        (True, True),
        (None, None),
        (Rude(), "<Rude>"),
    ],
)
def test_what_json_cannot_say_becomes_text(value: Any, expected: Any) -> None:
    assert json_safe(value) == expected


def test_an_integer_too_long_to_print_becomes_a_placeholder() -> None:
    assert json_safe(10**5000) == "<int>"


def test_a_list_within_itself_ends() -> None:
    knot: list[Any] = []
    knot.append(knot)

    assert "<list>" in json.dumps(json_safe(knot))


json_documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # other tests share the processor
@given(json_documents)
def test_what_is_json_already_stays_as_it_is(document: Any) -> None:
    assert json_safe(document) == document


anything = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.complex_numbers()
    | st.dates(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner)
    ),
)


@settings(deadline=None)  # other tests share the processor
@given(anything)
def test_whatever_comes_in_strict_json_comes_out(value: Any) -> None:
    text = json.dumps(json_safe(value), allow_nan=False, ensure_ascii=False)

    text.encode()
