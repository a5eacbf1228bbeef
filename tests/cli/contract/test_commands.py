"""What every command of the tree promises, whatever it does. The commands stand in `cases.py`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading

import pytest
import yaml

from casare_cli.answers import ANSWERS, SHAPELESS
from casare_cli.app import PROGRAM, build
from casare_cli.exit_codes import INTERRUPTED, PIPE_CLOSED, UNREACHABLE
from casare_cli.manual import all_pages, root_page
from casare_cli.schemas import ERROR, record_of, schema_of
from tests.cli.contract.cases import CASES, Case
from tests.cli.contract.inside import WAITING, Ran
from tests.cli.contract.world import World
from tests.cli.support import check

pytestmark = pytest.mark.xdist_group("contract")

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
#: What data could make a terminal do.
OBEYED = re.compile(r"\x1b\[666m|[\x00-\x08\x0b\x0c\x0e-\x1a\x7f-\x9f\u202e]")
BY_NAME = [pytest.param(name, case, id=name) for name, case in CASES.items()]
RUN_HERE = [pytest.param(n, c, id=n) for n, c in CASES.items() if not c.elsewhere]
REMOTE = [pytest.param(n, c, id=n) for n, c in CASES.items() if c.remote]


def every_command() -> set[str]:
    pages = all_pages(root_page(build(), PROGRAM))
    return {" ".join(page.path[1:]) for page in pages if not page.children}


def words_of(name: str, words: str, world: World, *more: str) -> list[str]:
    return [*name.split(), *words.format_map(world).split(), *more]


def repeatable(name: str, case: Case, world: World) -> tuple[list[str], int]:
    """The words that may be run again and again, and their exit code."""
    if case.looks:
        return words_of(name, case.words, world), case.exits
    return words_of(name, case.fails, world), case.code


def stays_silent_about(ran: Ran) -> None:
    """What no command does, wherever it runs."""
    assert ran.stdin_left == WAITING, f"it read stdin: {ran}"
    assert "Traceback" not in ran.out + ran.err, ran
    assert not OBEYED.search(ran.out + ran.err), f"{ran.out!r} {ran.err!r}"


def test_every_command_has_a_case_and_a_shape() -> None:
    assert every_command() == set(CASES) == set(ANSWERS) | SHAPELESS
    assert not set(ANSWERS) & SHAPELESS


@pytest.mark.parametrize(("name", "case"), RUN_HERE)
def test_what_succeeds_prints_the_published_shape(name: str, case: Case, world: World) -> None:
    ran = world.place().run(*words_of(name, case.words, world, "-o", "json"))
    assert ran.code == case.exits, ran
    stays_silent_about(ran)
    if name not in SHAPELESS:
        document = json.loads(ran.out)
        check(document, schema_of(name))
        undeclared = set(document) - set(schema_of(name)["properties"])
        assert undeclared <= _UNDECLARED.get(name, set()), undeclared


#: Members that are there for a person to look at and not promised.
_UNDECLARED = {
    "agent status": {"process_started", "start_id"},
    "orchestrator db-status": {"jobs", "keys", "robots", "workflows"},
    "workflows delete": {"deleted_from"},
}


@pytest.mark.parametrize(("name", "case"), BY_NAME)
def test_what_is_refused_is_one_object_on_stderr(name: str, case: Case, world: World) -> None:
    for format in ("json", "yaml"):
        ran = world.place().run(*words_of(name, case.fails, world, "-o", format))
        assert (ran.code, ran.out) == (case.code, ""), ran
        stays_silent_about(ran)
        assert ran.err.count("\n") == 1, ran
        # JSON is YAML as well.
        document = json.loads(ran.err)
        check(document, schema_of(ERROR))
        assert document == yaml.safe_load(ran.err)
        assert document["error"]["exit_code"] == case.code
        assert document["error"]["message"] and "\n" not in document["error"]["message"]


@pytest.mark.parametrize(("name", "case"), BY_NAME)
def test_off_a_terminal_it_prints_plain_lines(name: str, case: Case, world: World) -> None:
    words, code = repeatable(name, case, world)
    ran = world.place().run(*words)
    assert ran.code == code, ran
    stays_silent_about(ran)
    assert "\x1b" not in ran.out + ran.err
    if not case.looks:
        return
    # A stream in another encoding loses no line and raises nothing.
    latin = world.place(encoding="latin-1", LANG="C", LC_ALL="C").run(*words)
    assert (latin.code, latin.out.count("\n")) == (code, ran.out.count("\n")), latin
    # Colour that is forced adds colour and nothing else, and NO_COLOR wins.
    forced = world.place(CLICOLOR_FORCE="1").run(*words)
    assert (forced.code, ESCAPE.sub("", forced.out).count("\n")) == (code, ran.out.count("\n"))
    stays_silent_about(forced)
    without = world.place(CLICOLOR_FORCE="1", NO_COLOR="1").run(*words)
    assert (without.code, "\x1b" in without.out + without.err) == (code, False), without


@pytest.mark.parametrize(("name", "case"), BY_NAME)
def test_on_a_terminal_it_keeps_ids_whole_and_colour_to_where_it_is_wanted(
    name: str, case: Case, world: World
) -> None:
    words, code = repeatable(name, case, world)
    narrow = world.place(terminal=True, COLUMNS="40").run(*words)
    assert narrow.code == code, narrow
    stays_silent_about(narrow)
    dumb = world.place(terminal=True, TERM="dumb").run(*words)
    assert (dumb.code, "\x1b" in dumb.out) == (code, False), dumb
    plain = world.place(terminal=True, NO_COLOR="1").run(*words)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", plain.out), repr(plain.out)
    if case.looks and name in ANSWERS and "items" in schema_of(name)["properties"]:
        ids = world.place().run(*words, "-o", "name").out.split("\n")
        shown = world.place().run(*words).out
        assert all(i in ESCAPE.sub("", narrow.out) for i in ids if i in shown), narrow


@pytest.mark.parametrize(("name", "case"), BY_NAME)
def test_a_reader_that_is_gone_ends_it_quietly(name: str, case: Case, world: World) -> None:
    words, code = repeatable(name, case, world)
    ran = world.place().run_without_reader(*words)
    assert ran.code in (code, PIPE_CLOSED), ran
    stays_silent_about(ran)
    assert not case.looks or "casare-rpa: " not in ran.err, ran


@pytest.mark.parametrize(("name", "case"), REMOTE)
def test_an_orchestrator_that_is_away_is_told_with_exit_code_3(
    name: str, case: Case, world: World
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        words = words_of(name, case.words, world, "--url", url, "-o", "json")
        ran = world.place().run(*words)
    assert (ran.code, ran.out) == (UNREACHABLE, ""), ran
    error = json.loads(ran.err)["error"]
    assert error["retryable"] is True and url in error["message"] and error["hint"]


@pytest.mark.parametrize(("name", "case"), REMOTE)
def test_ctrl_c_ends_it_at_once_without_a_word(name: str, case: Case, world: World) -> None:
    words = words_of(name, case.words, world)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        striking = threading.Thread(target=_strike_when_asked, args=(silent,))
        striking.start()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ran = world.place().run(*words, "--url", url)
        striking.join()
    assert (ran.code, ran.out) == (INTERRUPTED, ""), ran
    stays_silent_about(ran)


def _strike_when_asked(silent: socket.socket) -> None:
    """Press Ctrl-C as soon as a request has come that nobody answers."""
    asked, _ = silent.accept()
    with asked:
        asked.recv(1)
        os.kill(os.getpid(), signal.SIGINT)
        asked.recv(65536)
        while asked.recv(65536):
            pass


LISTS = [p for p in RUN_HERE if p.values[1].looks and p.values[0] in ANSWERS]  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "case"), LISTS)
def test_fields_queries_and_lines_have_the_same_shape(name: str, case: Case, world: World) -> None:
    words, _ = repeatable(name, case, world)
    place = world.place()
    fields = place.run(*name.split(), "--json").out.split()
    assert fields == list(record_of(schema_of(name))["properties"])
    chosen = json.loads(place.run(*words, "--json", ",".join(fields[:2])).out)
    records = chosen["items"] if "next_cursor" in chosen else [chosen]
    assert all(list(record) == fields[:2] for record in records)
    found = place.run(*words, "--query", "keys(@)", "-o", "yaml").out.splitlines()
    assert f"- {'items' if 'next_cursor' in chosen else fields[0]}" in found


@pytest.mark.parametrize("option", [("--json", "no_such_field"), ("--query", "[")])
def test_a_wrong_choice_is_refused_before_anything_is_done(
    option: tuple[str, str], world: World
) -> None:
    job_id = world["new_job"]
    ran = world.place().run("jobs", "cancel", job_id, *option)
    assert (ran.code, ran.out) == (2, "") and option[0] in ran.err
    found = world.place().run("jobs", "get", job_id, "--query", "status", "-o", "name")
    assert found.out == "pending\n"
