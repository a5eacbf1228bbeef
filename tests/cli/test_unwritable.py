"""Streams that take nothing: closed ones, and a full disk behind them (/dev/full)."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.support import PROGRAM, Cli, Done, Robot, Server

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")

CLOSED, FULL = ">&-", "> /dev/full"
REASONS = {CLOSED: "it is closed", FULL: "No space left on device"}
BOTH = pytest.mark.parametrize("where", [CLOSED, FULL])


@pytest.fixture
def admin(tmp_path: Path, server: Server) -> Cli:
    return Cli(tmp_path, server.env(server.admin_key))


#: Where not even root can make a folder.
NOWHERE = Path("/proc/nowhere")


@pytest.mark.skipif(not NOWHERE.parent.exists(), reason="needs /proc")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("config", "set", "port", "80"), 6),
        (("secrets", "set", "erp", "-", "--in", "file"), 6),
        (("completion", "fish", "--install"), 1),
    ],
)
def test_a_folder_that_takes_no_file_is_told_with_what_mends_it(
    cli: Cli, words: tuple[str, ...], code: int
) -> None:
    env = {"XDG_CONFIG_HOME": str(NOWHERE), "CASARE_SECRETS_FILE": str(NOWHERE / "secrets.json")}
    done = cli(*words, env=env, stdin="canary")
    assert done.returncode == code, done.stderr
    assert f"cannot write {NOWHERE}/" in done.stderr
    assert "hint: Let this user write in /proc, which belongs to root, or" in done.stderr


@pytest.mark.skipif(not NOWHERE.parent.exists(), reason="needs /proc")
@pytest.mark.parametrize("words", [("doctor",), ("agent", "check")])
def test_a_check_names_the_state_folder_that_cannot_be_made(
    cli: Cli, words: tuple[str, ...]
) -> None:
    done = cli(*words, env={"CASARE_STATE_DIR": str(NOWHERE), "CASARE_ORCHESTRATOR_URL": NOBODY})
    assert done.returncode == 1
    assert f"{NOWHERE} cannot be made in /proc: " in done.stdout


NOBODY = "http://127.0.0.1:9"


def sent(cli: Cli, where: str, *words: str | Path) -> Done:
    """The command with a stream that the shell has sent *where*."""
    command = f"exec {shlex.join([*PROGRAM, *map(str, words)])} {where}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=cli.folder,
        env=cli.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def active_keys(admin: Cli, *words: str) -> list[str]:
    found = admin(*words, "keys", "list", "--status", "active", "-o", "name")
    assert found.returncode == 0
    return found.stdout.split()


@BOTH
@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("--help",),
        ("jobs", "list", "--help"),
        ("nodes", "list"),
        ("man", "jobs"),
        ("completion", "bash"),
        ("config", "list"),
    ],
)
def test_an_answer_that_cannot_be_written_is_an_error_that_says_where(
    cli: Cli, words: tuple[str, ...], where: str
) -> None:
    done = sent(cli, where, *words)
    assert done.returncode == 1
    first, hint = done.stderr.splitlines()
    assert first == f"casare-rpa: cannot write to stdout: {REASONS[where]}"
    assert hint.startswith("  hint: ")


@BOTH
def test_with_json_it_is_one_object(cli: Cli, where: str) -> None:
    done = sent(cli, where, "nodes", "list", "-o", "json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"], error["exit_code"]) == (1, "OUTPUT_FAILED", 1)
    assert sent(cli, where, "jobs", "list", "--json").returncode == 1


@BOTH
def test_where_nothing_is_answered_stdout_is_not_missed(
    remote: Cli, submit: Callable[..., str], workflow: str, where: str
) -> None:
    assert sent(remote, where, "jobs", "cancel", submit()).returncode == 0
    assert sent(remote, where, "jobs", "submit", workflow, "--quiet").returncode == 0
    assert sent(remote, where, "jobs", "list", "-o", "none").returncode == 0


@pytest.mark.parametrize("where", ["2> /dev/full", "2>&-"])
@pytest.mark.parametrize("more", [(), ("-o", "json")])
def test_a_stderr_that_takes_nothing_changes_no_exit_code(
    remote: Cli, submit: Callable[..., str], where: str, more: tuple[str, ...]
) -> None:
    assert sent(remote, where, "jobs", "get", "nope", *more).returncode == 4
    assert sent(remote, where, "jobs").returncode == 2
    assert sent(remote, where, "jobs", "cancel", submit(), *more).returncode == 0


@pytest.mark.parametrize("where", [CLOSED, FULL, "-o none", "-o name"])
@pytest.mark.parametrize(
    "words", [("keys", "create", "--role", "viewer"), ("robots", "keys", "create", "r-unseen")]
)
def test_no_key_is_made_that_nobody_would_get(
    admin: Cli, words: tuple[str, ...], where: str
) -> None:
    noun = words[: words.index("keys")]
    before = active_keys(admin, *noun)
    done = sent(admin, where, *words)
    assert done.returncode == (2 if where.startswith("-o") else 1)
    assert "hint: " in done.stderr
    assert active_keys(admin, *noun) == before


@pytest.mark.parametrize("where", [CLOSED, FULL, "-o none", "-o name"])
def test_a_key_is_not_replaced_by_one_that_nobody_would_get(
    admin: Cli, robot: Robot, server: Server, where: str
) -> None:
    with server.client(server.admin_key) as client:
        person = client.create_key({"role": "viewer", "name": "t"})["key"]["id"]
    robots = admin("robots", "keys", "list", "--robot", robot.robot_id, "-o", "name").stdout.split()
    for noun, key in (((), person), (("robots",), robots[0])):
        done = sent(admin, where, *noun, "keys", "rotate", key)
        assert done.returncode == (2 if where.startswith("-o") else 1)
        assert key in active_keys(admin, *noun)


#: 512 bytes a block: the file takes less than a key needs.
LIMITED = "ulimit -f 0; trap '' XFSZ; exec {command} > {target}"


def into_no_room(cli: Cli, *words: str) -> Done:
    """The command with a file as stdout that looks good and takes no byte."""
    command = LIMITED.format(
        command=shlex.join([*PROGRAM, *words]), target=shlex.quote(str(cli.folder / "answer"))
    )
    return subprocess.run(
        ["sh", "-c", command],
        cwd=cli.folder,
        env={**cli.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("keys", "create", "--role", "viewer"), "keys revoke"),
        (("robots", "keys", "create", "r-unseen"), "robots keys revoke"),
    ],
)
def test_a_new_key_that_could_not_be_written_is_named_with_its_revocation(
    admin: Cli, words: tuple[str, ...], mend: str
) -> None:
    noun = words[: words.index("keys")]
    before = set(active_keys(admin, *noun))
    done = into_no_room(admin, *words)
    (made,) = set(active_keys(admin, *noun)) - before
    assert done.returncode == 1
    assert f"key {made} was made, is good and nobody has it; cannot write to stdout" in done.stderr
    assert f"hint: casare-rpa {mend} {made}\n" in done.stderr


def test_a_replaced_key_that_could_not_be_written_is_rotated_again(
    admin: Cli, server: Server
) -> None:
    with server.client(server.admin_key) as client:
        key = client.create_key({"role": "viewer", "name": "t"})["key"]["id"]
    done = into_no_room(admin, "keys", "rotate", key)
    assert done.returncode == 1
    mend = done.stderr.partition("hint: casare-rpa ")[2].split()
    assert mend[:2] == ["keys", "rotate"]
    again = admin(*mend)
    assert (again.returncode, again.stdout.startswith("sk_live_")) == (0, True)


@BOTH
def test_a_job_whose_id_cannot_be_written_is_told_on_stderr(
    remote: Cli, server: Server, workflow: str, where: str
) -> None:
    done = sent(remote, where, "jobs", "submit", workflow, "--robot", "nobody")
    with server.client() as client:
        (job,) = client.jobs(workflow_id=workflow)["jobs"]
    assert done.returncode == 1
    first, hint = done.stderr.splitlines()
    assert first.startswith(
        f"casare-rpa: job {job['job_id']} was submitted; cannot write to stdout"
    )
    assert hint == f"  hint: casare-rpa jobs watch {job['job_id']}"


@BOTH
def test_a_run_whose_steps_nobody_could_see_does_not_begin(
    cli: Cli, workflow_file: Path, where: str
) -> None:
    done = sent(cli, where, "run", workflow_file, "--events", "events.jsonl")
    assert done.returncode == 1
    assert not (cli.folder / "events.jsonl").exists()
    assert sent(cli, where, "run", workflow_file, "--quiet").returncode == 0
