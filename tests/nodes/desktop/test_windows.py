"""Windows are found, looked at, waited for and arranged, by a real window manager."""

from __future__ import annotations

import asyncio
import subprocess
from typing import Any

import pytest

from tests.nodes.desktop.screen import SIZE, Screen, display_running, manager_running
from tests.support.fleet import eventually


def test_the_list_has_the_front_window_first(screen: Screen) -> None:
    screen.open("Orders")
    window = screen.open("Invoices \u2013 März", "--class", "Accounts")
    found = screen.one("GetWindowListNode")
    assert [each["title"] for each in found["window_list"]] == ["Invoices \u2013 März", "Orders"]
    first = found["window_list"][0]
    assert (first["class_name"], first["process_id"]) == ("Accounts", window.process.pid)
    assert (first["state"], first["is_visible"], first["is_active"]) == ("normal", True, True)
    assert first["handle"].startswith("0x")
    some = screen.one("GetWindowListNode", filter_title="ORD")
    assert (some["window_count"], some["window_list"][0]["title"]) == (1, "Orders")
    assert some["window_list"][0]["is_active"] is False


def test_a_window_is_moved_and_sized_with_its_frame(screen: Screen) -> None:
    screen.open("Orders")
    seen = screen.run(
        find=("ActivateWindowNode", {"window_title": "orders", "match_partial": False}),
        move=("MoveWindowNode", {"window": "{{find.window}}", "x": 200, "y": 150}),
        size=("ResizeWindowNode", {"window": "{{find.window}}", "width": 500, "height": 400}),
        look=("GetWindowPropertiesNode", {"window": "{{find.window}}"}),
    ).outputs
    look = seen["look"]
    assert [look[name] for name in ("x", "y", "width", "height")] == [200, 150, 500, 400]
    assert (look["title"], look["state"], look["properties"]["title"]) == (
        "Orders",
        "normal",
        "Orders",
    )
    assert str(seen["find"]["window"]).endswith(" Orders")


def test_a_window_is_maximised_minimised_and_restored(screen: Screen) -> None:
    screen.open("Orders")
    states = []
    for node_type in (
        *("MaximizeWindowNode", "MinimizeWindowNode", "RestoreWindowNode", "RestoreWindowNode"),
    ):
        screen.one(node_type, window="Orders")
        found = screen.one("GetWindowPropertiesNode", window="Orders")
        states.append(found["state"])
        assert found["is_maximized"] is (node_type == "MaximizeWindowNode" or len(states) in (2, 3))
    assert states == ["maximized", "minimized", "maximized", "normal"]
    for state in ("minimized", "normal", "maximized"):
        screen.one("SetWindowStateNode", window="Orders", state=state)
        assert screen.one("GetWindowPropertiesNode", window="Orders")["state"] == state


def test_one_node_does_what_the_others_do(screen: Screen) -> None:
    screen.open("Orders")
    screen.open("Invoices")

    def do(action: str, **more: Any) -> dict[str, Any]:
        return screen.one("WindowManagementSuperNode", window="Orders", action=action, **more)

    assert do("Move", x=40, y=50, bring_to_front=True) == {"success": True}
    do("Resize", width=333, height=222)
    found = do("Get Properties")
    assert [found[name] for name in ("x", "y", "width", "height")] == [40, 50, 333, 222]
    assert found["properties"]["is_active"] is True
    do("Set State", window_state="minimized")
    assert do("Get Properties")["is_minimized"] is True
    do("Restore")
    do("Maximize")
    assert do("Get Properties")["state"] == "maximized"


def test_a_window_with_a_least_size_keeps_to_it_and_the_log_says_so(screen: Screen) -> None:
    screen.open("Orders", "--least", "400", "300")
    screen.one("ResizeWindowNode", window="Orders", width=100, height=100)
    found = screen.one("GetWindowPropertiesNode", window="Orders")
    assert found["width"] >= 400
    assert f"can only be {found['width']} x {found['height']} pixels" in " ".join(screen.log)


def test_an_item_of_the_list_is_a_window_and_so_is_a_handle(screen: Screen) -> None:
    screen.open("Orders")
    result = screen.run(
        all=("GetWindowListNode", {}),
        item=("GetWindowPropertiesNode", {"window": "{{all.window_list[0]}}"}),
        handle=("GetWindowPropertiesNode", {"window": "{{all.window_list[0].handle}}"}),
        text=("GetWindowPropertiesNode", {"window": "window {{all.window_list[0].handle}} Any"}),
    )
    titles = {name: seen.get("title") for name, seen in result.outputs.items() if name != "all"}
    assert titles == {"item": "Orders", "handle": "Orders", "text": "Orders"}


def test_a_window_that_is_not_there_is_told_with_those_that_are(screen: Screen) -> None:
    screen.open("Orders 1")
    window = screen.open("Orders 2")
    code, message = screen.failure("MoveWindowNode", window="Letters")
    assert code == "WINDOW_NOT_FOUND"
    assert "no window is titled 'Letters'; there are: 'Orders 2', 'Orders 1'" in message
    code, message = screen.failure("MinimizeWindowNode", window="Orders")
    assert (code, "2 windows have 'Orders' in their title" in message) == ("INVALID_INPUT", True)
    handle = screen.one("GetWindowListNode")["window_list"][0]["handle"]
    window.process.kill()
    eventually(lambda: screen.one("GetWindowListNode")["window_count"] == 1)
    code, message = screen.failure("GetWindowPropertiesNode", window=handle)
    assert (code, f"'{handle}' is closed" in message) == ("WINDOW_NOT_FOUND", True)
    assert screen.failure("GetWindowPropertiesNode", window=[1])[0] == "TYPE_MISMATCH"
    code, message = screen.failure("ActivateWindowNode", window_title="Letters", timeout=0.1)
    assert code == "WINDOW_NOT_FOUND"


def test_a_window_that_comes_later_is_waited_for(screen: Screen) -> None:
    async def both() -> None:
        waiting = asyncio.to_thread(
            screen.one, "WaitForWindowNode", title_regex="^Rep.rt$", class_name="test", timeout=60
        )
        opening = asyncio.to_thread(screen.open, "Report")
        seen, _ = await asyncio.gather(waiting, opening)
        assert str(seen["window"]).endswith(" Report")

    asyncio.run(both())
    screen.one("MinimizeWindowNode", window="Report")
    assert screen.one("WaitForWindowNode", title="report", state="hidden")["success"] is True
    code, message = screen.failure("WaitForWindowNode", title="report", timeout=0.1)
    assert (code, "no window with the title 'report' was visible within 0.1 s" in message) == (
        "TIMEOUT",
        True,
    )
    assert screen.one("WaitForWindowNode", title="Letters", state="hidden") == {"success": True}
    assert screen.failure("WaitForWindowNode")[0] == "MISSING_REQUIRED_FIELD"
    assert screen.failure("WaitForWindowNode", title_regex="(")[0] == "INVALID_FORMAT"


def test_a_node_tries_again_as_often_as_it_is_told(screen: Screen) -> None:
    window = {"window": "Letters", "retry_count": 2, "retry_interval": 0.1}
    assert screen.failure("MoveWindowNode", **window)[0] == "WINDOW_NOT_FOUND"
    assert [line.partition("; ")[2].split("; ")[-1] for line in screen.log] == [
        "trying again, 2 left",
        "trying again, 1 left",
    ]
    screen.log.clear()
    again = {"x": -1, "y": 0, "retry_count": 2}
    assert screen.failure("MoveMouseNode", **again)[0] == "VALUE_OUT_OF_RANGE"
    assert screen.log == [], "what cannot become true is not tried again"


def test_a_window_is_disabled_while_its_dialog_is_open(screen: Screen) -> None:
    screen.open("Orders")
    assert screen.one("WaitForWindowNode", title="Orders", state="enabled")["success"]
    screen.one("SendHotKeyNode", key="F5")
    screen.one("WaitForWindowNode", title="Orders", state="disabled", timeout=30)
    screen.one("CloseApplicationNode", window_title="Really?")
    screen.one("WaitForWindowNode", title="Orders", state="enabled", timeout=30)


def test_a_window_that_is_closed_is_no_longer_waited_for(screen: Screen) -> None:
    window = screen.open("Orders")
    subprocess.Popen(["sh", "-c", f"sleep 0.2; kill {window.process.pid}"]).wait()
    assert screen.one("WaitForWindowNode", title="Orders", state="hidden", timeout=30)["success"]


def test_without_a_window_manager_windows_are_listed_and_the_rest_says_what_is_missing(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with display_running("") as name:
        monkeypatch.setenv("DISPLAY", name)
        seen = screen.one("GetWindowListNode")
        assert seen["window_count"] == 0
        screen.start("Orders")
        screen.one("WaitForWindowNode", title="Orders", timeout=30)
        for node_type in ("MaximizeWindowNode", "MinimizeWindowNode", "MoveWindowNode"):
            code, message = screen.failure(node_type, window="Orders")
            assert (code, f"no window manager runs on {name}" in message) == (
                "CONFIG_INVALID",
                True,
            )
        assert screen.one("GetWindowPropertiesNode", window="Orders")["width"] == 300
        screen.one("CloseApplicationNode", window_title="Orders")
        assert screen.one("GetWindowListNode")["window_count"] == 0


def test_a_window_manager_that_does_not_answer_is_told(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casare_rpa.nodes.desktop._manager.ANSWER_SECONDS", 0.2)
    with display_running("") as name:
        monkeypatch.setenv("DISPLAY", name)
        with manager_running("openbox", name) as manager:
            screen.open("Orders")
            screen.open("Letters")
            with screen.stopped(manager):
                code, message = screen.failure("ActivateWindowNode", window="Orders", timeout=0.2)
            assert code == "APPLICATION_NOT_RESPONDING"
            assert "the window manager (Openbox) was asked to bring it to the front" in message
            assert "did not within 0.2 s" in message


def test_the_screen_is_as_large_as_it_says(screen: Screen) -> None:
    screen.open("Orders")
    screen.one("MaximizeWindowNode", window="Orders")
    found = screen.one("GetWindowPropertiesNode", window="Orders")
    assert (found["x"], found["width"]) == (0, SIZE[0])
