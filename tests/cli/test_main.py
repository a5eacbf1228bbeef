"""The program itself: version, help, usage errors, streams."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from casare_rpa import __version__
from tests.cli.support import Cli, error_of


def test_the_version_is_told(cli: Cli) -> None:
    done = cli("--version")
    assert (done.returncode, done.stdout) == (0, f"casare-rpa {__version__}\n")


def test_the_version_is_understood_beside_other_options(cli: Cli) -> None:
    assert cli("--no-color", "--version").stdout == f"casare-rpa {__version__}\n"


def test_the_help_names_every_command(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    for name in ("run", "jobs", "workflows", "robots", "keys", "nodes", "agent", "orchestrator"):
        assert re.search(rf"^  {name} +\w", done.stdout, re.MULTILINE), name
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("words", [(), ("jobs",), ("robots", "keys")])
def test_without_a_verb_the_help_is_shown_as_an_error(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("jbos", "list"), "no such command 'jbos'. Did you mean"),
        (("jobs", "lits"), "no such command 'lits'. Did you mean 'list'?"),
        (("jobs", "list", "--nope"), "no such option: --nope"),
        (("jobs", "get"), "missing argument 'JOB'"),
        (("jobs", "list", "--limit", "many"), "'many' is not a valid int"),
        (("jobs", "list", "-o", "xml"), "'xml' is not one of"),
        (("jobs", "get", "a", "b"), "unexpected extra argument"),
    ],
)
def test_a_usage_error_is_one_line_and_a_hint(
    cli: Cli, words: tuple[str, ...], message: str
) -> None:
    done = cli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    first, hint = done.stderr.splitlines()
    assert first.startswith("casare-rpa: ")
    assert message in first
    assert hint.startswith("  hint: casare-rpa")


@pytest.mark.parametrize(
    "option", [("-o", "json"), ("-ojson",), ("--output=json",), ("-o", "jsonl")]
)
def test_a_usage_error_is_json_where_json_was_asked_for(cli: Cli, option: tuple[str, ...]) -> None:
    error = error_of(cli("jobs", "list", "--nope", *option))
    assert error["code"] == "USAGE"
    assert error["exit_code"] == 2


def test_an_error_never_shows_a_traceback_unless_asked_to(cli: Cli) -> None:
    words = ("jobs", "list", "--url", "http://127.0.0.1:9", "--api-key", "sk_live_secret")
    assert "Traceback" not in cli(*words).stderr
    debug = cli(*words, "--debug").stderr
    assert "Traceback" in debug
    assert "sk_live_secret" not in debug


def test_a_wrong_setting_names_its_origin_and_exits_6(cli: Cli) -> None:
    done = cli("jobs", "list", env={"CASARE_PORT": "many"})
    assert done.returncode == 6
    assert "CASARE_PORT" in done.stderr


@pytest.mark.parametrize(
    "words", [("nodes", "list"), ("nodes", "list", "-o", "json"), ("jobs", "--help"), ("man",)]
)
def test_a_reader_that_is_gone_is_no_error(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli.without_reader(*words) == (141, "")


def test_output_that_no_encoding_holds_is_printed_anyway(cli: Cli) -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = cli("nodes", "show", "LogNode", env=env)
    assert done.returncode == 0


def test_the_system_user_and_environment_settings_override_each_other(cli: Cli) -> None:
    folder = cli.folder / ".config" / "casare-rpa"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('orchestrator_url = "http://127.0.0.1:11"\n')
    assert "127.0.0.1:11" in cli("jobs", "list").stderr
    env = {"CASARE_ORCHESTRATOR_URL": "http://127.0.0.1:12"}
    assert "127.0.0.1:12" in cli("jobs", "list", env=env).stderr
    assert "127.0.0.1:13" in cli("jobs", "list", "--url", "http://127.0.0.1:13", env=env).stderr


def test_every_command_explains_itself(cli: Cli) -> None:
    from casare_cli.app import PROGRAM, build
    from casare_cli.manual import all_pages, root_page
    from casare_cli.verbs import split_examples

    for page in all_pages(root_page(build(), PROGRAM)):
        prose, examples = split_examples(page.command.help)
        assert prose.split("\n")[0], page.name
        assert all(line.startswith(PROGRAM) or PROGRAM in line for line in examples), page.name
        if not page.children:
            assert examples, f"{page.name} shows no example"
        for param in page.command.params:
            assert param.help, f"{page.name} {param.name} has no help"


def test_every_error_class_has_an_exit_code_that_the_table_explains() -> None:
    from casare_cli.exit_codes import MEANINGS
    from casare_rpa.errors import CasareError

    assert {kind.exit_code for kind in CasareError.by_code.values()} <= set(MEANINGS)


def test_json_schema_version_is_the_same_everywhere(cli: Cli) -> None:
    found = json.loads(cli("nodes", "list", "-o", "json").stdout)
    assert found["schema_version"] == 1


def test_the_script_and_the_module_are_the_same_program(cli: Cli) -> None:
    script = Path(sys.executable).with_name("casare-rpa")
    if not script.exists():
        pytest.skip("the project is not installed in this environment")
    done = subprocess.run([script, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == cli("--version").stdout


def test_a_missing_option_is_told_on_one_line(cli: Cli) -> None:
    first, *hints = cli("keys", "create").stderr.splitlines()
    assert "viewer, operator, developer, admin" in " ".join(first.split())
    assert [line.strip().partition(":")[0] for line in hints] == ["hint"]
