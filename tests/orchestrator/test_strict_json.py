from __future__ import annotations

import pytest

from casare_rpa.errors import BadRequest
from casare_rpa.orchestrator.requests.strict_json import parse_strict


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"NaN",
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e400]",
        b'{"a": 1} trailing',
        b'["\\ud800"]',
        b'["\\udc00\\ud800"]',
        b'["\xff"]',
        b'["\\u0000"]',
        b'{"\\u0000": 1}',
        b'{"a": [{"b": "x\\u0000"}]}',
        b"[9223372036854775808]",
        b"[-9223372036854775809]",
        b"[18446744073709551616]",
        b"[" + b"9" * 5000 + b"]",
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 100_000,
        b'["]",' * 65 + b"1" + b',"["]' * 65,
        b"\xef\xbb\xbf{}",
        b"{'a': 1}",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_cannot_be_stored_faithfully_is_refused(text: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_strict(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
        (b'["\\\\u0000"]', ["\\u0000"]),
        (b'["\\ud83d\\ude00"]', ["\U0001f600"]),
        (b'["12345678901234567890123"]', ["12345678901234567890123"]),
        (b"[0.12345678901234567890123]", [0.12345678901234568]),
        (b'["' + b"[" * 1000 + b'"]', ["[" * 1000]),
        (b'["\\"[[[' + b"[" * 100 + b'"]', ['"[[[' + "[" * 100]),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_everything_else_is_read_as_it_is(text: bytes, value: object) -> None:
    assert parse_strict(text) == value


def test_sixty_four_levels_are_allowed() -> None:
    parse_strict(b"[" * 64 + b"]" * 64)
    parse_strict(b"[" + b",".join([b'{"a":{}}'] * 5000) + b"]")
