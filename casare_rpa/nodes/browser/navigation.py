"""Going from page to page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Output, Outputs, param, prop
from casare_rpa.nodes.browser._navigate import WAITS, blocked, go
from casare_rpa.nodes.browser._page import PageNode, PlainNode, tell_ready
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.values.reading import one_of


class _Leading(PageNode, abstract=True):
    """A node after which the page is another one."""

    failure = ErrorCode.NAVIGATION_FAILED
    opens_dialogs = True
    wait_until: str = prop("load", kind="choice", choices=WAITS, help="What to wait for.")
    outputs = (Output("page", "PAGE"),)

    @property
    def how(self) -> dict[str, Any]:
        wait = one_of(self.wait_until, "wait_until", WAITS)
        return {"timeout": self.timeout_ms, "wait_until": wait}


class GoToURLNode(_Leading):
    """Load a URL in the current page and wait for it.

    `wait_until` is `load` (all of it), `domcontentloaded` (without pictures), `networkidle` (no
    request for half a second) or `commit` (the server has answered). A URL without a scheme is
    https. Files can be opened within the allowed folders; `chrome:` and its like are refused.
    """

    example = {"url": "https://example.org", "timeout": 10000}
    aliases = ("BrowserNavigateNode",)
    verb = "going to"
    url: str = param("", kind="string", help="Where to.")
    referer: str = prop("", kind="string", help="Where the page seems to come from.")
    ignore_https_errors: bool = prop(False, kind="boolean", help="Accept any certificate here.")

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        wait = one_of(self.wait_until, "wait_until", WAITS)
        async with self._any_certificate(tab):
            await go(
                ctx,
                tab,
                self.url,
                timeout_ms=self.timeout_ms,
                wait_until=wait,
                referer=self.referer or "",
            )
        return {"page": tab}

    @contextlib.asynccontextmanager
    async def _any_certificate(self, tab: OpenPage) -> AsyncIterator[None]:
        if not self.ignore_https_errors or tab.browser.kind != "chromium":
            yield
            return
        talk = await tab.browser.context.new_cdp_session(tab.page)
        try:
            await talk.send("Security.setIgnoreCertificateErrors", {"ignore": True})
            yield
        finally:
            with contextlib.suppress(Exception):
                await talk.send("Security.setIgnoreCertificateErrors", {"ignore": False})
                await talk.detach()


class GoBackNode(_Leading):
    """Go to the page before this one; nothing happens when there is none."""

    example = {"timeout": 5000}
    verb = "going back"

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        before = tab.page.url
        if await tab.page.go_back(**self.how) is None and tab.page.url == before:
            ctx.log("there is no page before this one", "warning")
        await tell_ready(ctx, tab)
        return {"page": tab}


class GoForwardNode(_Leading):
    """Go to the page after this one, if it was left backwards."""

    example = {"timeout": 5000}
    verb = "going forward"

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        before = tab.page.url
        if await tab.page.go_forward(**self.how) is None and tab.page.url == before:
            ctx.log("there is no page after this one", "warning")
        await tell_ready(ctx, tab)
        return {"page": tab}


class RefreshPageNode(_Leading):
    """Load the current page again."""

    example = {"timeout": 5000}
    side_effect = True
    verb = "loading again"

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        gate = tab.browser.gate
        if gate is not None:
            gate.refused = ""
        try:
            await tab.page.reload(**self.how)
        except Exception:
            if gate is not None and gate.refused:
                raise blocked(gate.refused) from None
            raise
        await tell_ready(ctx, tab)
        return {"page": tab}


class WaitForNavigationNode(_Leading):
    """Wait until the current page has loaded, as after a click that leads elsewhere."""

    example = {"wait_until": "domcontentloaded"}
    verb = "waiting for the page"
    failure = ErrorCode.PAGE_LOAD_FAILED

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        wait = one_of(self.wait_until, "wait_until", WAITS)
        if wait != "commit":
            await tab.page.wait_for_load_state(wait, timeout=self.timeout_ms)  # type: ignore[arg-type]
        await tell_ready(ctx, tab)
        return {"page": tab}


class GetCurrentUrlNode(PlainNode):
    """Give the URL of the current page."""

    verb = "reading the URL"
    outputs = (Output("url", "STRING"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        return {"url": tab.page.url}


class GetPageSourceNode(PlainNode):
    """Give the HTML of the current page as it is now, after its scripts."""

    verb = "reading the page"
    outputs = (Output("source", "STRING"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        return {"source": await tab.page.content()}
