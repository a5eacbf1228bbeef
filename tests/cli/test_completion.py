"""The Tab key in real shells, and the command that installs its scripts."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from casare_cli import completing
from casare_cli.schemas import schema_of
from tests.cli.shells import COMPLETIONS, type_and_tab
from tests.cli.support import PROGRAM, Cli, Robot, Server, check, steps

#: What is typed, and what the Tab key makes of it without asking anybody.
STATIC = {
    "casare-rpa jo": "casare-rpa jobs",
    "casare-rpa jobs su": "casare-rpa jobs submit",
    "casare-rpa -q jobs dead-letters pu": "casare-rpa -q jobs dead-letters purge",
    "casare-rpa jobs submit --idem": "casare-rpa jobs submit --idempotency-key",
    "casare-rpa jobs list -o ya": "casare-rpa jobs list -o yaml",
    "casare-rpa robots keys li": "casare-rpa robots keys list",
    # A noun in the singular is understood, and not offered.
    "casare-rpa job su": "casare-rpa job submit",
    "casare-rpa -q job dead-letters pu": "casare-rpa -q job dead-letters purge",
    "casare-rpa robot key rev": "casare-rpa robot key revoke",
    "casare-rpa workflo": "casare-rpa workflows",
    # Words that a command knows, where it takes any text.
    "casare-rpa jobs list --status fai": "casare-rpa jobs list --status failed",
    "casare-rpa jobs list --tag a --tag b --stat": "casare-rpa jobs list --tag a --tag b --status",
    "casare-rpa jobs logs j --level war": "casare-rpa jobs logs j --level warning",
    "casare-rpa keys list --status rev": "casare-rpa keys list --status revoked",
    "casare-rpa robots keys list --status rev": "casare-rpa robots keys list --status revoked",
    "casare-rpa login --in key": "casare-rpa login --in keyring",
    "casare-rpa api DEL": "casare-rpa api DELETE",
    "casare-rpa help exit": "casare-rpa help exit-codes",
    "casare-rpa help workfl": "casare-rpa help workflows",
    "casare-rpa man jobs-su": "casare-rpa man jobs-submit",
    "casare-rpa config get orchestrator_u": "casare-rpa config get orchestrator_url",
    "casare-rpa config set orchestrator_u": "casare-rpa config set orchestrator_url",
    "casare-rpa config set api_k": "casare-rpa config set api_k",
    "casare-rpa keys create --role adm": "casare-rpa keys create --role admin",
    "casare-rpa jobs submit --idem\t k -o ya": (
        "casare-rpa jobs submit --idempotency-key k -o yaml"
    ),
    # Values behind an equals sign, and values that bash takes for several words.
    "casare-rpa jobs list --status=fai": "casare-rpa jobs list --status=failed",
    "casare-rpa --output=ya": "casare-rpa --output=yaml",
    "casare-rpa --url=http://h:8000 jobs su": "casare-rpa --url=http://h:8000 jobs submit",
    "casare-rpa --url http://h:8000 jobs su": "casare-rpa --url http://h:8000 jobs submit",
    "casare-rpa jobs submit w -i a=b --idem": "casare-rpa jobs submit w -i a=b --idempotency-key",
}
#: What takes a file or a folder. `wf` and `w f` hold `hello.json`.
FILES = {
    "casare-rpa run wf/he": "casare-rpa run wf/hello.json",
    r"casare-rpa run w\ f/he": r"casare-rpa run w\ f/hello.json",
    "casare-rpa run ~/wf/he": "casare-rpa run ~/wf/hello.json",
    "casare-rpa workflows push a wf/he": "casare-rpa workflows push a wf/hello.json",
    "casare-rpa workflows validate wf/he": "casare-rpa workflows validate wf/hello.json",
    "casare-rpa orchestrator backup wf/he": "casare-rpa orchestrator backup wf/hello.json",
    "casare-rpa --ca-file wf/he": "casare-rpa --ca-file wf/hello.json",
    "casare-rpa api GET /x --input wf/he": "casare-rpa api GET /x --input wf/hello.json",
    "casare-rpa agent start --state-dir wf/de": "casare-rpa agent start --state-dir wf/deep",
    "casare-rpa jobs submit wf/he": "casare-rpa jobs submit wf/hello.json",
    "casare-rpa schedules create wf/he": "casare-rpa schedules create wf/hello.json",
    "casare-rpa workflows diff a wf/he": "casare-rpa workflows diff a wf/hello.json",
    "casare-rpa jobs submit w --input @wf/he": "casare-rpa jobs submit w --input @wf/hello.json",
    "casare-rpa run a -i @b -i @wf/he": "casare-rpa run a -i @b -i @wf/hello.json",
    "casare-rpa jobs submit -i @a wf/he": "casare-rpa jobs submit -i @a wf/hello.json",
    "casare-rpa jobs submit -i a=b wf/he": "casare-rpa jobs submit -i a=b wf/hello.json",
    "casare-rpa --ca-file=wf/he": "casare-rpa --ca-file=wf/hello.json",
}
#: What takes ids or addresses only, and is left as it is.
NO_FILES = (
    "casare-rpa jobs list --workflow wf/he",
    "casare-rpa workflows pull wf/he",
    "casare-rpa api GET wf/he",
    "casare-rpa jobs submit w --input wf/he",
)
SHELLS = ("bash", "zsh", "fish")
TARGETS = {
    "bash": ".local/share/bash-completion/completions/casare-rpa",
    "zsh": ".local/share/zsh/site-functions/_casare-rpa",
    "fish": ".config/fish/completions/casare-rpa.fish",
    "powershell": ".config/powershell/casare-rpa.ps1",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_words_options_choices_and_ids(
    remote: Cli, shell: str, submit: Callable[..., str], workflow: str, robot: Robot
) -> None:
    job_id = submit()
    expected = STATIC | {
        "casare-rpa nodes show SetVar": "casare-rpa nodes show SetVariableNode",
        f"casare-rpa workflows get {workflow[:-1]}": f"casare-rpa workflows get {workflow}",
        f"casare-rpa jobs get {job_id[:-1]}": f"casare-rpa jobs get {job_id}",
        f"casare-rpa job get {job_id[:-1]}": f"casare-rpa job get {job_id}",
        f"casare-rpa jobs submit w --robot {robot.robot_id[:-1]}": (
            f"casare-rpa jobs submit w --robot {robot.robot_id}"
        ),
    }
    # A busy machine may take its time here; how long a person waits is tested below.
    remote.env["CASARE_COMPLETION_SECONDS"] = "60"
    lines = type_and_tab(shell, remote, *expected).lines
    # Behind an option zsh puts an equals sign, which a space takes away.
    plain = [" ".join(line.removesuffix("=").split()) for line in lines]
    assert plain == list(expected.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_knows_the_nodes_at_which_a_job_can_be_run_again(
    remote: Cli, shell: str, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(*steps("read", "send"), status="failed")
    remote.env["CASARE_COMPLETION_SECONDS"] = "60"
    start = f"casare-rpa jobs rerun {job_id} --yes --from-node"
    assert type_and_tab(shell, remote, f"{start} se").lines == [f"{start} send"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_files_where_a_file_is_wanted(cli: Cli, shell: str) -> None:
    cli.env["CASARE_ORCHESTRATOR_URL"] = "http://127.0.0.1:9"
    for name in ("wf", "w f"):
        (cli.folder / name / "deep").mkdir(parents=True)
        (cli.folder / name / "hello.json").touch()
    expected = FILES | {line: line for line in NO_FILES}
    lines = type_and_tab(shell, cli, *expected).lines
    # Behind a folder some shells put a slash.
    assert [line.removesuffix("/") for line in lines] == list(expected.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_profiles_without_an_orchestrator(cli: Cli, shell: str) -> None:
    file = cli.folder / "casare-rpa" / "config.toml"
    file.parent.mkdir()
    file.write_text("[profiles.production]\n[profiles.'of # sales']\n")
    cli.env["CASARE_COMPLETION_SECONDS"] = "60"
    expected = {
        "casare-rpa --profile pro": "casare-rpa --profile production",
        "casare-rpa jobs list --profile pro": "casare-rpa jobs list --profile production",
        "casare-rpa profile use pro": "casare-rpa profile use production",
        "casare-rpa profiles show of": "casare-rpa profiles show of",
    }
    assert type_and_tab(shell, cli, *expected).lines == list(expected.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_without_an_orchestrator_the_tab_key_does_nothing_and_says_nothing(
    cli: Cli, shell: str
) -> None:
    cli.env["CASARE_ORCHESTRATOR_URL"] = "http://127.0.0.1:9"
    typed = type_and_tab(shell, cli, "casare-rpa jobs get j")
    assert typed.lines == ["casare-rpa jobs get j"]
    assert not re.search("Traceback|rror|refused|answered", typed.screen)


def test_an_orchestrator_that_never_answers_is_waited_for_until_the_limit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completing._patience("") == 0.3
    assert completing._patience("2") == 2.0
    assert [completing._patience(text) for text in ("soon", "-1", "nan", "1e9")] == [0.3] * 4
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("CASARE_ORCHESTRATOR_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("CASARE_COMPLETION_SECONDS", "0.05")
        assert completing.complete(["jobs"]) == 0
    assert capsys.readouterr() == ("", "")


def test_completing_ids_needs_no_orchestrator(cli: Cli) -> None:
    done = cli("__complete", "jobs", env={"CASARE_ORCHESTRATOR_URL": "http://127.0.0.1:9"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert cli("__complete").returncode == 0
    patient = {"CASARE_COMPLETION_SECONDS": "60"}  # a busy machine may take its time here
    found = cli("__complete", "nodes", "SetV", env=patient).stdout.split()
    assert found == ["SetVariableNode"]


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
    remote.env["CASARE_COMPLETION_SECONDS"] = "60"
    offered = remote("__complete", "workflows").stdout
    assert offered
    assert "touch" not in offered
    type_and_tab("bash", remote, "casare-rpa workflows get $")
    assert not list(remote.folder.glob("**/pwned"))


@pytest.mark.parametrize("shell", TARGETS)
def test_the_script_is_printed_installed_and_removed(cli: Cli, shell: str) -> None:
    [script] = [path.read_text() for path in (COMPLETIONS / shell).iterdir()]
    assert cli("completion", shell).stdout == script
    target = cli.folder / TARGETS[shell]
    for _ in range(2):  # again is an update
        done = cli("completion", shell, "--install")
        assert (done.returncode, done.stdout) == (0, f"{target}\n")
        assert target.read_text() == script
        assert done.stderr.strip()
    done = cli("completion", shell, "--uninstall")
    assert (done.returncode, done.stdout, target.exists()) == (0, f"{target}\n", False)
    done = cli("completion", shell, "--uninstall")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing to remove" in done.stderr


@pytest.mark.parametrize("shell", TARGETS)
def test_with_json_installing_and_removing_answer_with_one_object(cli: Cli, shell: str) -> None:
    target = str(cli.folder / TARGETS[shell])
    for words, file, is_installed in (
        ("--install", target, True),
        ("--uninstall", target, False),
        ("--uninstall", None, False),
    ):
        done = cli("completion", shell, words, "-o", "json")
        assert (done.returncode, done.stderr) == (0, "")
        found = json.loads(done.stdout)
        check(found, schema_of("completion --install"))
        assert (found["shell"], found["file"], found["installed"]) == (shell, file, is_installed)


def test_the_next_step_is_a_line_for_the_shell_whatever_the_home_is_called(tmp_path: Path) -> None:
    home = tmp_path / "hé llo $(wörld)"
    home.mkdir()
    cli = Cli(home)
    for shell, start in (("bash", "source "), ("zsh", "fpath=(")):
        [hint] = cli("completion", shell, "--install").stderr.splitlines()
        script = home / TARGETS[shell]
        first, *_ = shlex.split(hint.partition(start)[2])
        assert first == str(script if shell == "bash" else script.parent)
    [hint] = cli("completion", "powershell", "--install").stderr.splitlines()
    assert hint.endswith(f". '{home / TARGETS['powershell']}'")


def test_what_completion_refuses(cli: Cli) -> None:
    assert cli("completion", "dos").returncode == 2
    assert cli("completion", "bash", "--install", "--uninstall").returncode == 2
    (cli.folder / ".config").write_text("in the way")
    done = cli("completion", "fish", "--install")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot write" in done.stderr


def test_an_installed_script_is_found_by_its_shell(cli: Cli) -> None:
    """zsh by the line that --install names, fish by itself."""
    for shell in ("zsh", "fish"):
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
    [hint] = cli("completion", "zsh", "--install").stderr.splitlines()
    line = hint.partition("~/.zshrc: ")[2]
    command = ["zsh", "-f", "-c", f"{line} -u -D; print -r -- $_comps[casare-rpa]"]
    assert _output(cli, command).strip() == "_casare-rpa"
    cli("completion", "fish", "--install")
    assert _output(cli, ["fish", "-c", "complete -C 'casare-rpa jobs su'"]).startswith("submit")


def _output(cli: Cli, command: list[str]) -> str:
    # fish completes the words of programs that are there.
    there = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=cli.folder,
        env=cli.environment({"PATH": there}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return done.stdout


@pytest.mark.parametrize("shell", TARGETS)
def test_a_script_says_how_it_is_installed(cli: Cli, shell: str) -> None:
    head = "".join(cli("completion", shell).stdout.splitlines(keepends=True)[:10])
    assert f"casare-rpa completion {shell} --install" in head
    assert ".local" not in head and "Copy" not in head


def test_fish_says_nothing_behind_an_id_that_is_not_about_it(cli: Cli) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    file = cli.folder / ".config" / "casare-rpa" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[profiles.production]\n[profiles.preview]\n")
    program = cli.folder / "casare-rpa"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    cli.env |= {"PATH": f"{cli.folder}:{os.environ['PATH']}", "CASARE_COMPLETION_SECONDS": "60"}
    script = COMPLETIONS / "fish" / "casare-rpa.fish"
    offered = _output(
        cli, ["fish", "-c", f"source {script}; complete -C 'casare-rpa profiles show pr'"]
    )
    assert sorted(line.rstrip("\t") for line in offered.splitlines()) == ["preview", "production"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_script(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    [path] = (COMPLETIONS / shell).iterdir()
    done = subprocess.run(
        [program, "-n", str(path)], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


#: Strings, where a doubled or escaped quote stands for itself, and comments.
_NO_CODE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"`]|`.|"")*"|<#.*?#>|#[^\n]*""", re.DOTALL)


def test_what_opens_in_the_powershell_script_closes() -> None:
    """The form of the script alone: strings end, and brackets close in their order."""
    [path] = (COMPLETIONS / "powershell").iterdir()
    code = _NO_CODE.sub("", path.read_text())
    assert not {"'", '"'} & set(code)
    assert "Register-ArgumentCompleter -Native -CommandName" in code
    brackets = "".join(re.findall(r"[()\[\]{}]", code))
    while (shorter := re.sub(r"\(\)|\[\]|\{\}", "", brackets)) != brackets:
        brackets = shorter
    assert brackets == ""
