"""`casare-rpa secrets set|list|delete`, and a run that uses what they store."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

from tests.cli.support import PROGRAM, Cli, _read_terminal
from tests.support.runs import document, node

FILE = ".config/casare-rpa/secrets.json"
KEYRING = """
import json, pathlib
from keyring.backend import KeyringBackend
PATH = pathlib.Path(__file__).with_name("entries.json")
class Own(KeyringBackend):
    priority = 1
    def _all(self): return json.loads(PATH.read_text()) if PATH.exists() else {}
    def get_password(self, service, name): return self._all().get(f"{service}:{name}")
    def set_password(self, service, name, value):
        PATH.write_text(json.dumps({**self._all(), f"{service}:{name}": value}))
    def delete_password(self, service, name):
        kept = {k: v for k, v in self._all().items() if k != f"{service}:{name}"}
        PATH.write_text(json.dumps(kept))
"""


def test_a_secret_is_piped_in_listed_without_its_value_used_and_deleted(
    cli: Cli, tmp_path: Path
) -> None:
    done = cli("secrets", "set", "erp", "-", "--field", "password", stdin="canary-1\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"stored the secret erp.password in the file {tmp_path / FILE}\n"
    done = cli("secrets", "set", "erp", "-", "--field", "username", "-o", "json", stdin="scott")
    assert json.loads(done.stdout) == {"name": "erp", "field": "username", "store": "file"}
    listed = cli("secrets", "list", "-o", "json", env={"CASARE_SECRET_ERP": "canary-2"})
    first, second = json.loads(listed.stdout)["items"]
    assert (first["source"], first["used"]) == ("the environment (CASARE_SECRET_ERP)", True)
    assert (second["fields"], second["used"]) == (["password", "username"], False)
    assert "canary" not in listed.stdout + listed.stderr
    (tmp_path / "w.json").write_text(
        json.dumps(document({"n": node("LogNode", message="<{{$secret:erp.password}}>")}))
    )
    ran = cli("run", "w.json", "--events", "events.jsonl", "-o", "json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["logs"][0]["message"] == "<***>"
    assert "canary" not in ran.stdout + ran.stderr + (tmp_path / "events.jsonl").read_text()
    assert cli("secrets", "delete", "erp").returncode == 2
    done = cli("secrets", "delete", "erp", "--yes")
    assert (done.returncode, done.stderr.split(" from ")[0]) == (0, "deleted the secret erp")
    assert cli("secrets", "list", "-o", "name").stdout == ""
    ran = cli("run", "w.json")
    assert ran.returncode == 1 and "casare-rpa secrets set erp.password" in ran.stderr


def test_what_cannot_be_stored_or_deleted_is_told(cli: Cli, tmp_path: Path) -> None:
    cases = [
        (("secrets", "set", "erp", "-"), "", 2, "no value for the secret erp"),
        (("secrets", "set", "erp"), "v", 2, "no terminal to ask for the value of erp"),
        (("secrets", "set", "erp", "v"), "", 2, "a value is no argument"),
        (("secrets", "set", "erp", "-"), "a\0b", 2, "NUL"),
        (("secrets", "set", "erp", "-"), "x" * (1 << 17), 2, "longer than 65536 bytes"),
        (("secrets", "set", "../x"), "v", 2, "is no name for a secret"),
        (("secrets", "set", "erp", "--field", "a.b"), "v", 2, "is no name for a field"),
        (
            ("secrets", "set", "erp", "-", "--in", "keyring"),
            "v",
            6,
            "no keyring that takes secrets",
        ),
        (("secrets", "delete", "erp", "--yes"), "", 4, "there is no secret erp"),
    ]
    for words, stdin, code, text in cases:
        done = cli(*words, stdin=stdin)
        assert (done.returncode, text in done.stderr) == (code, True), (words, done.stderr)
        assert done.stdout == "" and "Traceback" not in done.stderr
    assert not (tmp_path / FILE).exists()
    done = cli("secrets", "delete", "erp", "-y", env={"CASARE_SECRET_ERP": "canary"})
    assert done.returncode == 4 and "neither in the file nor in the keyring" in done.stderr


def test_a_file_that_others_may_read_stops_every_command(cli: Cli, tmp_path: Path) -> None:
    assert cli("secrets", "set", "erp", "-", stdin="canary").returncode == 0
    (tmp_path / FILE).chmod(0o644)
    for words in (("set", "erp", "-"), ("list",), ("delete", "erp", "--yes")):
        done = cli("secrets", *words, stdin="new")
        assert done.returncode == 6 and "chmod 600" in done.stderr, words


def test_a_terminal_is_asked_without_echo(cli: Cli, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "secrets", "set", "erp"],
        cwd=tmp_path,
        env=cli.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # the tests' own terminal is not to be asked
    )
    os.close(theirs)
    shown = b""
    while not shown.endswith(b": "):  # what is typed before that is dropped
        shown += os.read(ours, 1024)
    os.write(ours, b"canary\n")
    text = shown.decode() + _read_terminal(ours)
    assert process.wait(60) == 0 and "canary" not in text
    assert json.loads((tmp_path / FILE).read_text())["secrets"] == {"erp": {"value": "canary"}}


def test_the_keyring_keeps_secrets_and_a_list_of_them(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "own_keyring.py").write_text(KEYRING)
    env = {"PYTHON_KEYRING_BACKEND": "own_keyring.Own", "PYTHONPATH": str(tmp_path)}
    done = cli("secrets", "set", "erp", "-", "--in", "keyring", stdin="canary", env=env)
    assert (done.returncode, "in the keyring" in done.stderr) == (0, True), done.stderr
    assert not (tmp_path / FILE).exists()
    listed = cli("secrets", "list", env=env)
    assert listed.stdout == "erp\tvalue\tthe keyring\tyes\n"
    assert cli("secrets", "delete", "erp", "--yes", env=env).returncode == 0
    assert cli("secrets", "list", env=env).stdout == ""
