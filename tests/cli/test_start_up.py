"""What a command line may import, and with that how fast it starts.

Every command is tried: what is slow here is slow in every script that calls it in a loop.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from casare_cli.app import PROGRAM, build
from casare_cli.manual import all_pages, root_page
from tests.cli.contract.cases import CASES
from tests.cli.support import Cli

#: What takes longer than a tenth of what a person notices.
SLOW = {"asyncio", "fastapi", "keyring", "pydantic", "rich", "sqlalchemy", "starlette", "uvicorn"}
SLOW |= {"alembic", "click", "concurrent.futures", "multiprocessing", "psutil", "websockets"}
SLOW |= {"cryptography", "jmespath", "yaml", "zoneinfo", "xml.etree", "unittest", "sqlite3"}
HTTP = {"httpx", "httpcore", "http.client", "ssl", "orjson"}
#: What runs workflows, and what reads them.
ENGINE = {"casare_rpa.engine", "casare_rpa.nodes", "casare_rpa.store", "agent.app"}
WORKFLOWS = {"casare_rpa.domain.workflow"}
#: What the families of nodes import; asyncio brings the rest along.
NODES = {"asyncio", "concurrent.futures", "xml.etree", "zoneinfo"}
#: Families that the workflows here have no node of.
UNUSED = {f"casare_rpa.nodes.{name}" for name in ("browser", "database", "google", "office")}
TREE = {"casare_cli.app", "casare_cli.commands", "typer"}

#: What no command line of a kind may import.
FORBIDDEN = {
    "--version": SLOW
    | HTTP
    | ENGINE
    | TREE
    | {"argparse", "dataclasses", "inspect", "json", "logging", "pathlib", "re", "typing"},
    "Tab for ids": SLOW | ENGINE | TREE | {"httpx", "httpcore", "orjson", "logging"},
    "Tab for node types": SLOW | HTTP | TREE | {"casare_rpa.engine", "casare_rpa.nodes.file"},
    "help": SLOW | HTTP | ENGINE | WORKFLOWS,
    "asks the orchestrator": SLOW | ENGINE | WORKFLOWS,
    "lists nodes": SLOW - NODES | HTTP - {"ssl"} | {"casare_rpa.engine", "lxml", "pypdf", "PIL"},
    "checks a workflow": SLOW | HTTP - {"orjson"} | {"casare_rpa.store"} | UNUSED,
    "pushes a workflow": SLOW | {"casare_rpa.store"} | UNUSED,
}
#: They ask the orchestrator, but read a workflow first.
READS_A_FILE = ("workflows push", "workflows diff", "workflows graph")

#: Runs command lines one after the other; tells what each of them was the first to import.
_REPORT = """
import contextlib, io, json, sys
lines, found, known = json.load(sys.stdin), [], set(sys.modules)
from casare_cli.__main__ import main
for words in lines:
    sys.argv = ["casare-rpa", *words]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        with contextlib.suppress(SystemExit):
            main()
    found.append(sorted(set(sys.modules) - known))
    known = set(sys.modules)
json.dump(found, sys.stdout)
"""


def imported(cli: Cli, lines: Sequence[Sequence[str]]) -> Iterator[tuple[str, set[str]]]:
    """Each command line and what it imports that none before it did."""
    nobody = {"CASARE_ORCHESTRATOR_URL": "http://127.0.0.1:9", "CASARE_API_KEY": "sk_live_x"}
    done = subprocess.run(
        [sys.executable, "-c", _REPORT],
        cwd=cli.folder,
        env=cli.environment(nobody),
        input=json.dumps([list(words) for words in lines]),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    for words, modules in zip(lines, json.loads(done.stdout), strict=True):
        yield " ".join(words), set(modules)


def among(modules: set[str], forbidden: set[str]) -> set[str]:
    """Those of *modules* that are one of the *forbidden* ones or lie in it."""
    return {name for name in modules for root in forbidden if f"{name}.".startswith(f"{root}.")}


def refuse(cli: Cli, lines: Sequence[Sequence[str]], forbidden: set[str]) -> None:
    loaded = {line: among(modules, forbidden) for line, modules in imported(cli, lines)}
    assert not {line: modules for line, modules in loaded.items() if modules}


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("--version", "--version"),
        ("Tab for ids", "__complete jobs"),
        ("Tab for node types", "__complete nodes"),
        ("lists nodes", "nodes list"),
        ("checks a workflow", "workflows validate greet.json"),
        ("pushes a workflow", "workflows push greet.json"),
    ],
)
@pytest.mark.usefixtures("workflow_file")
def test_a_command_line_imports_nothing_that_it_does_not_need(
    cli: Cli, kind: str, line: str
) -> None:
    refuse(cli, [line.split()], FORBIDDEN[kind])


def test_the_help_of_no_command_imports_what_the_command_runs_on(cli: Cli) -> None:
    pages = list(all_pages(root_page(build(), PROGRAM)))
    lines = [[*page.path[1:], "--help"] for page in pages]
    assert len(lines) > 60
    refuse(cli, [*lines, ["help"], ["help", "exit-codes"]], FORBIDDEN["help"])


def test_no_command_that_asks_the_orchestrator_imports_models_or_the_engine(cli: Cli) -> None:
    remote = [name for name, case in CASES.items() if case.remote and name not in READS_A_FILE]
    assert len(remote) > 30
    refuse(cli, [_words(name) for name in remote], FORBIDDEN["asks the orchestrator"])


def _words(name: str) -> list[str]:
    """The command line of a case; what would name a thing is a name that nothing has."""
    return [*name.split(), *re.sub(r"\{\w+\}", "x", CASES[name].words).split()]


def test_only_the_command_that_is_named_is_imported(cli: Cli) -> None:
    [(_, loaded)] = imported(cli, [["jobs", "list"]])
    assert "casare_cli.commands.jobs.list" in loaded
    assert "casare_cli.commands.jobs.submit" not in loaded
    assert "casare_cli.commands.run" not in loaded
    assert not among(loaded, {"casare_cli.commands.workflows.push"})
