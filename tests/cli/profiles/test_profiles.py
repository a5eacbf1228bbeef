from __future__ import annotations

import json
from pathlib import Path

import pytest

from casare_cli.keys.files import KeyFile
from tests.cli.contract.inside import Place

WRITTEN = """\
[profiles.north]
url = "http://127.0.0.1:11"
api_key = "sk_live_canary"

[profiles.south]
url = "http://127.0.0.1:12"
max_concurrent_jobs = 2
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    file = tmp_path / ".config" / "casare-rpa" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(WRITTEN)
    return Place(folder=tmp_path, env={"HOME": str(tmp_path)})


def test_the_profile_in_use_counts_until_another_is_named(place: Place) -> None:
    assert place.run("profiles", "use", "north").code == 0
    assert "127.0.0.1:11" in place.run("jobs", "list").err
    assert "127.0.0.1:12" in place.run("jobs", "list", "--profile", "south").err
    own = Place(folder=place.folder, env={**place.env, "CASARE_PROFILE": "south"})
    assert "127.0.0.1:12" in own.run("jobs", "list").err
    assert "CASARE_PROFILE says otherwise" in own.run("profiles", "use", "north").err
    assert place.run("profiles", "use", "").code == 0
    assert "localhost:8000" in place.run("config", "get", "url").out


def test_they_are_listed_with_the_one_in_use(place: Place) -> None:
    place.run("profiles", "use", "south")
    items = json.loads(place.run("profiles", "list", "-o", "json").out)["items"]
    assert [(item["name"], item["current"]) for item in items] == [
        ("north", False),
        ("south", True),
    ]
    assert place.run("profile", "list", "-o", "name").out == "north\nsouth\n"


def test_one_is_shown_without_its_key(place: Place) -> None:
    shown = place.run("profiles", "show", "north")
    assert "orchestrator_url\thttp://127.0.0.1:11" in shown.out
    assert "canary" not in shown.out
    assert "max_concurrent_jobs\t2" in place.run("profiles", "show", "--profile", "south").out


@pytest.mark.parametrize("words", [("use", "west"), ("show", "west"), ("show",)])
def test_one_that_is_not_there_names_those_that_are(place: Place, words: tuple[str, ...]) -> None:
    done = place.run("profiles", *words)
    assert done.code == 4
    assert "north, south" in done.err


def test_a_mistake_in_a_profile_stops_only_who_uses_it(place: Place) -> None:
    assert place.run("config", "set", "port", "1", "--profile", "north").code == 0
    file = place.folder / ".config" / "casare-rpa" / "config.toml"
    file.write_text(file.read_text() + "prot = 3\n")
    assert place.run("config", "get", "port", "--profile", "north").out == "1\n"
    wrong = place.run("config", "get", "port", "--profile", "south")
    assert (wrong.code, "[profiles.south]" in wrong.err) == (6, True)


def test_one_is_deleted_with_its_key_and_no_longer_in_use(place: Place) -> None:
    file = place.folder / ".config" / "casare-rpa" / "config.toml"
    keys = place.folder / ".config" / "casare-rpa" / "keys.json"
    KeyFile(keys).put("south@http://127.0.0.1:12", "sk_live_canary")
    assert place.run("profiles", "use", "south").code == 0
    unasked = place.run("profiles", "delete", "south")
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    done = place.run("profiles", "delete", "south", "--yes")
    assert done.code == 0, done
    assert "deleted the profile south" in done.err
    assert "no profile is in use" in done.err
    assert file.read_text() == WRITTEN.partition("\n[profiles.south]")[0]
    assert "canary" not in keys.read_text()
    assert place.run("profiles", "delete", "north", "--yes").code == 0
    assert file.read_text() == ""


def test_a_profile_whose_settings_are_wrong_can_be_deleted(place: Place) -> None:
    file = place.folder / ".config" / "casare-rpa" / "config.toml"
    file.write_text(WRITTEN + "prot = 3\n")
    assert place.run("profiles", "delete", "south", "--yes", "-o", "json").code == 0
    assert "south" not in file.read_text()
