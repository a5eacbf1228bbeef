"""Opening browsers and going from page to page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.nodes.browser.site import Site
from tests.nodes.browser.walks import js, nothing_left, opened, walk, walked
from tests.support.runs import chain, document, node, run_document


def test_pages_are_gone_through_and_each_says_that_it_is_there(site: Site) -> None:
    with nothing_left():
        seen = walk(
            site,
            on=node("GoToURLNode", url=f"{site.url}/next", referer="http://from.test/"),
            referer=js("document.referrer"),
            back=node("GoBackNode"),
            source=node("GetPageSourceNode"),
            forward=node("GoForwardNode"),
            again=node("RefreshPageNode"),
            url=node("GetCurrentUrlNode"),
            rest=node("WaitForNavigationNode", wait_until="networkidle"),
            tab=node("NewTabNode", tab_name="second", url=f"{site.url}/form"),
            here=js("document.title"),
            there=js("document.title", page="main"),
            wired=js("document.title", page="{{open.page}}"),
            close=node("CloseBrowserNode"),
            twice=node("CloseBrowserNode"),
        )
    assert seen.failures == {}
    assert seen.ready == ["Shop", "Next", "Shop", "Next", "Next", "Next", "Form"]
    assert seen["referer"]["result"] == "http://from.test/"
    assert "to the next page" in seen["source"]["source"]
    assert seen["url"]["url"] == f"{site.url}/next"
    assert [seen[name]["result"] for name in ("here", "there", "wired")] == ["Form", "Next", "Next"]
    # Values that are no JSON are told in words.
    assert seen["open"]["page"] == f"page {site.url}/next"
    assert seen["open"]["browser"].startswith("chromium 1")
    assert "no browser is open, so there is none to close" in seen.said


def test_what_pages_see_of_the_browser_can_be_chosen(tmp_path: Path) -> None:
    world = {
        **{"viewport_width": 400, "viewport_height": 300, "user_agent": "robot/1"},
        **{"locale": "de-DE", "timezone_id": "Asia/Tokyo", "color_scheme": "dark"},
    }
    script = """[innerWidth, innerHeight, navigator.userAgent, navigator.language,
        Intl.DateTimeFormat().resolvedOptions().timeZone,
        matchMedia('(prefers-color-scheme: dark)').matches]"""
    nodes = {
        "open": node("LaunchBrowserNode", **world, profile_mode="custom", user_data_dir="mine"),
        "look": js(script),
    }
    seen = walked(document(nodes, chain(*nodes)), folder=tmp_path)
    assert seen["look"]["result"] == [400, 300, "robot/1", "de-DE", "Asia/Tokyo", True]
    assert (tmp_path / "mine" / "Default").is_dir()


def test_an_address_that_leads_nowhere_is_told_with_its_reason(site: Site) -> None:
    went: dict[str, Any] = {
        "none": node("GoToURLNode"),
        "chrome": node("GoToURLNode", url="chrome://version"),
        "script": node("GoToURLNode", url="javascript:alert(1)"),
        "nobody": node("GoToURLNode", url="http://127.0.0.1:9/"),
        "late": node("GoToURLNode", url=f"{site.url}/slow?key=hush", timeout=300),
        "tab": node("NewTabNode", tab_name="t", url="view-source:http://127.0.0.1/"),
        "named": js("1", page="nobody"),
        "again": node(
            "GoToURLNode", url=f"{site.url}/slow", timeout=100, retry_count=1, retry_interval=1
        ),
    }
    seen = walk(site, **went)
    failed = {name: code for name, (code, _) in seen.failures.items()}
    assert failed == {
        "none": "MISSING_REQUIRED_FIELD",
        "chrome": "PERMISSION_DENIED",
        "script": "PERMISSION_DENIED",
        "nobody": "NAVIGATION_FAILED",
        "late": "TIMEOUT",
        "tab": "PERMISSION_DENIED",
        "named": "PAGE_NOT_FOUND",
        "again": "TIMEOUT",
    }
    late = seen.failures["late"][1]
    assert f"going to {site.url}/slow: not done within 300 ms" in late
    assert "hush" not in late
    assert any("trying again, 1 left" in line for line in seen.said)


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ({"channel": "no-such"}, "BROWSER_NOT_FOUND", "the browser 'no-such' is not on this"),
        ({"browser_type": "webkit"}, "BROWSER_NOT_FOUND", "webkit can only be driven in"),
        ({"browser_type": "lynx"}, "INVALID_INPUT", "there is no 'lynx'"),
        ({"timezone_id": "Mars/Base"}, "BROWSER_LAUNCH_FAILED", "Mars/Base"),
        ({"profile_mode": "custom"}, "MISSING_REQUIRED_FIELD", "user_data_dir is empty"),
        ({"url": "file:///etc/shadow"}, "PERMISSION_DENIED", "'/etc/shadow' is refused"),
    ],
)
def test_a_browser_that_cannot_be_opened_says_why(
    config: dict[str, str], code: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with nothing_left():
        result = run_document(document({"open": node("LaunchBrowserNode", **config)}))
    assert result.error is not None
    assert (result.error.code, words in result.error.message) == (code, True), result.error.message


def test_a_page_node_without_a_browser_says_what_to_put_before_it() -> None:
    result = run_document(document({"click": node("ClickElementNode", selector="a")}))
    assert result.error is not None
    assert result.error.code == "BROWSER_NOT_FOUND"
    assert "no browser is open" in result.error.message


def test_a_window_without_a_screen_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    raw = opened(site, look=js("1 + 1"))
    raw["nodes"]["open"]["config"]["headless"] = False
    seen = walked(raw)
    assert seen["look"]["result"] == 2
    assert "there is no screen: the browser runs without a window" in seen.said
