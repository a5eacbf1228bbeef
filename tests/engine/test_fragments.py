"""Parameters whose placeholders stay apart from their text."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.engine.language.fragments import compile_fragments
from casare_rpa.nodes.base import Fragments, NodeError
from tests.engine.test_expressions import scope

VALUES = {"n": 5, "none": None, "rows": [{"name": "{{n}}"}], "word": "x"}


def resolve(value: Any, kind: str = "string") -> Any:
    resolver = compile_fragments(value, kind)
    return value if resolver is None else resolver(scope(VALUES, read={"size": 4}))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("plain '%word%'", "plain '%word%'"),
        ("a {{n}} b", Fragments(("a ", " b"), (5,))),
        ("{{n}}{{ none }}${word}", Fragments(("", "", "", ""), (5, None, "x"))),
        (" {{rows}} ", [{"name": "{{n}}"}]),
        ("= {{rows[0].name}}", Fragments(("= ", ""), ("{{n}}",))),
        ("= {{read.size}}", Fragments(("= ", ""), (4,))),
        (["a", {"q": "= {{n}}"}], ["a", {"q": Fragments(("= ", ""), (5,))}]),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_values_stand_beside_the_text(written: Any, wanted: Any) -> None:
    assert resolve(written) == wanted


def test_json_text_is_read_before_its_placeholders() -> None:
    wanted = ["x", Fragments(("= '", "'"), (5,))]
    assert resolve("""["x", "= '{{n}}'"]""", "json") == wanted
    assert resolve("[{{n}}", "json") == Fragments(("[", ""), (5,))


def test_what_names_nothing_is_an_error() -> None:
    for text in ("= {{nobody}}", "{{nobody}}", "= ${nobody}"):
        with pytest.raises(NodeError, match="nobody"):
            resolve(text)
