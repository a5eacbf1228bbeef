from __future__ import annotations

import json
from dataclasses import fields

from casare_cli.app import PROGRAM, build
from casare_cli.exit_codes import MEANINGS
from casare_cli.manual import all_pages, root_page
from casare_rpa.settings import Settings
from tests.cli.support import Cli


def test_every_exit_code_is_listed(cli: Cli) -> None:
    lines = cli("help", "exit-codes").stdout.splitlines()
    assert [int(line.split("\t")[0]) for line in lines] == list(MEANINGS)
    items = json.loads(cli("help", "exit", "codes", "-o", "json").stdout)["items"]
    assert len(items) == len(MEANINGS)


def test_every_setting_is_listed(cli: Cli) -> None:
    text = cli("help", "environment").stdout
    for item in fields(Settings):
        assert f"CASARE_{item.name.upper()}\t" in text
    assert "CASARE_API_KEY_FILE" in text


def test_topics_are_listed(cli: Cli) -> None:
    assert cli("help").stdout.splitlines()[0].startswith("exit-codes\t")


def test_a_command_is_explained_as_by_its_own_help(cli: Cli) -> None:
    assert cli("help", "jobs", "submit").stdout == cli("jobs", "submit", "--help").stdout


def test_an_unknown_topic_exits_4(cli: Cli) -> None:
    done = cli("help", "weather")
    assert done.returncode == 4
    assert "exit-codes" in done.stderr


def test_a_narrow_terminal_breaks_no_word_of_the_help(cli: Cli) -> None:
    words = set(cli("jobs", "wait", "--help").stdout.split())
    narrow = cli("jobs", "wait", "--help", env={"COLUMNS": "40"}).stdout
    assert set(narrow.split()) == words
    prose = [line for line in narrow.splitlines() if "casare-rpa" not in line and "|" not in line]
    assert [line for line in prose if len(line) > 40] == []


def test_the_short_option_is_understood_by_every_command() -> None:
    for page in all_pages(root_page(build(), PROGRAM)):
        options = page.command.get_help_option_names(page.context)
        assert set(options) == {"-h", "--help"}, page.name


def test_the_short_option_shows_the_same(cli: Cli) -> None:
    for words in ((), ("jobs",), ("agent",), ("jobs", "list")):
        short = cli(*words, "-h")
        assert (short.returncode, short.stdout) == (0, cli(*words, "--help").stdout)
