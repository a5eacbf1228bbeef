"""Branches that run beside each other, each with the page that it has opened itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.nodes.browser.site import Site
from tests.nodes.browser.walks import js
from tests.support.runs import chain, document, node, run_document


def _launched(site: Site, page: str) -> dict[str, Any]:
    return node("LaunchBrowserNode", url=f"{site.url}{page}", window_wait=0)


def _until(file: str) -> dict[str, Any]:
    command = f"until [ -e {file} ]; do sleep 0.05; done"
    return node("RunCommandNode", command=command, shell=True, allow_dangerous=True, timeout=60)


def test_a_branch_works_on_the_browser_that_it_has_launched(site: Site, tmp_path: Path) -> None:
    """Both are open before either reads: each waits for the other's file."""
    nodes = {
        "fork": node("ForkNode", branch_count=2),
        "one": _launched(site, "/next"),
        "said_one": node("WriteFileNode", file_path="one", content="1"),
        "wait_one": _until("two"),
        "read_one": js("document.title"),
        "two": _launched(site, "/form"),
        "said_two": node("WriteFileNode", file_path="two", content="2"),
        "wait_two": _until("one"),
        "read_two": js("document.title"),
        "join": node("JoinNode"),
    }
    raw = document(
        nodes,
        chain("fork.branch_1", "one", "said_one", "wait_one", "read_one", "join"),
        chain("fork.branch_2", "two", "said_two", "wait_two", "read_two", "join"),
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert result.outputs["read_one"]["result"] == "Next"
    assert result.outputs["read_two"]["result"] == "Form"


def test_each_pass_of_a_parallel_loop_has_the_tab_that_it_has_opened(site: Site) -> None:
    nodes = {
        "open": _launched(site, "/"),
        "each": node("ParallelForEachNode", items=["next", "form", "acts"]),
        "tab": node("NewTabNode", tab_name="{{item}}", url=f"{site.url}/{{{{item}}}}"),
        "read": js("document.title.toLowerCase()"),
        "same": node("AssertNode", condition="{{read.result}} == {{item}}", message="another's"),
        "title": js("document.title"),
    }
    raw = document(
        nodes, chain("open", "each.body", "tab", "read", "same"), chain("each.completed", "title")
    )
    result = run_document(raw)
    assert result.success, result.error
    assert result.outputs["title"]["result"] == "Shop"
