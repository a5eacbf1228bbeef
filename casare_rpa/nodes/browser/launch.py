"""Opening and closing browsers and tabs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Json,
    NodeError,
    Output,
    Outputs,
    param,
    port,
    prop,
    unlisted,
)
from casare_rpa.nodes.browser._dialogs import beside_dialogs
from casare_rpa.nodes.browser._errors import Asked, node_error
from casare_rpa.nodes.browser._launch import Launch, has_screen, launch
from casare_rpa.nodes.browser._navigate import WAITS, go
from casare_rpa.nodes.browser._page import PageNode, RetryingNode, tell_ready
from casare_rpa.nodes.browser._session import browser_of, session
from casare_rpa.nodes.browser._urls import checked_url
from casare_rpa.nodes.browser._values import OpenBrowser, OpenPage
from casare_rpa.nodes.file.disk import path_of
from casare_rpa.nodes.values.reading import as_number, one_of

_KINDS = ("chromium", "firefox", "webkit")
_STATES = ("normal", "maximized", "minimized")
_SCHEMES = ("light", "dark", "no-preference")
_PROFILES = (
    *("none", "custom", "chrome_default", "chrome_profile_1", "chrome_profile_2"),
    "edge_default",
)
_OPEN_MS = 30_000
_FIRST_TAB = "main"


class LaunchBrowserNode(RetryingNode):
    """Open a browser and make its first page the run's current page.

    Nodes after it work on that page; none of them needs a connection to it. The browser is the
    setting `browser_path`, else the first Chromium, Chrome or Edge of the machine; Firefox and
    WebKit can be driven only in the builds that `playwright install` brings. Without `headless` the
    setting `browser_headless` decides; without a screen there is never a window. Whatever ends the
    run closes the browser; `do_not_close` cannot keep it, for it lives with the run's process.
    `custom` takes the profile in `user_data_dir`, the others that of the browser's own user;
    `none` is a new one that goes with the run.
    """

    example = {"url": "https://example.org", "headless": True}
    aliases = ("BrowserLaunchNode",)
    url: str = param("", kind="string", help="The first page; empty: a blank one.")
    browser_type: str = prop(
        "chromium", kind="choice", choices=_KINDS, aliases=("browser",), help="Which browser."
    )
    headless: bool | None = prop(None, kind="boolean", help="Without a window.")
    window_state: str = prop("normal", kind="choice", choices=_STATES, help="Of a window.")
    do_not_close: bool = prop(True, kind="boolean", help="Has no effect; see above.")
    profile_mode: str = prop("none", kind="choice", choices=_PROFILES, help="Whose profile.")
    slow_mo: int = prop(0, kind="integer", minimum=0, help="Milliseconds between all steps.")
    channel: str = prop("", kind="string", help="`chrome` or `msedge`: that one and no other.")
    viewport_width: int = prop(1280, kind="integer", minimum=1, help="Pixels.")
    viewport_height: int = prop(720, kind="integer", minimum=1, help="Pixels.")
    user_agent: str = prop("", kind="string", help="What it says it is; empty: the truth.")
    locale: str = prop("", kind="string", help="Such as `de-DE`.")
    timezone_id: str = prop("", kind="string", help="Such as `Europe/Berlin`.")
    color_scheme: str = prop("light", kind="choice", choices=_SCHEMES, help="For pages that ask.")
    ignore_https_errors: bool = prop(False, kind="boolean", help="Accept any certificate.")
    proxy_server: str = prop(
        "", kind="string", help="The URL of a proxy; empty: the environment's."
    )
    user_data_dir: str = prop("", kind="string", help="The folder of a custom profile.")
    retry_interval: int = prop(2000, kind="integer", minimum=0, help="Milliseconds between them.")
    window_wait: int = prop(100, kind="integer", minimum=0, help="Milliseconds to wait afterwards.")
    timeout: int = unlisted(_OPEN_MS, kind="integer", minimum=0)
    outputs = (Output("browser", "BROWSER"), Output("page", "PAGE"), Output("window", "ANY"))

    async def run(self, ctx: Context) -> Outputs:
        if self.url:
            checked_url(ctx, self.url)
        found: Outputs = await self.repeat(ctx, lambda: self._open(ctx))
        return found

    async def _open(self, ctx: Context) -> Outputs:
        run = session(ctx)
        browser = await launch(ctx, run, self._asked(ctx))
        try:
            pages = browser.context.pages
            tab = browser.add(pages[0] if pages else await browser.context.new_page(), _FIRST_TAB)
            await asyncio.sleep(float(as_number(self.window_wait or 0, "window_wait")) / 1000)
            if self.url:
                going = go(ctx, tab, self.url, timeout_ms=self.timeout_ms)
                await beside_dialogs(ctx, tab, going, leave=True)
            else:
                await tell_ready(ctx, tab)
        except BaseException as error:
            await run.close_browser(browser, self.seconds)
            if isinstance(error, NodeError) or not isinstance(error, Exception):
                raise
            asked = Asked("opening the first page", ErrorCode.BROWSER_LAUNCH_FAILED)
            raise node_error(error, asked) from error
        return {"browser": browser, "page": tab}

    def _asked(self, ctx: Context) -> Launch:
        profile, name = self._profile(ctx)
        return Launch(
            kind=one_of(self.browser_type, "browser_type", _KINDS),
            channel=self._channel(),
            headless=self._headless(ctx),
            window_state=self.window_state,
            slow_mo_ms=float(as_number(self.slow_mo or 0, "slow_mo")),
            proxy=self.proxy_server or "",
            profile=profile,
            profile_name=name,
            context=self._world(),
        )

    def _headless(self, ctx: Context) -> bool:
        wanted = self.headless
        if wanted is None:
            wanted = bool(ctx.resources.get("browser_headless", True))
        if not wanted and not has_screen(ctx):
            ctx.log("there is no screen: the browser runs without a window", "info")
            return True
        return wanted

    def _channel(self) -> str:
        named = {"chrome": "chrome", "edge": "msedge"}.get(str(self.profile_mode).split("_")[0])
        return str(self.channel or named or "").strip().lower()

    def _profile(self, ctx: Context) -> tuple[Path | None, str]:
        match one_of(self.profile_mode or "none", "profile_mode", _PROFILES):
            case "none" if not self.user_data_dir:
                return None, ""
            case "none" | "custom":
                return path_of(ctx, self.user_data_dir, "user_data_dir"), ""
            case "edge_default":
                return path_of(ctx, "~/.config/microsoft-edge", "profile_mode"), "Default"
            case mode:
                name = {"1": "Profile 1", "2": "Profile 2"}.get(mode[-1], "Default")
                return path_of(ctx, "~/.config/google-chrome", "profile_mode"), name

    def _world(self) -> dict[str, Any]:
        """What pages see of the browser."""
        width = int(as_number(self.viewport_width, "viewport_width"))
        height = int(as_number(self.viewport_height, "viewport_height"))
        found: dict[str, Any] = {
            "ignore_https_errors": bool(self.ignore_https_errors),
            "color_scheme": one_of(self.color_scheme, "color_scheme", _SCHEMES),
            "user_agent": self.user_agent or None,
            "locale": self.locale or None,
            "timezone_id": self.timezone_id or None,
        }
        if self.window_state == "maximized" and self.headless is False:
            found["no_viewport"] = True
        else:
            found["viewport"] = {"width": width, "height": height}
        return {name: value for name, value in found.items() if value is not None}


class CloseBrowserNode(RetryingNode):
    """Close the browser of the run, or the one that it is given.

    The one that was opened before it becomes the current one. Nothing happens when none is open.
    `force_close` leaves no page the time to ask whether it may be left.
    """

    example = {"timeout": 5000}
    aliases = ("BrowserCloseNode",)
    browser: Json = port(
        None, kind="any", port_kind="BROWSER", help="A browser; empty: the current one."
    )
    force_close: bool = prop(False, kind="boolean", help="Ask no page.")

    async def run(self, ctx: Context) -> Outputs:
        if self.browser in (None, "") and session(ctx).current is None:
            ctx.log("no browser is open, so there is none to close", "info")
            return {}
        browser = browser_of(ctx, self.browser)
        try:
            if not self.force_close:
                await self._leave_pages(browser)
            await session(ctx).close_browser(browser, self.seconds)
        except Exception as error:
            asked = Asked(
                "closing the browser", ErrorCode.BROWSER_CLOSED, timeout_ms=self.timeout_ms
            )
            ctx.log(node_error(error, asked).message, "warning")
        return {}

    async def _leave_pages(self, browser: OpenBrowser) -> None:
        """A page that has something to save may do so."""
        async with asyncio.timeout(self.seconds):
            for page in browser.context.pages:
                # Whoever opened it answers "Leave this page?" with yes.
                await page.close(run_before_unload=True)


class NewTabNode(PageNode):
    """Open another tab and make it the current page; nodes can name it with `page`."""

    example = {"tab_name": "search", "url": "https://example.org"}
    opens_dialogs = True
    verb = "opening a tab"
    failure = ErrorCode.BROWSER_LAUNCH_FAILED
    page: Json = unlisted(None, kind="any", port_kind="PAGE")
    browser: Json = port(
        None, kind="any", port_kind="BROWSER", help="A browser; empty: the current one."
    )
    tab_name: str = prop("main", kind="string", required=True, help="What it is called.")
    url: str = prop("", kind="string", help="Where it goes; empty: nowhere.")
    wait_until: str = prop("load", kind="choice", choices=WAITS, help="What to wait for.")
    outputs = (Output("page", "PAGE"),)

    async def run(self, ctx: Context) -> Outputs:
        if self.url:
            checked_url(ctx, self.url)
        browser = browser_of(ctx, self.browser or self.page)
        try:
            self.page = browser.add(await browser.context.new_page(), str(self.tab_name))
        except Exception as error:
            raise node_error(error, self.asked()) from error
        return await super().run(ctx)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        if self.url:
            wait = one_of(self.wait_until, "wait_until", WAITS)
            await go(ctx, tab, self.url, timeout_ms=self.timeout_ms, wait_until=wait)
        else:
            await tell_ready(ctx, tab)
        return {"page": tab}
