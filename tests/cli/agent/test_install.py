"""The service that `agent install` makes, checked by systemd's own tool and started as it would."""

from __future__ import annotations

import json
import os
import plistlib
import shlex
import shutil
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from casare_cli.services import systemd
from casare_cli.services.service import Mark, Service
from tests.cli.contract.inside import Place, Ran
from tests.cli.support import Server
from tests.support.fleet import Program, eventually

KEY = "robot_" + "k" * 46
needs_verify = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="no systemd-analyze (Debian: apt-get install systemd)",
)


@dataclass(frozen=True)
class Home:
    """A user whose files lie in the test's folder; commands run within this process."""

    folder: Path

    def __call__(self, *words: str, **more: str) -> Ran:
        env = {
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            "CASARE_ORCHESTRATOR_URL": "https://rpa.example",
            **more,
        }
        return Place(folder=self.folder, env=env).run(*words)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def unit_file(home: Home, name: str = "casare-rpa-agent") -> Path:
    return home.folder / ".config" / "systemd" / "user" / f"{name}.service"


def key_file(home: Home) -> Path:
    return home.folder / ".config" / "casare-rpa" / "casare-rpa-agent.key"


def install(home: Home, *words: str) -> dict[str, Any]:
    done = home("agent", "install", "--user", "-o", "json", *words)
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


def lines_of(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_a_users_service_is_installed_again_and_removed(home: Home) -> None:
    (home.folder / "given.key").write_text(KEY)
    words = ("--set", "max_concurrent_jobs=4", "--ca-file", "ca.pem")
    made = install(home, "--api-key", "file:given.key", *words)
    assert (made["changed"], made["has_key"], made["scope"]) == (True, True, "user")
    assert made["file"] == str(unit_file(home))
    text = unit_file(home).read_text()
    assert KEY not in text
    assert key_file(home).read_text().strip() == KEY
    assert stat.S_IMODE(key_file(home).stat().st_mode) == 0o600
    assert "Environment=CASARE_MAX_CONCURRENT_JOBS=4\n" in text
    assert "Environment=CASARE_ORCHESTRATOR_URL=https://rpa.example\n" in text

    assert f"Environment=CASARE_CA_FILE={home.folder}/ca.pem\n" in text

    again = install(home, *words)
    assert (again["changed"], again["has_key"]) == (False, True)

    state = home.folder / ".local" / "state" / "casare-rpa"
    state.mkdir(parents=True)
    done = home("agent", "uninstall", "--user")
    assert done.code == 0, done.err
    assert f"{state} stays" in done.err
    assert not unit_file(home).exists() and not key_file(home).exists()
    assert state.is_dir()
    assert home("agent", "uninstall", "--user").code == 4


@pytest.mark.parametrize("platform", ["systemd", "launchd", "windows"])
def test_a_machines_file_is_shown_without_naming_an_account(home: Home, platform: str) -> None:
    done = home("agent", "install", "--print", "--system", "--platform", platform)
    assert done.code == 0, done
    if platform == "systemd":
        assert "\nUser=casare-rpa\n" in done.out
        assert done.err == "note: jobs run as casare-rpa there; --run-as USER names another\n"


def test_an_account_that_is_not_here_is_told_beside_the_file(home: Home) -> None:
    done = home("agent", "install", "--print", "--system", "--run-as", "nosuchuser")
    assert (done.code, "\nUser=nosuchuser\n" in done.out) == (0, True)
    assert "this machine has no account 'nosuchuser'" in done.err


def test_a_users_service_keeps_its_state_where_the_users_commands_look(home: Home) -> None:
    words = ("agent", "install", "--user", "--dry-run", "-o", "json")
    own = str(home.folder / "own")
    usual = home(*words, CASARE_STATE_DIR=own)
    assert (json.loads(usual.out)["state_dir"], usual.err) == (own, "")
    second = home(*words, "--name", "second", CASARE_STATE_DIR=own)
    assert json.loads(second.out)["state_dir"].endswith("/second")
    assert "CASARE_STATE_DIR says" in second.err
    named = home(*words, "--state-dir", "/srv/x", CASARE_STATE_DIR=own)
    assert (json.loads(named.out)["state_dir"], named.err) == ("/srv/x", "")


def test_a_purge_names_only_what_was_there(home: Home) -> None:
    install(home)
    done = home("agent", "uninstall", "--user", "--purge", "--yes")
    state = home.folder / ".local" / "state" / "casare-rpa"
    assert done.code == 0, done
    assert f"there was no state folder {state}" in done.err
    assert f"removed {state}" not in done.err


def test_what_others_wrote_is_neither_replaced_nor_removed(home: Home) -> None:
    unit_file(home).parent.mkdir(parents=True)
    unit_file(home).write_text("[Service]\nExecStart=/bin/true\n")
    for verb in ("install", "uninstall"):
        done = home("agent", verb, "--user", "-o", "json")
        assert (done.code, json.loads(done.err)["error"]["code"]) == (9, "RESOURCE_CONFLICT")
    assert unit_file(home).read_text() == "[Service]\nExecStart=/bin/true\n"


def test_a_purge_takes_only_what_is_an_agents_folder(home: Home) -> None:
    state = home.folder / "precious"
    (state / "photos").mkdir(parents=True)
    install(home, "--state-dir", str(state))
    refused = home("agent", "uninstall", "--user", "--purge", "--yes")
    assert (refused.code, state.is_dir(), unit_file(home).exists()) == (2, True, True)
    for name in ("journal", "work"):
        (state / name).mkdir()
    unasked = home("agent", "uninstall", "--user", "--purge")
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    assert home("agent", "uninstall", "--user", "--purge", "--yes").code == 0
    assert not state.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--user", "--system"), 2, "exclude each other"),
        (("--user", "--name", "../x"), 2, "name of a service"),
        (("--user", "--api-key", "sk_live_x"), 2, "robot's key"),
        (("--user", "--set", "api_key=robot_x"), 2, "--api-key"),
        (("--user", "--set", "vault_token=x"), 2, "secret"),
        (("--user", "--set", "colour=red"), 2, "casare-rpa config list names"),
        (("--user", "--set", "max_concurrent_jobs=many"), 6, "max_concurrent_jobs"),
        (("--user", "--run-as", "root"), 2, "--run-as is for --system"),
        (("--user", "--platform", "launchd"), 2, "--print"),
        (("--user", "--program", "/no/such/program"), 2, "/no/such/program"),
        (("--system", "--dry-run"), 2, "--run-as"),
        (("--print", "--platform", "windows", "--user", "--set", "tags=a"), 2, "config.toml"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    home: Home, words: tuple[str, ...], code: int, said: str
) -> None:
    if "--program" in words and shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze (Debian: apt-get install systemd)")
    done = home("agent", "install", *words)
    assert (done.code, said in done.err) == (code, True), done.err
    assert not (home.folder / ".config").exists()


def test_a_dry_run_tells_everything_and_writes_nothing(home: Home) -> None:
    done = home("agent", "install", "--user", "--dry-run")
    assert done.code == 0, done.err
    assert f"would write {unit_file(home)}" in done.err
    assert not (home.folder / ".config").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root")
def test_a_program_that_the_account_of_jobs_cannot_start_is_refused(home: Home) -> None:
    program = home.folder / "casare-rpa"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    home.folder.chmod(0o700)
    words = ("agent", "install", "--system", "--dry-run", "--program", str(program))
    refused = home(*words, "--run-as", "daemon")
    assert (refused.code, "daemon cannot start" in refused.err) == (2, True)
    unknown = home(*words, "--run-as", "no-such-account")
    assert (unknown.code, "useradd" in unknown.err) == (2, True)
    assert home(*words, "--run-as", "root").code == 0


def service(folder: str, *, system: bool) -> Service:
    """One whose every word is hard to write down."""
    odd = f'{folder}/a b%20"c'
    return Service(
        name="odd",
        system=system,
        program=("/bin/sh", "-c", "echo $HOME; 'x'"),
        url="https://rpa.example",
        key_file=f"{folder}/k%e y",
        owns_key=True,
        state_dir=odd,
        run_as="root" if system else "",
        environment={"CASARE_STATE_DIR": odd, "CASARE_TAGS": "a,b\nc"},
        stop_seconds=105,
    )


@needs_verify
@pytest.mark.parametrize("system", [False, True])
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path, system: bool) -> None:
    text = systemd.unit(service(str(tmp_path), system=system), systemd.version())
    assert systemd.problems(text, "odd", system=system) == []
    broken = text.replace("KillMode=mixed", "KillMode=mixt")
    assert systemd.problems(broken, "odd", system=system)


def test_the_unit_says_what_the_agent_needs() -> None:
    unit = lines_of(systemd.unit(service("/srv", system=True), 252))
    wanted = {
        "Type": "notify",
        "KillMode": "mixed",
        "Restart": "always",
        "RestartPreventExitStatus": "77 78",
        "OOMPolicy": "continue",
        "TimeoutStopSec": "105",
        "LoadCredential": "casare-api-key:/srv/k%%e y",
        "ExecStart": "/bin/sh -c \"echo $$HOME; 'x'\" agent",
    }
    assert {name: unit[name] for name in wanted} == {k: [v] for k, v in wanted.items()}
    assert unit["Environment"] == [
        '"CASARE_STATE_DIR=/srv/a b%%20\\"c"',
        '"CASARE_TAGS=a,b\\nc"',
    ]
    assert "RestartSteps" not in unit
    assert "RestartSteps" in lines_of(systemd.unit(service("/srv", system=True), 254))


def test_the_mark_is_read_as_it_was_written() -> None:
    mark = Mark(key_file="/a--b/k y%", state_dir="C:\\x -- y")
    assert "--" not in str(mark)
    assert Mark.read(f"<!-- {mark} -->") == mark
    assert Mark.read("[Unit]\n") is None


@pytest.mark.parametrize("scope", ["--user", "--system"])
def test_files_for_other_systems_are_well_formed_and_hold_no_key(home: Home, scope: str) -> None:
    words = ("agent", "install", "--print", scope, "--name", "r--1", "--api-key", KEY)
    shown = {name: home(*words, "--platform", name) for name in ("launchd", "windows")}
    for done in shown.values():
        assert done.code == 0, done.err
        assert KEY not in done.out
        assert Mark.read(done.out) is not None
    job = plistlib.loads(shown["launchd"].out.encode())
    assert (job["Label"], job["ProgramArguments"][-1]) == ("r--1", "agent")
    variables = job["EnvironmentVariables"]
    assert variables["CASARE_ORCHESTRATOR_URL"] == "https://rpa.example"
    assert variables["CASARE_API_KEY_FILE"].endswith("/r--1.key")
    root = ET.fromstring(shown["windows"].out)
    if scope == "--system":
        found = {item.get("name"): item.get("value") for item in root.findall("env")}
        assert root.findtext("arguments") == "agent"
        assert found["CASARE_ORCHESTRATOR_URL"] == "https://rpa.example"
    else:
        space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
        arguments = root.findtext(f"{space}Actions/{space}Exec/{space}Arguments") or ""
        assert arguments.startswith("agent --url https://rpa.example --api-key file:C:\\")


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as source:
        source.bind(str(tmp_path / "notify"))
        source.setblocking(False)
        yield source


def test_the_installed_command_is_what_systemd_can_start_and_stop(
    home: Home, server: Server, ear: socket.socket
) -> None:
    with server.client(server.admin_key) as admin:
        made = admin.create_robot_key({"robot_id": "as-a-service", "name": "unit"})
    (home.folder / "given.key").write_text(made["api_key"])
    install(home, "--api-key", "file:given.key", "--url", server.url)
    unit = lines_of(unit_file(home).read_text())
    agent = as_systemd_would(home, unit)
    heard: list[str] = []
    agent.start()
    try:
        eventually(lambda: hears(ear, heard, "READY=1"), what=agent.tail())
        eventually(lambda: hears(ear, heard, "WATCHDOG=1"))
        assert not hears(ear, heard, "STOPPING=1")
        assert agent.stop() == 0, agent.tail()
        assert hears(ear, heard, "STOPPING=1")
        assert heard.index("READY=1") < heard.index("STOPPING=1")
        assert made["api_key"] not in agent.tail(1000)
    finally:
        agent.end()


def as_systemd_would(home: Home, unit: dict[str, list[str]]) -> Program:
    """The unit's command with the environment that systemd makes for it."""
    (credential,) = unit["LoadCredential"]
    name, _, source = credential.partition(":")
    credentials = home.folder / "credentials"
    credentials.mkdir(mode=0o700)
    shutil.copy(source, credentials / name)
    (words,) = unit["ExecStart"]
    own = dict(shlex.split(value)[0].split("=", 1) for value in unit["Environment"])
    given = {
        "NOTIFY_SOCKET": str(home.folder / "notify"),
        "WATCHDOG_USEC": "4000000",
        "CREDENTIALS_DIRECTORY": str(credentials),
        "STATE_DIRECTORY": own["CASARE_STATE_DIR"],
        "HOME": str(home.folder),
        "PATH": os.environ["PATH"],
    }
    return Program("service", shlex.split(words), own | given, home.folder / "service.log")


def hears(ear: socket.socket, heard: list[str], text: str) -> bool:
    while True:
        try:
            heard.append(ear.recv(4096).decode())
        except BlockingIOError:
            return text in heard
