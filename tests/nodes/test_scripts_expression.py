"""One expression, evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.engine.language import comprehensions
from tests.support.runs import chain, document, node, run_document, run_node


def test_an_expression_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comprehensions, "_MAX_SECONDS", 0.05)
    expression = "[sum(range(10**4)) for _ in range(10**6)]"
    result = run_node("EvalExpressionNode", {"expression": expression})
    assert result.error is not None
    assert "longer than 0.05 s" in result.error.message


def _value(expression: str, given: dict[str, Any], **config: Any) -> tuple[Any, str]:
    result = run_node("EvalExpressionNode", {"expression": expression, **config}, given)
    assert result.success, result.error
    got = result.outputs["n"]
    assert got["success"] is True
    return got["result"], got["type"]


@pytest.mark.parametrize(
    ("expression", "value", "kind"),
    [
        ("1 + 2 * 3", 7, "int"),
        ("{{n}} / 2", 2.5, "float"),
        ("{{s}} == 'a b'", True, "bool"),
        ("'{{s}}' + '!'", "a b!", "str"),
        ("s.upper()", "A B", "str"),
        ("rows[-1]['k']", 2, "int"),
        ("{{rows}}", [{"k": 1}, {"k": 2}], "list"),
        ("x + y", 30, "int"),
        ("sorted(map(str, [3, 1]), reverse=True)", ["3", "1"], "list"),
        ("list(zip([1, 2], 'ab'))", [[1, "a"], [2, "b"]], "list"),
        ("dict(a=1)", {"a": 1}, "dict"),
        ("[hex(255), oct(8), bin(5), chr(65), ord('a')]", ["0xff", "0o10", "0b101", "A", 97], ""),
        ("format(3.14159, '.2f') + repr('x')", "3.14'x'", "str"),
        ("enumerate(['a'])", [[0, "a"]], "list"),
        ("reversed([1, 2])", [2, 1], "list"),
        ("sum(range(5)) + pow(2, 5) + pow(2, 5, 7)", 46, "int"),
        ("filter(bool, [0, 1])", [1], "list"),
        ("type(1) == int", True, "bool"),
        ("any([0, 1]) and all([1]) and not bool(0)", True, "bool"),
        ("{str(r['k']): n for n, r in enumerate(rows)}", {"1": 0, "2": 1}, "dict"),
        ("sorted(x + y for x in [1, 2] for y in [10] if x)", [11, 12], "list"),
        ("len({1, 1}) + len({x % 2 for x in [1, 2, 3]})", 3, "int"),
        ("max(rows, key=lambda r: r['k'])['k']", 2, "int"),
        ("f'{s!r} {n:03d} {{'", "'a b' 005 {", "str"),
        ("abs(-1) + min(1, 2) + max([3]) + len('ab') + round(1.6)", 9, "int"),
    ],
)
def test_an_expression_has_a_value_and_a_type(expression: str, value: Any, kind: str) -> None:
    given = {"n": 5, "s": "a b", "rows": [{"k": 1}, {"k": 2}], "x": 1}
    got = _value(expression, given, variables={"x": 10, "y": 20})
    assert got[0] == value
    assert kind in ("", got[1])


@pytest.mark.parametrize(
    ("text", "value"),
    [("1+2*3", 7), ("n * 2", 10), ("just a text", "just a text"), ("{{n}}", "{{n}}")],
)
def test_a_placeholder_alone_may_hold_the_expression(text: str, value: Any) -> None:
    assert _value("{{formula}}", {"formula": text, "n": 5})[0] == value


@pytest.mark.parametrize(
    "expression",
    [
        *("1 +", "nothing", "1 / 0", "", "__import__('os')", "(1).__class__", "open('f')"),
        *("pow(10, 10 ** 9)", "9 ** 9 ** 9", "range(10 ** 12)", "format(1, '999999999d')"),
        *(
            "lambda: 1",
            "[x.__class__ for x in [1]]",
            "list(map(lambda *a: 1, [1]))",
            "[x for __x in [1]]",
        ),
        *("(a for a in (1, 2)).gi_frame", "f'{1:999999999}'", "f'{().__class__}'"),
        "[1 for a in range(10 ** 4) for b in range(10 ** 4)]",
        "list(map(lambda f: f(f), [lambda f: f(f)]))",
        "['a' * 10 ** 6 for _ in range(10 ** 6)]",
        "list(map(lambda _: 'a' * 10 ** 6, range(10 ** 6)))",
        *("type('X', (), {})", "(lambda: 1)()", "'%999999999d' % 1", "eval('1')"),
    ],
)
def test_what_is_wrong_or_dangerous_fails(expression: str) -> None:
    result = run_node("EvalExpressionNode", {"expression": expression})
    assert result.error is not None
    assert result.error.code == "EXPRESSION_ERROR"


def test_the_other_name_works_and_values_flow_on() -> None:
    raw = document(
        {
            "e": node("EvaluateExpressionNode", expression="[1, 2, 3]"),
            "f": node("EvaluateExpressionNode", expression="len({{e.result}}) * 2"),
        },
        chain("e", "f"),
    )
    assert run_document(raw).outputs["f"]["result"] == 6
