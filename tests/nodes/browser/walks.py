"""Walks through a site: one run of the engine with a real browser, many nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from casare_rpa.domain.events import BrowserPageReady, DomainEvent, EventBus, NodeFailed
from casare_rpa.engine import RunResult
from tests.nodes.browser.site import Site
from tests.support.runs import chain, document, node, run_document

Step = Mapping[str, Any]


@dataclass
class Walk:
    """How a run went: what each node gave, and the code and message of those that failed."""

    result: RunResult
    failures: dict[str, tuple[str, str]] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        assert name not in self.failures, self.failures[name]
        return self.result.outputs.get(name, {})

    @property
    def said(self) -> list[str]:
        return [line["message"] for line in self.result.logs]


def opened(site: Site | None, page: str = "/", **steps: Step) -> dict[str, Any]:
    """A document: a browser on *page*, then *steps*, which go on when one fails."""
    first = {"window_wait": 0, **({"url": site.url + page} if site else {})}
    nodes = {"open": node("LaunchBrowserNode", **first), **steps}
    for step in steps.values():
        step["config"].setdefault("continue_on_error", True)
    return document(nodes, chain(*nodes))


def walk(
    site: Site | None,
    page: str = "/",
    *,
    folder: Path | None = None,
    variables: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    **steps: Step,
) -> Walk:
    """Run it and see."""
    return walked(
        opened(site, page, **steps), folder=folder, variables=variables, **(options or {})
    )


def walked(raw: Mapping[str, Any], **options: Any) -> Walk:
    bus = EventBus()
    failures: dict[str, tuple[str, str]] = {}
    ready: list[str] = []

    def note(event: DomainEvent) -> None:
        if isinstance(event, NodeFailed):
            code = event.error_code.name if event.error_code else ""
            failures[event.node_id] = (code, event.error_message)
        if isinstance(event, BrowserPageReady):
            ready.append(event.title)

    bus.subscribe_all(note)
    result = run_document(raw, bus=bus, **options)
    return Walk(result, failures, ready)


def js(script: str, **more: Any) -> Step:
    return node("BrowserEvaluateNode", script=script, **more)


def browsers(root: int | None = None) -> list[psutil.Process]:
    """The processes of browsers and their drivers below *root*, this process by default."""
    found = []
    for process in psutil.Process(root).children(recursive=True):
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and (
                "playwright" in words or "chrom" in process.name()
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


@contextmanager
def nothing_left() -> Iterator[None]:
    """No process of a browser outlives the block."""
    yield
    assert browsers() == []
