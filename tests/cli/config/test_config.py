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


def test_of_two_wrong_settings_one_is_mended_after_the_other(place: Place, file: Path) -> None:
    file.write_text('# mine\nport = "many"\nlease_seconds = "long"\n')
    first = place.run("config", "set", "port", "80", "-o", "json")
    assert (first.code, json.loads(first.out)["value"]) == (0, 80)
    assert f"{file}:3: lease_seconds cannot be 'long'" in first.err
    second = place.run("config", "set", "lease_seconds", "30")
    assert (second.code, "note: " in second.err) == (0, False)


@pytest.mark.parametrize(
    ("written", "place_of_it"),
    [
        ('a = 1\nport = "many"\n', ":1: no setting is called 'a'"),
        ('port = 1\n\noutput = "xml"\n', ":3: output cannot be 'xml'"),
        ("url = 3\n", ":1: orchestrator_url cannot be 3"),
        ('profile = "p"\n[profiles.p]\n# odd\nport = "x"\n', ":4 [profiles.p]: port cannot be"),
        ('[profiles.q]\nport = "x"\n[profiles.p]\nprot = 1\n', ":4 [profiles.p]: no setting is"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    place: Place, file: Path, written: str, place_of_it: str
) -> None:
    file.write_text(written)
    words = ("--profile", "p") if "profiles" in written else ()
    for command in (("jobs", "list"), ("config", "list")):
        done = place.run(*command, *words)
        assert (done.code, f"{file}{place_of_it}" in done.err) == (6, True), done


def test_a_setting_is_taken_out_and_every_other_line_stays(place: Place, file: Path) -> None:
    sales = ("environment", "--profile", "of # sales")
    for words in (("tags",), ("url", "--profile", "test"), sales):
        done = place.run("config", "unset", *words, "-o", "table")
        assert done.code == 0, done
        assert f"{words[0]} is no longer set in {file}" in done.err
    assert (
        file.read_text()
        == """\
# Who we are
orchestrator_url = "https://rpa.example.org"  # the one in the cellar

[profiles.test]
output = "json"   # for scripts

[profiles."of # sales"]
"""
    )


def test_it_says_what_the_setting_is_now(place: Place, file: Path) -> None:
    own = Place(folder=place.folder, env={**place.env, "CASARE_PORT": "81"})
    assert own.run("config", "set", "port", "80").code == 0
    told = own.run("config", "unset", "port")
    assert told.err == f"port is no longer set in {file}; it is 81 now (CASARE_PORT)\n"
    row = json.loads(place.run("config", "unset", "orchestrator_url", "-o", "json").out)
    assert (row["name"], row["origin"]) == ("orchestrator_url", "default")


def test_what_no_setting_is_called_can_be_taken_out(place: Place, file: Path) -> None:
    file.write_text("prot = 80\nport = 'many'\n")
    first = place.run("config", "unset", "prot")
    assert first.code == 0
    assert place.run("config", "unset", "port").code == 0
    assert file.read_text() == ""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("port",), 4, "port is not set in "),
        (("url", "--profile", "of # sales"), 4, "config get orchestrator_url --show-origin"),
        (("prot",), 6, "Did you mean 'port'?"),
    ],
)
def test_what_is_not_there_cannot_be_taken_out(
    place: Place, file: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    done = place.run("config", "unset", *words)
    assert (done.code, told in done.err) == (code, True), done
    assert file.read_text() == WRITTEN


def test_a_file_laid_out_in_another_way_is_left_to_a_person(place: Place, file: Path) -> None:
    written = "profiles = {test = {port = 1}, other = {port = 2}}\n"
    file.write_text(written)
    assert place.run("config", "unset", "port", "--profile", "test").code == 4
    assert place.run("profiles", "delete", "test", "--yes").code == 6
    assert file.read_text() == written


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
