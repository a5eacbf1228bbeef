"""Sending a page somewhere."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.browser._errors import Asked, node_error
from casare_rpa.nodes.browser._page import tell_ready
from casare_rpa.nodes.browser._urls import check_file, checked_url, shown_url
from casare_rpa.nodes.browser._values import OpenBrowser, OpenPage

if TYPE_CHECKING:
    from playwright.async_api import Route

_STOP_SECONDS = 1.0
_LATE_FAILURES = 3
_SETTLE_SECONDS = 0.05
WAITS = ("load", "domcontentloaded", "networkidle", "commit")


async def go(
    ctx: Context,
    tab: OpenPage,
    url: Any,
    *,
    timeout_ms: float,
    wait_until: str = "load",
    referer: str = "",
) -> None:
    """Load *url* and publish that it is there. Raises NodeError that names it."""
    target = checked_url(ctx, url)
    if target.lower().startswith("file:"):
        await _guard_files(ctx, tab.browser)
    gate = tab.browser.gate
    if gate is not None:
        gate.refused = ""
    asked = Asked("going to", ErrorCode.NAVIGATION_FAILED, "", shown_url(target), timeout_ms)
    how: dict[str, Any] = {"timeout": timeout_ms, "wait_until": wait_until}
    if referer:
        how["referer"] = referer
    try:
        await _goto(tab, target, how)
    except Exception as error:
        if gate is not None and gate.refused:
            raise blocked(gate.refused) from None
        await _stop_loading(tab)
        raise node_error(error, asked) from error
    await tell_ready(ctx, tab)


async def _goto(tab: OpenPage, target: str, how: dict[str, Any]) -> None:
    """What is left of a navigation that failed may come late, and in between."""
    for _ in range(_LATE_FAILURES):
        try:
            await tab.page.goto(target, **how)
        except Exception as error:
            if not (tab.unsettled and _is_of_another(str(error))):
                tab.unsettled = True
                raise
            await asyncio.sleep(_SETTLE_SECONDS)
        else:
            tab.unsettled = False
            return
    await tab.page.goto(target, **how)
    tab.unsettled = False


def _is_of_another(said: str) -> bool:
    return "interrupted by another navigation" in said or "net::ERR_ABORTED" in said


async def _stop_loading(tab: OpenPage) -> None:
    """What was given up would end the next attempt when it comes after all."""
    if tab.browser.kind != "chromium":
        return
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_STOP_SECONDS):
            talk = await tab.browser.context.new_cdp_session(tab.page)
            await talk.send("Page.stopLoading")
            await talk.detach()


def blocked(said: str) -> NodeError:
    return NodeError(
        said,
        ErrorCode.PERMISSION_DENIED,
        hint="private, loopback and link-local addresses are blocked for this run",
    )


async def _guard_files(ctx: Context, browser: OpenBrowser) -> None:
    """From now on each file that a page of this browser loads is checked, whoever asks for it.

    Only pages that are files can lead to files, so the rest pays nothing for it.
    """
    if browser.guards_files:
        return
    browser.guards_files = True

    async def check(route: Route) -> None:
        try:
            check_file(ctx, route.request.url)
        except NodeError as error:
            ctx.log(f"the page was kept from a file: {error.message}", "warning")
            await route.abort("accessdenied")
        else:
            await route.continue_()

    await browser.context.route("file://**/*", check)
