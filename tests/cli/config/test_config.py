"""Settings on the command line: what counts and why, and changes that keep the file."""

from __future__ import annotations

import json
import stat
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from casare_cli.terminal.output import Format
from casare_rpa.settings import FIELDS, Settings
from tests.cli.contract.inside import Place

WRITTEN = """\
# Who we are
orchestrator_url = "https://rpa.example.org"  # the one in the cellar
tags = [
  "invoices",  # since spring
  "desk",
]

[profiles.test]
url = "http://127.0.0.1:11"
output = "json"   # for scripts

[profiles."of # sales"]
environment = "sales"
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(folder=tmp_path, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".config" / "casare-rpa" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(WRITTEN)
    return path


def rows(place: Place, *words: str, **env: str) -> dict[str, dict[str, Any]]:
    ran = Place(folder=place.folder, env={**place.env, **env}).run(
        "config", "list", "-o", "json", *words
    )
    assert ran.code == 0, ran
    return {row["name"]: row for row in json.loads(ran.out)["items"]}


def test_every_setting_is_listed_with_what_gives_it(place: Place, file: Path) -> None:
    found = rows(place, "--ca-file", "ca.pem", CASARE_PORT="81", CASARE_PROFILE="test")
    assert set(found) == {item.name for item in fields(Settings)}
    origins = {
        name: (found[name]["origin"], found[name]["line"])
        for name in ("tags", "orchestrator_url", "output", "port", "ca_file", "host")
    }
    assert origins == {
        "tags": ("file", 3),
        "orchestrator_url": ("profile", 9),
        "output": ("profile", 10),
        "port": ("environment", None),
        "ca_file": ("option", None),
        "host": ("default", None),
    }
    assert found["port"]["place"] == "CASARE_PORT"
    assert found["profile"]["place"] == "CASARE_PROFILE"


def test_stronger_sources_win(place: Place, file: Path) -> None:
    def url(*words: str, **env: str) -> Any:
        return rows(place, *words, **env)["orchestrator_url"]["value"]

    assert url() == "https://rpa.example.org"
    assert url("--profile", "test") == "http://127.0.0.1:11"
    env = {"CASARE_ORCHESTRATOR_URL": "http://env"}
    assert url("--profile", "test", **env) == "http://env"
    assert url("--profile", "test", "--url", "http://flag", **env) == "http://flag"


def test_the_origin_names_file_and_line(place: Place, file: Path) -> None:
    ran = place.run("config", "list", "--show-origin", "--changed")
    assert f"orchestrator_url\thttps://rpa.example.org\t{file}:2" in ran.out.splitlines()
    one = place.run("config", "get", "url", "--profile", "test", "--show-origin", "-o", "table")
    assert f"ORIGIN\t{file}:9 [profiles.test]" in one.out
    assert place.run("config", "get", "tags").out == "invoices, desk\n"


def test_a_change_leaves_every_other_line_as_it_was(place: Place, file: Path) -> None:
    for words in (
        ("orchestrator_url", "https://new.example.org"),
        ("tags", "a,b"),
        ("lease_seconds", "30"),
        ("url", "http://127.0.0.1:12", "--profile", "test"),
        ("port", "81", "--profile", "of # sales"),
        ("rate_limits", "off", "--profile", "new"),
    ):
        done = place.run("config", "set", *words)
        assert done.code == 0, done
    assert (
        file.read_text()
        == """\
# Who we are
orchestrator_url = "https://new.example.org"  # the one in the cellar
tags = ["a", "b"]
lease_seconds = 30.0

[profiles.test]
url = "http://127.0.0.1:12"
output = "json"   # for scripts

[profiles."of # sales"]
environment = "sales"
port = 81

[profiles.new]
rate_limits = false
"""
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("prot", "80"), "Did you mean 'port'?"),
        (("port", "many"), "a whole number is wanted"),
        (("port", "80.5"), "a whole number is wanted"),
        (("lease_seconds", "nan"), "1 to 31536000 is wanted"),
        (("rate_limits", "maybe"), "true or false is wanted"),
        (("output", "xml"), "one of table, json, jsonl, yaml, name, none is wanted"),
        (("api_key", "sk_live_canary"), "casare-rpa login"),
        (("vault_token", "canary"), "CASARE_VAULT_TOKEN_FILE"),
        (("database", "postgresql://u:canary@h/d"), "CASARE_DATABASE"),
    ],
)
def test_a_value_that_does_not_fit_changes_nothing(
    place: Place, file: Path, words: tuple[str, str], told: str
) -> None:
    done = place.run("config", "set", *words)
    assert (done.code in (2, 6), done.out) == (True, "")
    assert told in done.err
    assert "canary" not in done.err
    assert file.read_text() == WRITTEN


@pytest.mark.parametrize(
    "written",
    [
        "port = = 1\n",
        "profiles = {test = {port = 1}}\n",
        "profiles = 3\n",
        "profiles.test.host = 'a'\n",
    ],
)
def test_a_file_that_only_a_person_should_change_is_left_alone(
    place: Place, file: Path, written: str
) -> None:
    file.write_text(written)
    done = place.run("config", "set", "port", "2", "--profile", "test")
    assert done.code == 6, done
    assert str(file) in done.err
    assert file.read_text() == written


def test_a_setting_that_is_wrong_in_the_file_can_be_mended(place: Place, file: Path) -> None:
    file.write_text('port = "many"\n')
    assert place.run("config", "set", "port", "80").code == 0
    assert file.read_text() == "port = 80\n"


def test_line_ends_and_odd_characters_survive(place: Place, file: Path) -> None:
    file.write_bytes('robot_name = "a\u2028b"\r\nport = 1\r\n'.encode())
    assert place.run("config", "set", "port", "2").code == 0
    assert file.read_bytes() == 'robot_name = "a\u2028b"\r\nport = 2\r\n'.encode()
    assert place.run("config", "set", "robot_name", 'say "hi"\\\x7f').code == 0
    assert rows(place)["robot_name"]["value"] == 'say "hi"\\\x7f'


def test_a_variable_that_wins_over_the_change_is_told(place: Place) -> None:
    own = Place(folder=place.folder, env={**place.env, "CASARE_PORT": "1"})
    assert "CASARE_PORT says otherwise" in own.run("config", "set", "port", "2").err


def test_secrets_are_never_shown(place: Place, file: Path) -> None:
    file.write_text('api_key = "sk_live_canary"\ndatabase = "postgresql://u:canary@h/d"\n')
    own = Place(folder=place.folder, env={**place.env, "CASARE_VAULT_TOKEN": "canary"})
    for words in (("config", "list"), ("config", "get", "api_key"), ("profiles", "list")):
        for form in ("table", "json"):
            ran = own.run(*words, "-o", form)
            assert ran.code == 0, ran
            assert "canary" not in ran.out + ran.err
    assert "u:(hidden)@h" in own.run("config", "get", "database").out


def test_answers_take_the_form_that_the_settings_say(place: Place, file: Path) -> None:
    assert json.loads(place.run("config", "list", "--profile", "test").out)["items"]
    table = place.run("config", "get", "port", "--profile", "test", "-o", "table")
    assert table.out == "8000\n"
    own = Place(folder=place.folder, env={**place.env, "CASARE_PROFILE": "test"})
    wrong = own.run("jobs", "get", "--nope")
    assert json.loads(wrong.err)["error"]["code"] == "USAGE"


def test_the_forms_of_answers_are_those_that_commands_know() -> None:
    assert FIELDS["output"].metadata["choices"] == tuple(Format)
