from __future__ import annotations

import re
from dataclasses import Field
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.errors import ConfigInvalid
from casare_rpa.setting_sources import allowed
from casare_rpa.settings import FIELDS, Settings


def test_an_option_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    file = tmp_path / "casare.toml"
    file.write_text('port = 1\nhost = "127.0.0.2"\nlease_seconds = 9\n')
    env = {"CASARE_PORT": "2", "CASARE_LEASE_SECONDS": "8"}
    settings = Settings.load([file], env, port=3)
    assert (settings.port, settings.host, settings.lease_seconds) == (3, "127.0.0.2", 8.0)


def test_the_later_file_wins_and_a_missing_one_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("port = 1\n")
    (tmp_path / "b.toml").write_text("port = 2\n")
    files = [tmp_path / "a.toml", tmp_path / "none.toml", tmp_path / "b.toml"]
    assert Settings.load(files, {}).port == 2


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"CASARE_PORT": "many"}, "CASARE_PORT"),
        ({"CASARE_LEASE_SECONDS": ""}, "CASARE_LEASE_SECONDS"),
        ({"CASARE_LEASE_SECONDS": "-1"}, "CASARE_LEASE_SECONDS"),
        ({"CASARE_LEASE_SECONDS": "nan"}, "CASARE_LEASE_SECONDS"),
        ({"CASARE_POLL_WAIT_SECONDS": "inf"}, "CASARE_POLL_WAIT_SECONDS"),
        ({"CASARE_ALLOW_PLAINTEXT": "maybe"}, "CASARE_ALLOW_PLAINTEXT"),
        ({"CASARE_API_KEY_FILE": "/nowhere/key"}, "CASARE_API_KEY_FILE"),
    ],
)
def test_a_bad_value_names_the_variable(env: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigInvalid, match=named):
        Settings.load(env=env)


def test_a_mistyped_setting_in_a_file_is_an_error_not_ignored(tmp_path: Path) -> None:
    file = tmp_path / "casare.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(ConfigInvalid, match="'prot'"):
        Settings.load([file], {})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "casare.toml"
    file.write_text("port = = 1\n")
    with pytest.raises(ConfigInvalid, match=r"casare\.toml"):
        Settings.load([file], {})


def test_old_names_of_variables_are_read_after_the_own(tmp_path: Path) -> None:
    assert Settings.load(env={"ORCHESTRATOR_URL": "http://a"}).orchestrator_url == "http://a"
    both = {"ORCHESTRATOR_URL": "http://a", "CASARE_ORCHESTRATOR_URL": "http://b"}
    assert Settings.load(env=both).orchestrator_url == "http://b"


def test_a_key_can_come_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk_live_secret\n")
    settings = Settings.load(env={"CASARE_API_KEY_FILE": str(file)})
    assert settings.api_key == "sk_live_secret"
    assert "sk_live_secret" not in repr(settings)


def test_lists_are_split_at_commas_and_paths_like_path() -> None:
    settings = Settings.load(env={"CASARE_TAGS": "a, b,,c", "CASARE_ALLOWED_PATHS": "/a:/b"})
    assert settings.tags == ("a", "b", "c")
    assert settings.allowed_paths == ("/a", "/b")


NUMBERS = [item for item in FIELDS.values() if type(item.default) in (int, float)]


@pytest.mark.parametrize("item", NUMBERS, ids=lambda item: item.name)
def test_a_number_out_of_bounds_is_refused_with_what_is_allowed(item: Field[Any]) -> None:
    variable = f"CASARE_{item.name.upper()}"
    least, most = item.metadata["minimum"], item.metadata["maximum"]
    for value in (least, item.default, least if most is None else most):
        assert getattr(Settings.load(env={variable: str(value)}), item.name) == value
    beyond = [least - 0.01 if type(item.default) is float else least - 1, -1]
    for value in [*beyond, *([] if most is None else [most + 1])]:
        with pytest.raises(ConfigInvalid) as error:
            Settings.load(env={variable: str(value)})
        told = error.value.message
        assert told.startswith(f"{variable}: {item.name} cannot be '{value}': ")
        assert allowed(item) in told


def test_a_number_in_a_file_is_held_to_the_same_bounds(tmp_path: Path) -> None:
    file = tmp_path / "casare.toml"
    file.write_text("reap_every_seconds = 0\n")
    with pytest.raises(ConfigInvalid) as error:
        Settings.load([file], {})
    assert error.value.message == (
        f"{file}: reap_every_seconds cannot be 0: 0.05 to 3600 is wanted"
    )


def test_what_may_be_nothing_says_what_that_means() -> None:
    for item in NUMBERS:
        means_off = re.search(r"\b0\b", item.metadata["help"])
        assert not (means_off and item.metadata["minimum"] > 0), item.name
    # Nothing to wait for, and nothing that would be done again and again.
    plain = {item.name for item in NUMBERS if item.metadata["minimum"] == 0} - {
        item.name for item in NUMBERS if re.search(r"\b0\b", item.metadata["help"])
    }
    assert plain == {
        "lost_backoff_seconds",
        "lost_backoff_max_seconds",
        "poll_wait_seconds",
        "drain_timeout_seconds",
        "cancel_grace_seconds",
    }
