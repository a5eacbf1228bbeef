"""Pages that ask something, and tabs that they open."""

from __future__ import annotations

import pytest

from tests.nodes.browser.site import Site
from tests.nodes.browser.walks import js, walk
from tests.support.runs import node

ANSWER = {"timeout": 60_000}


@pytest.mark.parametrize("leave", [{"url": "/next"}, {"selector": "#away"}])
def test_a_page_that_asks_whether_it_may_be_left_is_left(site: Site, leave: dict[str, str]) -> None:
    by_url = node("GoToURLNode", url=site.url + leave.get("url", ""), timeout=60_000)
    seen = walk(
        site,
        "/guarded",
        typed=node("TypeTextNode", selector="#t", text="draft"),
        leave=by_url if "url" in leave else node("ClickElementNode", **leave, timeout=60_000),
        there=node("WaitForElementNode", selector="text=next", timeout=60_000),
        title=js("document.title"),
    )
    assert seen.failures == {}
    assert seen["title"]["result"] == "Next"


def test_a_dialog_at_the_loading_of_a_page_is_left_for_the_next_node(site: Site) -> None:
    seen = walk(
        site,
        "/alerts",
        answer=node("BrowserAlertHandleNode", **ANSWER),
        text=node("ExtractTextNode", selector="#z"),
        asked=node("GoToURLNode", url=f"{site.url}/asks", timeout=60_000),
        yes=node("BrowserAlertHandleNode", **ANSWER),
        title=js("document.title"),
    )
    assert seen.failures == {}
    assert [seen[name]["message"] for name in ("answer", "yes")] == ["on load", "Go on?"]
    assert (seen["text"]["text"], seen["title"]["result"]) == ("after", "true")


def test_a_dialog_at_the_loading_that_nobody_answers_is_dismissed_by_the_next_node(
    site: Site,
) -> None:
    seen = walk(site, "/alerts", text=node("ExtractTextNode", selector="#z", timeout=60_000))
    assert seen.failures == {}
    assert seen["text"]["text"] == "after"
    assert any("nobody answered" in line for line in seen.said)


def test_two_dialogs_in_a_row_are_answered_one_by_one(site: Site) -> None:
    seen = walk(
        site,
        "/many",
        click=node("ClickElementNode", selector="button", timeout=60_000),
        first=node("BrowserAlertHandleNode", timeout=60_000),
        second=node("BrowserAlertHandleNode", timeout=60_000),
        title=js("document.title"),
    )
    assert seen.failures == {}
    assert [seen[name]["message"] for name in ("first", "second")] == ["1", "2"]
    assert seen["title"]["result"] == "true"
    assert seen.result.duration_ms < 60_000


def test_a_tab_that_a_page_opens_has_a_name_and_the_current_one_stays(site: Site) -> None:
    seen = walk(
        site,
        "/opens",
        click=node("ClickElementNode", selector="#new"),
        here=js("document.title"),
        there=node("WaitForElementNode", selector="h1", page="popup", timeout=60_000),
        title=js("document.title", page="popup"),
    )
    assert seen.failures == {}
    assert (seen["here"]["result"], seen["title"]["result"]) == ("Opens", "Next")
    assert any("'popup'" in line for line in seen.said)


def test_several_options_are_chosen_by_a_list(site: Site) -> None:
    seen = walk(
        site,
        "/many",
        choose=node("SelectDropdownNode", selector="select", value=["x", "z"]),
        chosen=js("[...document.querySelector('select').selectedOptions].map(o => o.value)"),
    )
    assert seen.failures == {}
    assert seen["chosen"]["result"] == ["x", "z"]
