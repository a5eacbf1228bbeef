"""Services: a small systemctl with services in files, and the real one."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from casare_rpa.errors import WorkflowInvalid
from tests.support.programs import Programs, programs
from tests.support.runs import run_node

__all__ = ["programs"]
UNITS = [
    {"unit": "web.service", "load": "loaded", "active": "active", "sub": "running"},
    {"unit": "mail.service", "load": "loaded", "active": "failed", "sub": "failed"},
    {"unit": "db@1.service", "load": "loaded", "active": "inactive", "sub": "dead"},
    {"unit": "gone.service", "load": "not-found", "active": "inactive", "sub": "dead"},
    {"unit": "slow.service", "load": "loaded", "active": "activating", "sub": "start-pre"},
]
#: Keeps the state of `web` in a file, and knows no other.
SYSTEMCTL = """
echo "$*" >> "$0.calls"
while [ "${1#--no-}" != "$1" ]; do shift; done
verb=$1
for name; do :; done
case "$verb" in
  list-units) /bin/cat "$0.units"; exit 0;;
  show)
    [ "$name" = web ] || { echo LoadState=not-found; echo ActiveState=inactive; exit 0; }
    echo LoadState=loaded; echo "Description=The web server = fast"
    echo "ActiveState=$(/bin/cat "$0.state")"; exit 0;;
esac
[ "$name" = web ] || { echo "Failed to $verb $name.service: Unit not found." >&2; exit 5; }
case "$verb" in start|restart) echo active > "$0.state";; stop) echo inactive > "$0.state";; esac
"""


@pytest.fixture
def systemctl(programs: Programs) -> Programs:
    programs.add("systemctl", SYSTEMCTL)
    described = [unit | {"description": f"About {unit['unit']}"} for unit in UNITS]
    (programs.folder / "systemctl.units").write_text(json.dumps(described))
    (programs.folder / "systemctl.state").write_text("inactive\n")
    return programs


def calls(systemctl: Programs) -> list[str]:
    return (systemctl.folder / "systemctl.calls").read_text().splitlines()


def status(name: str) -> dict[str, Any]:
    return dict(run_node("GetServiceStatusNode", {"service_name": name}).outputs["n"])


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("all", ["db@1", "mail", "slow", "web"]),
        ("running", ["web"]),
        ("stopped", ["db@1", "mail"]),
    ],
)
def test_services_are_listed_by_their_state(
    systemctl: Programs, wanted: str, names: list[str]
) -> None:
    found = run_node("ListServicesNode", {"state_filter": wanted}).outputs["n"]
    assert [service["name"] for service in found["services"]] == names
    assert found["count"] == len(names)


def test_a_service_has_a_name_a_state_and_a_description(systemctl: Programs) -> None:
    found = run_node("ListServicesNode", {}).outputs["n"]["services"]
    assert found[2] == {
        "name": "slow",
        "display_name": "About slow.service",
        "status": "start_pending",
        "sub_state": "start-pre",
    }


def test_a_service_is_started_and_stopped(systemctl: Programs) -> None:
    web = {"service_name": "web"}
    running = {"status": "running", "display_name": "The web server = fast", "exists": True}
    started = run_node("StartServiceNode", web).outputs["n"]
    assert started == {"success": True, "message": "web was started"}
    assert status("web") == running
    assert run_node("StopServiceNode", web).success
    assert status("web") == running | {"status": "stopped"}
    assert status("nothing") == {"status": "", "display_name": "", "exists": False}


@pytest.mark.parametrize(("seconds", "verbs"), [(0, ["restart"]), (1, ["stop", "start"])])
def test_a_restart_may_pause_in_between(
    systemctl: Programs, seconds: int, verbs: list[str]
) -> None:
    config = {"service_name": "web", "wait_time": seconds}
    assert run_node("RestartServiceNode", config).success
    assert calls(systemctl) == [f"--no-ask-password --no-pager {verb} -- web" for verb in verbs]
    assert status("web")["status"] == "running"


@pytest.mark.parametrize("node_type", ["StartServiceNode", "StopServiceNode"])
def test_a_change_that_fails_fails_the_node_with_systemd_s_words(
    systemctl: Programs, node_type: str
) -> None:
    error = run_node(node_type, {"service_name": "nothing"}).error
    assert error is not None
    assert error.message.endswith("nothing.service: Unit not found.")


@pytest.mark.parametrize("name", ["*", "a b", "-H=host", "we[b]", "/etc/passwd", ""])
def test_what_is_no_name_of_one_service_is_refused(systemctl: Programs, name: str) -> None:
    assert run_node("StopServiceNode", {"service_name": name}).error is not None
    assert not (systemctl.folder / "systemctl.calls").exists()


def test_a_machine_without_systemd_is_told_before_the_run(programs: Programs) -> None:
    with pytest.raises(WorkflowInvalid, match="needs systemctl"):
        run_node("ListServicesNode", {})


def test_the_real_systemctl_answers_or_says_why_it_cannot() -> None:
    if shutil.which("systemctl") is None:
        pytest.skip("systemctl is not there")
    result = run_node("GetServiceStatusNode", {"service_name": "no-such-service-of-ours"})
    if result.error is not None:
        assert "systemctl: " in result.error.message
    else:
        assert result.outputs["n"]["exists"] is False
