"""doctor: each thing that can be wrong is told with its mend, and the bundle holds no secret."""

from __future__ import annotations

import json
import stat
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casare_cli.checks.finding import State
from casare_cli.checks.orchestrator import judged, skew_seconds
from casare_rpa.errors import Unavailable
from tests.cli.contract.inside import Place
from tests.cli.support import Server
from tests.orchestrator.support import running
from tests.support.full_disk import full_disk

_TLS = {"CASARE_ORCHESTRATOR_URL": "https://127.0.0.1:9"}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path, server: Server) -> Place:
    env = {
        **{"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        **{"CASARE_STATE_DIR": str(tmp_path / "state")},
    }
    return Place(folder=tmp_path, env={**env, **server.env()})


def findings(place: Place, *words: str, code: int, **env: str) -> dict[str, Mapping[str, Any]]:
    own = Place(folder=place.folder, env={**place.env, **env})
    ran = own.run("doctor", "--json", *words)
    assert ran.code == code, ran
    found = json.loads(ran.out)["items"]
    assert all(item["mend"] for item in found if item["state"] in ("warn", "fail")), found
    # The worst that was found of each thing.
    order = {"pass": 0, "skip": 1, "warn": 2, "fail": 3}
    return {item["check"]: item for item in sorted(found, key=lambda item: order[item["state"]])}


def test_all_is_well(place: Place, server: Server) -> None:
    found = findings(place, code=0)
    assert {name for name, item in found.items() if item["state"] == "pass"} >= {
        *("settings", "key", "orchestrator", "version", "sign in", "clock"),
        *("python", "extras", "state folder", "disk", "time zones", "journals"),
    }
    assert server.developer_key not in json.dumps(found)
    assert (found["agent"]["state"], found["keyring"]["state"]) == ("skip", "skip")


@pytest.mark.parametrize(
    ("env", "check", "told"),
    [
        ({"CASARE_API_KEY": ""}, "key", "casare-rpa login"),
        ({"CASARE_API_KEY": "sk_live_" + "0" * 46}, "key", "mistyped"),
        ({"CASARE_ORCHESTRATOR_URL": "http://127.0.0.1:9"}, "orchestrator", "refused"),
        (_TLS, "orchestrator", "refused"),
        ({"CASARE_PORT": "many"}, "settings", "CASARE_PORT"),
        ({"CASARE_STATE_DIR": "/proc/nope"}, "state folder", "CASARE_STATE_DIR"),
        ({"CASARE_MIN_FREE_BYTES": str(1 << 60)}, "disk", "no job is claimed"),
        ({"CASARE_CLIENT_CERT": "/nope", **_TLS}, "orchestrator", "client_cert"),
        ({"CASARE_PROFILE": "nope"}, "settings", "no profile 'nope'"),
    ],
)
def test_what_is_broken_fails_with_its_mend(
    place: Place, env: dict[str, str], check: str, told: str
) -> None:
    found = findings(place, code=1, **env)[check]
    assert found["state"] == "fail"
    assert told in f"{found['message']} {found['mend']}"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="X11 displays are driven elsewhere")
def test_a_display_that_cannot_be_driven_is_told(place: Place) -> None:
    for name, told in (("", "DISPLAY is not set"), (":4711", "no X server listens at :4711")):
        found = findings(place, code=0, DISPLAY=name)["desktop"]
        assert (found["state"], told in found["message"]) == ("warn", True)


def test_an_orchestrator_whose_disk_is_full_fails(place: Place, tmp_path: Path) -> None:
    with running(tmp_path / "full") as full:
        full.push()
        assert full.orchestrator.app is not None
        with full_disk(full.orchestrator.app.state.desk.store):
            with pytest.raises(Unavailable):
                full.submit(input_data={"text": "x" * 100_000})
            env = {"CASARE_ORCHESTRATOR_URL": full.url, "CASARE_API_KEY": full.admin_key}
            found = findings(place, code=1, **env)["orchestrator"]
    assert found["state"] == "fail"
    assert "the database refuses writes: database or disk is full" in found["message"]


def test_a_name_of_a_variable_that_no_setting_has_is_told(place: Place) -> None:
    found = findings(place, code=0, CASARE_LEASE_SECOND="3", CASARE_SECRET_ERP="x")
    assert found["environment"]["mend"] == "Did you mean CASARE_LEASE_SECONDS?"


def test_files_that_others_may_read_or_change_fail(place: Place) -> None:
    folder = place.folder / ".config" / "casare-rpa"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('api_key = "x"\n')
    (folder / "config.toml").chmod(0o644)
    (folder / "api.key").write_text("x")
    (folder / "api.key").chmod(0o640)
    found = findings(place, code=1)
    assert found["settings files"]["mend"] == f"chmod 600 {folder / 'config.toml'}"
    assert found["key"]["mend"] == f"chmod 600 {folder / 'api.key'}"
    (folder / "config.toml").chmod(0o666)
    assert "chmod go-w" in findings(place, code=1)["settings files"]["mend"]


def test_journals_that_are_left_over_are_told(place: Place) -> None:
    journal = place.folder / "state" / "journal"
    journal.mkdir(parents=True)
    (journal / "job-1.journal").write_bytes(b"nonsense")
    found = findings(place, code=0)["journals"]
    assert (found["state"], found["message"]) == ("warn", "1 damaged")


def test_a_clock_is_judged_by_what_whole_seconds_allow() -> None:
    def skew(seconds: float) -> float:
        here = NOON + timedelta(seconds=seconds)
        return skew_seconds(here, here + timedelta(seconds=0.2), NOON)

    assert [skew(0.0), skew(0.9), skew(-0.1)] == [0.0, 0.0, 0.0]
    assert [judged(skew(s)).state for s in (2.5, 10, -10)] == [State.PASS, State.WARN, State.WARN]
    assert [judged(skew(s)).state for s in (62, -62)] == [State.FAIL, State.FAIL]
    assert "9 s ahead" in judged(skew(10)).message


def test_on_a_terminal_the_mend_stands_below(place: Place) -> None:
    own = Place(folder=place.folder, env={**place.env, "CASARE_API_KEY": "", "TERM": "xterm"})
    lines = Place(folder=own.folder, env=own.env, terminal=True).run("doctor").out.splitlines()
    at = next(i for i, line in enumerate(lines) if "FAIL  key" in line)
    assert "casare-rpa login" in lines[at + 1]


def test_the_bundle_holds_what_support_needs_and_no_secret(place: Place, server: Server) -> None:
    state = place.folder / "state"
    state.mkdir()
    canary = "canary-0123456789"
    (state / "agent.log").write_text(
        f"using {server.developer_key}\nAuthorization: Bearer {canary}\n"
        f"postgresql://rpa:{canary}@db/x\n{server.admin_key}\ntoken={canary}\nall went well\n"
    )
    (state / "admin.key").write_text(server.admin_key)
    env = {
        **{"CASARE_VAULT_TOKEN": canary, "CASARE_DATABASE": f"postgresql://u:{canary}@h/d"},
        **{"CASARE_SECRET_ERP": canary},
    }
    findings(place, "--bundle", "b.zip", code=0, **env)
    target = place.folder / "b.zip"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert {"doctor.json", "settings.json", "versions.txt", "machine.json"} <= set(texts)
    assert "all went well" in texts["logs/agent.log"]
    assert "casare-rpa==" in texts["versions.txt"]
    for secret in (server.developer_key, server.admin_key, canary):
        assert not [name for name, text in texts.items() if secret in text]


@pytest.mark.parametrize("target", ["nope/b.zip", "."])
def test_a_bundle_that_cannot_be_written_is_told_first(place: Place, target: str) -> None:
    done = place.run("doctor", "--bundle", target)
    assert (done.code, done.out) == (2, "")
    assert "--bundle" in done.err
