"""Manual pages, completion scripts and generated docs: fresh, sound, and shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import Cli, Server

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "man" / "man1").glob("*.1"))
BASH = ROOT / "completions" / "bash" / "casare-rpa"


def test_what_is_generated_is_fresh() -> None:
    pytest.importorskip("shtab")
    done = subprocess.run(
        [sys.executable, "scripts/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_manual_page_is_sound_roff() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    assert len(PAGES) > 30
    for page in PAGES:
        command = [groff, "-ww", "-man", "-Tutf8", str(page)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (0, ""), page.name


def test_mandoc_finds_nothing_wrong() -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed")
    command = [mandoc, "-Tlint", "-Wwarning", *map(str, PAGES)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout == ""


def test_the_manual_is_shown_without_an_installed_page(cli: Cli) -> None:
    done = cli("man", "jobs", "submit")
    page = ROOT / "man" / "man1" / "casare-rpa-jobs-submit.1"
    assert (done.returncode, done.stdout) == (0, page.read_text())
    assert cli("man", "jobs-submit").stdout == done.stdout
    assert cli("man", "casare-rpa").stdout == cli("man").stdout
    assert cli("man", "nope").returncode == 4


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_completion_script_is_printed(cli: Cli, shell: str) -> None:
    done = cli("completion", shell)
    assert done.returncode == 0
    assert "casare-rpa" in done.stdout
    assert done.stdout in [path.read_text() for path in (ROOT / "completions" / shell).iterdir()]


def test_the_completion_script_is_installed_for_the_user(cli: Cli) -> None:
    done = cli("completion", "bash", "--install")
    target = cli.folder / ".local/share/bash-completion/completions/casare-rpa"
    assert done.stdout == f"{target}\n"
    assert target.read_text() == BASH.read_text()


def test_an_unknown_shell_is_refused(cli: Cli) -> None:
    assert cli("completion", "dos").returncode == 2


def bash_offers(cli: Cli, *words: str) -> list[str]:
    """What bash offers for the last of *words*."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    names = cli.folder / "bin"
    names.mkdir(exist_ok=True)
    program = names / "casare-rpa"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m casare_cli "$@"\n')
    program.chmod(0o755)
    quoted = " ".join(f"'{word}'" for word in ("casare-rpa", *words))
    script = (
        f"source '{BASH}'; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; "
        "f=$(complete -p casare-rpa | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); "
        f"$f casare-rpa '{words[-1]}' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    path = {"PATH": f"{names}:{os.environ['PATH']}"}
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        cwd=cli.folder,
        env=cli.environment(path),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )
    return [word.strip() for word in done.stdout.split()]


def test_bash_completes_commands_and_options(cli: Cli) -> None:
    assert {"jobs", "workflows", "run"} <= set(bash_offers(cli, ""))
    assert bash_offers(cli, "jobs", "su") == ["submit"]
    assert "--idempotency-key" in bash_offers(cli, "jobs", "submit", "--")
    assert set(bash_offers(cli, "jobs", "list", "-o", "")) >= {"json", "jsonl"}


def test_bash_completes_ids_from_the_orchestrator(remote: Cli, workflow: str) -> None:
    assert workflow in bash_offers(remote, "workflows", "get", "w-")


def test_an_id_that_a_shell_would_take_apart_is_not_offered(remote: Cli, server: Server) -> None:
    from tests.cli.conftest import document

    with server.client() as client:
        client.push_workflow(
            {
                "workflow_id": "$(touch pwned)",
                "workflow_name": "$(touch pwned)",
                "workflow_json": document(),
            }
        )
    bash_offers(remote, "workflows", "get", "")
    assert not list(remote.folder.glob("**/pwned"))
    assert "touch" not in remote("__complete", "workflows").stdout


def test_completing_ids_needs_no_typer_and_no_orchestrator(cli: Cli) -> None:
    done = cli("__complete", "jobs", env={"CASARE_ORCHESTRATOR_URL": "http://127.0.0.1:9"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert cli("__complete").returncode == 0
    assert cli("__complete", "nodes", "SetV").stdout.split() == ["SetVariableNode"]


@pytest.mark.parametrize(("shell", "file"), [("zsh", "_casare-rpa"), ("fish", "casare-rpa.fish")])
def test_other_shells_can_read_their_script(shell: str, file: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    command = [program, "-n", str(ROOT / "completions" / shell / file)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completes_commands(cli: Cli) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed")
    script = ROOT / "completions" / "fish" / "casare-rpa.fish"
    command = f"source '{script}'; complete -C 'casare-rpa jobs su'"
    done = subprocess.run(
        [fish, "--no-config", "-c", command],
        cwd=cli.folder,
        env=cli.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.split("\t")[0] == "submit", done.stderr


def test_zsh_loads_the_script_as_its_own_completion(cli: Cli) -> None:
    """The file is an autoload function: its first line names the program it completes."""
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is not installed")
    folder = ROOT / "completions" / "zsh"
    command = (
        f"fpath=('{folder}' $fpath); autoload -Uz compinit; compinit -u -D; "
        "print -r -- $_comps[casare-rpa]; autoload +X _casare-rpa && print loaded"
    )
    done = subprocess.run(
        [zsh, "-f", "-c", command],
        cwd=cli.folder,
        env=cli.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.split() == ["_casare-rpa", "loaded"], done.stderr
