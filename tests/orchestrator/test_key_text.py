from __future__ import annotations

import hashlib

import pytest

from casare_rpa.domain.keys import make_key, matches, parse_key, shown


@pytest.mark.parametrize("kind", ["sk_live", "robot"])
def test_a_new_key_is_read_back(kind: str) -> None:
    key = make_key(kind)  # type: ignore[arg-type]
    assert key.text.startswith(f"{kind}_{key.key_id}")
    assert len(key.text) == len(kind) + 1 + 8 + 32 + 6
    assert parse_key(key.text) == key


def test_no_two_keys_are_alike() -> None:
    assert len({make_key("robot").text for _ in range(500)}) == 500


def test_every_mistyped_letter_is_noticed() -> None:
    text = make_key("sk_live").text
    for place in range(len("sk_live_"), len(text)):
        wrong = "a" if text[place] != "a" else "b"
        assert parse_key(text[:place] + wrong + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    ["", "sk_live_", "sk_live_xxxxxxxxxxxx", "robot_xxxxxxxxxxxx", "crpa_1", "é" * 54, "\x00"],
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_a_key_of_one_kind_is_not_one_of_the_other() -> None:
    body = make_key("robot").text.removeprefix("robot_")
    assert parse_key(f"sk_live_{body}") is None


def test_only_the_hash_is_kept_and_it_is_of_the_whole_key() -> None:
    key = make_key("robot")
    assert key.digest == hashlib.sha256(key.text.encode()).hexdigest()
    assert matches(key, key.digest)
    assert not matches(make_key("robot"), key.digest)


def test_the_secret_is_not_in_what_gets_printed() -> None:
    key = make_key("sk_live")
    assert key.text not in repr(key)
    assert key.prefix == f"sk_live_{key.key_id}"
    assert shown(key.text) == f"sk_live_{key.key_id}..."
    assert shown("hunter2") == "(not a key)"
