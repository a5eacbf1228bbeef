"""What is masked: every form of a secret, wherever it stands, also when it comes in pieces."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casare_rpa.engine.secrecy.masking import MASK, Secrets, StreamMask
from tests.support.disguised import ENCODERS, in_lines

HARD = [
    "p\"a\\ss'w&<>ö rd/+%",
    "it's",
    "\\\\'\"\\n$`!",
    "a b+c%20",
    "\U0001f511 key\U0001f512",
    "x\\\n'y",
]
SPECIAL = "\"'\\/&<>%+ $`!#;=~\n\t\r.-_"
#: Encoders disagree about the special letters, so those are what is tried most.
values = st.text(
    st.one_of(st.sampled_from(SPECIAL), st.characters(codec="utf-8", exclude_characters="\0")),
    min_size=4,
    max_size=40,
).filter(lambda text: len(text.strip()) >= 4)
around = st.text(st.sampled_from(SPECIAL + "ab01="), max_size=12)
quick = settings(deadline=None, max_examples=150)


def secrets(*values: Any) -> Secrets:
    found = Secrets()
    for value in values:
        found.learn(value)
    return found


@quick
@given(values, around, around)
def test_no_form_of_a_secret_is_left(secret: str, before: str, after: str) -> None:
    known = secrets(secret)
    for name, encode in ENCODERS.items():
        form = encode(secret)
        shown = known.text(f"{before}<{form}>{after}")
        assert f"<{form}>" not in shown, (name, form, shown)
        assert known.value({"x": [form]}) != {"x": [form]}, name
        assert form not in known.text(form), name


@pytest.mark.parametrize("secret", HARD)
def test_hard_secrets_are_masked_whole(secret: str) -> None:
    known = secrets(secret)
    for name, encode in ENCODERS.items():
        # What stands ahead of the first letter says nothing: a quote, a percent sign.
        if name not in ("shell", "url, all of it"):
            assert known.text(f"<{encode(secret)}>") == f"<{MASK}>", name


@quick
@given(values, around, around, st.lists(st.integers(0, 400), max_size=8), st.data())
def test_pieces_of_a_stream_come_out_as_the_whole_would(
    secret: str, before: str, after: str, cuts: list[int], data: st.DataObject
) -> None:
    known = secrets(secret)
    form = ENCODERS[data.draw(st.sampled_from(sorted(ENCODERS)))](secret)
    whole = f"{before}<{form}>{after}\n{form}\n"
    stream = StreamMask(known)
    edges = [0, *sorted({cut for cut in cuts if cut < len(whole)}), len(whole)]
    shown = "".join(stream.feed(whole[a:b]) for a, b in itertools.pairwise(edges))
    assert shown + stream.flush() == known.text(whole)


def test_a_stream_shows_whole_lines_while_it_waits_for_more() -> None:
    stream = StreamMask(secrets("hunter2!"))
    assert stream.feed("a line\nuser hunt") == ""
    assert stream.lines() == "a line\n"
    assert stream.feed("er2!\n") + stream.lines() == f"user {MASK}\n"
    assert stream.feed("x" * 10_000) != ""


def test_base64_is_found_across_line_breaks() -> None:
    secret = base64.b85encode(bytes(range(100))).decode()
    for ahead in range(60, 66):
        encoded = base64.b64encode(b"u" * ahead + secret.encode()).decode()
        shown = secrets(secret).text(in_lines(encoded))
        kept = shown.replace("\n", "").replace(MASK, "")
        assert (
            encoded.startswith(kept.rstrip("=")[:-1]) and len(kept) <= len("u" * ahead) * 4 / 3 + 5
        )


def test_each_line_of_a_secret_is_masked() -> None:
    pem = "-----BEGIN KEY-----\nMIIBVgIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n"
    assert secrets("hunter2\n").text("<hunter2>") == f"<{MASK}>"
    known = secrets(pem)
    assert known.text("x\n> BgkqhkiG9w0B\n") == f"x\n> {MASK}\n"
    assert known.text(pem) == MASK
    assert known.text(f"{pem}!") == f"{MASK}\n{MASK}\n{MASK}\n{MASK}\n!"


def test_of_very_many_values_the_last_are_masked_as_they_are() -> None:
    known = secrets([f"{number}/value" for number in range(1000, 2000)])
    assert known.text("1001/value, 1999/value; 1001%2Fvalue, 1999%2Fvalue") == (
        f"{MASK}, {MASK}; {MASK}, 1999%2Fvalue"
    )


def test_secrets_that_overlap_leave_nothing_of_each_other() -> None:
    assert secrets("abcdef", "defghi", "bcde").text("<abcdefghi>") == f"<{MASK}>"


def test_a_short_value_is_masked_only_where_it_stands_alone() -> None:
    known = secrets("abc", 7, 1234)
    assert known.value(["abc", "abcd", 7, 77, "7", 1234, "x1234"]) == [
        *(MASK, "abcd", MASK, 77, MASK, MASK, f"x{MASK}")
    ]


def test_digits_are_masked_as_the_number_that_they_become() -> None:
    known = secrets("90817263", "00451.5", "123")
    shown = known.value({"n": 90817263, "f": [451.5], "short": 123, "other": 90817264})
    assert shown == {"n": MASK, "f": [MASK], "short": 123, "other": 90817264}


def test_what_becomes_text_later_is_judged_by_that_text() -> None:
    class Thing:
        def __str__(self) -> str:
            return "it is hunter2!"

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    known, broken = secrets("hunter2!"), Broken()
    shown = known.value({"hunter2!": (Thing(), b"<hunter2!>", {"hunter2!"}, broken, b"x", None)})
    assert shown == {MASK: [f"it is {MASK}", f"<{MASK}>", f"{{'{MASK}'}}", broken, b"x", None]}


def test_a_list_inside_itself_ends() -> None:
    endless: list[Any] = ["hunter2!"]
    endless.append(endless)
    assert "hunter2!" not in str(secrets("hunter2!").value(endless))
