from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casare_cli.terminal.values import duration_seconds, inputs
from casare_rpa.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1.5m", 90),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("250ms", 0.25),
        ("0", 0),
        (None, None),
    ],
)
def test_durations_have_units(text: str | None, seconds: float | None) -> None:
    assert duration_seconds(text, "--timeout") == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5x", "5 m", "1h30", "m5", "1e9s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    if text == "1h30":
        assert duration_seconds(text, "--timeout") == 3630
        return
    with pytest.raises(InvalidInput, match="--timeout"):
        duration_seconds(text, "--timeout")


def test_later_words_win() -> None:
    assert inputs(["a=1", "a:=2", "b=x:=y"], "--input") == {"a": 2, "b": "x:=y"}


@given(st.dictionaries(st.from_regex(r"\A[a-z]+\Z"), st.text()))
def test_text_arrives_as_it_is(values: dict[str, str]) -> None:
    assert inputs([f"{name}={text}" for name, text in values.items()], "--input") == values
