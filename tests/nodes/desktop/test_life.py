"""Whatever ends a run, nothing stays pressed, and one run at a time has the display."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from casare_rpa import desktop_display
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue
from casare_rpa.nodes.catalogue import NodeNotAvailable
from casare_rpa.nodes.desktop import _display
from tests.nodes.desktop.screen import Screen, display_running, server_running
from tests.nodes.desktop.test_programs import lives, program, stopped
from tests.support.fleet import eventually, start_agent, start_orchestrator
from tests.support.runs import document, node, run_node


def pressed() -> tuple[int, int]:
    """How many buttons and keys are down."""
    with closing(Display()) as display:
        mask = display.screen().root.query_pointer().mask
        keys = sum(byte.bit_count() for byte in display.query_keymap())
    return (mask >> 8 & 0x1F).bit_count(), keys


def test_a_cancelled_drag_releases_the_button(screen: Screen) -> None:
    screen.open("Paint")
    screen.one("MaximizeWindowNode", window="Paint")
    drag = {"start_x": 200, "start_y": 200, "end_x": 900, "end_y": 600, "duration": 600}
    raw = document({"wait": node("DragMouseNode", **drag)})
    result = asyncio.run(stopped(raw, screen.folder, lambda: pressed() == (1, 0)))
    assert (result.status, pressed()) == ("cancelled", (0, 0))


def test_a_cancelled_text_leaves_no_key_pressed(screen: Screen) -> None:
    window = screen.open("Editor")
    raw = document({"wait": node("SendKeysNode", keys="Жж" * 500, interval=0.02)})
    result = asyncio.run(stopped(raw, screen.folder, lambda: len(window.keys) > 5))
    assert (result.status, pressed()) == ("cancelled", (0, 0))
    assert len(window.keys) < 1000
    with closing(Display()) as display:
        rows = display.get_keyboard_mapping(8, 248)
    assert not any(row[0] in (0x01000416, 0x01000436) for row in rows), "the keyboard is as it was"


def test_what_a_killed_run_had_pressed_the_next_one_releases(screen: Screen) -> None:
    window = screen.open("Editor")
    with closing(Display()) as display:
        # 37 is Ctrl on every keyboard of this server.
        xtest.fake_input(display, X.KeyPress, 37)
        xtest.fake_input(display, X.ButtonPress, 2)
        display.sync()
    assert pressed() == (1, 1)
    screen.one("SendKeysNode", keys="a", interval=0)
    assert pressed() == (0, 0)
    window.has_typed("a")
    assert "released what an earlier run had left pressed: 1 mouse buttons, 1 keys" in screen.log


def test_one_run_at_a_time_drives_the_display(screen: Screen, tmp_path: Path) -> None:
    window = screen.open("Editor")
    file = tmp_path / "long.json"
    raw = document({"type": node("SendHotKeyNode", key="F5", wait_time=600)})
    file.write_text(json.dumps(raw))
    command = [sys.executable, "-m", "casare_cli", "run", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path) as other:
        window.has_typed("F5")
        # To look is allowed meanwhile.
        assert screen.one("GetWindowListNode")["window_count"] == 2

        async def both() -> Any:
            moving = asyncio.to_thread(screen.one, "MoveMouseNode", x=3, y=4)
            task = asyncio.ensure_future(moving)
            await asyncio.to_thread(
                eventually, lambda: any("another run drives the display" in x for x in screen.log)
            )
            other.kill()
            return await task

        assert asyncio.run(both())["final_x"] == 3


def test_a_picture_shows_what_is_on_the_screen(screen: Screen) -> None:
    screen.open("Red", "--red")
    screen.one("MoveWindowNode", window="Red", x=100, y=100)
    seen = screen.run(
        look=("GetWindowPropertiesNode", {"window": "Red"}),
        all=("CaptureScreenshotNode", {"file_path": "shots/all.png"}),
        part=("CaptureScreenshotNode", {"file_path": "part.bmp", "region": [150, 200, 20, 10]}),
        window=("CaptureScreenshotNode", {"region": "{{look.properties}}", "format": "JPEG"}),
        same=("CompareImagesNode", {"image1": "{{all.image}}", "image2_path": "shots/all.png"}),
    ).outputs
    with Image.open(screen.folder / "shots" / "all.png") as whole:
        assert (whole.format, whole.size) == ("PNG", (1280, 800))
        assert whole.getpixel((200, 200)) == (255, 0, 0)
        assert whole.getpixel((1000, 700)) != (255, 0, 0)
    assert seen["same"]["similarity"] == 1.0
    assert seen["all"]["file_path"].endswith("all.png")
    code, message = screen.failure("CaptureScreenshotNode", region=[1200, 0, 100, 100])
    assert (code, "not inside the screen, which is 1280 x 800" in message) == (
        "VALUE_OUT_OF_RANGE",
        True,
    )


@pytest.mark.parametrize(
    ("variables", "wanted", "mend"),
    [
        ({}, "an X11 display: DISPLAY is not set", "set DISPLAY"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "this session is Wayland's", "Xorg"),
        ({"DISPLAY": ":4711"}, "no X server listens at :4711", "start it before the robot"),
    ],
)
def test_a_robot_without_a_display_says_so_before_the_run(
    variables: dict[str, str], wanted: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WorkflowInvalid) as caught:
        run_node("SendHotKeyNode", {})
    (problem,) = caught.value.problems
    assert (wanted in problem.message, mend in (problem.hint or "")) == (True, True)


@pytest.mark.parametrize(("system", "name"), [("win32", "Windows"), ("darwin", "macOS")])
def test_other_desktops_are_refused_by_name(
    system: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    what, mend = desktop_display.lacking() or ("", "")
    assert f"does not drive the desktop of {name}" in what
    assert "run it on a Linux robot that announces 'desktop'" in mend


def test_without_the_extra_its_command_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "Xlib", None)
    with pytest.raises(NodeNotAvailable) as caught:
        catalogue.runnable_class("MoveMouseNode")
    assert caught.value.message == "MoveMouseNode needs the extra 'desktop', which is not installed"
    assert caught.value.hint == "pip install 'casare-rpa[desktop]'"


def test_a_display_that_wants_a_cookie_gets_that_of_the_robot(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = "0123456789abcdef0123456789abcdef"
    (tmp_path / "server").write_bytes(entry("", cookie))
    with display_running("", "-auth", str(tmp_path / "server")) as name:
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.setenv("XAUTHORITY", str(tmp_path / "none"))
        # In a process of its own: the library leaves a refused connection for Python to close.
        code = "from casare_rpa import desktop_display as d; print(*d.why_not_driven())"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        assert f"leave to use the display {name}, which it refuses" in told
        assert "set XAUTHORITY" in told
        (tmp_path / "mine").write_bytes(entry(name.lstrip(":"), cookie))
        monkeypatch.setenv("XAUTHORITY", str(tmp_path / "mine"))
        assert desktop_display.why_not_driven() is None
        assert "x" in screen.one("GetMousePositionNode")


def entry(number: str, cookie: str) -> bytes:
    """A file of one cookie, as xauth writes it."""
    parts = (
        socket.gethostname().encode(),
        number.encode(),
        b"MIT-MAGIC-COOKIE-1",
        bytes.fromhex(cookie),
    )
    local = (256).to_bytes(2, "big")
    return local + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def test_a_server_without_xtest_is_told(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    with display_running("", "-extension", "XTEST") as name:
        monkeypatch.setenv("DISPLAY", name)
        code, message = screen.failure("MoveMouseNode", x=1, y=1)
        wanted = f"the extension XTEST, which the X server {name} has not"
        assert (code, wanted in message) == ("CONFIG_INVALID", True)
        assert desktop_display.why_not_driven() == (wanted, "start it with +extension XTEST")


def test_a_server_that_ends_or_hangs_within_a_run_is_told(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_display, "_ANSWER_SECONDS", 3)
    monkeypatch.setattr(_display, "_GRACE_SECONDS", 0.1)
    for number, how in ((signal.SIGSTOP, "APPLICATION_NOT_RESPONDING"), (signal.SIGKILL, "")):
        with server_running() as (name, server):
            monkeypatch.setenv("DISPLAY", name)
            line = f"kill -{int(number)} {server.pid}"
            result = screen.tried(
                before=("GetMousePositionNode", {}),
                strike=("RunCommandNode", {"command": line}),
                after=("GetMousePositionNode", {}),
            )
            server.send_signal(signal.SIGCONT)
        assert result.error is not None
        assert result.error.code == how or "ended the connection" in result.error.message


def test_a_job_goes_to_the_robot_that_has_a_display(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = screen.open("Editor")
    screen.one("MaximizeWindowNode", window="Editor")
    for name in ("plain", "able"):
        (tmp_path / name).mkdir()
    with start_orchestrator(tmp_path) as orchestrator, ExitStack() as robots:
        monkeypatch.delenv("DISPLAY")
        robots.enter_context(start_agent(orchestrator, tmp_path / "plain", robot_id="plain"))
        typing = document({"type": node("SendKeysNode", keys="job", interval=0)})
        job_id = orchestrator.submit(typing)
        assert orchestrator.job(job_id)["requires"] == ["desktop"]
        monkeypatch.setenv("DISPLAY", screen.name)
        robots.enter_context(start_agent(orchestrator, tmp_path / "able", robot_id="able"))
        ended = orchestrator.wait_for(job_id)
        assert (ended["status"], ended["robot_id"]) == ("completed", "able")
        window.has_typed(*"job")
        asked = {**program(str(tmp_path / "kept.jsonl"), "Kept"), "keep_open": True}
        job_id = orchestrator.submit(document({"launch": node("LaunchApplicationNode", **asked)}))
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        kept = json.loads((tmp_path / "kept.jsonl").read_text().splitlines()[0])["pid"]
        eventually(lambda: not lives(kept), what="the end of all that a job has started")
        screen.one("ActivateWindowNode", window_title="Editor", timeout=30)
        drag = {"start_x": 200, "start_y": 200, "end_x": 900, "end_y": 600, "duration": 600}
        job_id = orchestrator.submit(document({"drag": node("DragMouseNode", **drag)}))
        eventually(lambda: pressed() == (1, 0))
        orchestrator.admin.cancel(job_id)
        assert orchestrator.wait_for(job_id)["status"] == "cancelled"
        assert pressed() == (0, 0)
