"""What nodes share that work on a page: which one, attempts, dialogs, pictures of failures."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING, Any, ClassVar

from casare_rpa import browser_programs
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import tried
from casare_rpa.nodes.base import (
    Context,
    Json,
    Node,
    NodeError,
    Outputs,
    param,
    port,
    prop,
    unlisted,
)
from casare_rpa.nodes.browser._dialogs import beside_dialogs
from casare_rpa.nodes.browser._errors import FINAL, Asked, node_error
from casare_rpa.nodes.browser._selectors import locate
from casare_rpa.nodes.browser._session import page_of
from casare_rpa.nodes.browser._values import POPUP, OpenPage
from casare_rpa.nodes.file.disk import make_parent, path_of, plain_errors, replacing
from casare_rpa.nodes.values.reading import as_number

if TYPE_CHECKING:
    from playwright.async_api import Locator

#: The driver's own limit comes first, and its words say more.
_GRACE_SECONDS = 5.0
_SHOT_MS = 10_000
_POPUP_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_HIGHLIGHT = """e => {
  const before = e.style.outline;
  e.style.outline = '3px solid #ff8c00';
  setTimeout(() => { e.style.outline = before; }, 600);
}"""


class BrowserNode(Node, abstract=True):
    """A node that needs a browser; how long it takes is its own parameter."""

    category: ClassVar[str] = "browser"
    runs_on: ClassVar[str] = "browser"
    requires: ClassVar[tuple[str, ...]] = ("browser",)
    needs: ClassVar[dict[str, str]] = {"playwright": browser_programs.EXTRA}
    timeout_seconds: ClassVar[float | None] = 0

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        return browser_programs.lacking()


class RetryingNode(BrowserNode, abstract=True):
    """A node that can be tried again, and keeps a picture of the page when it fails."""

    timeout: int = prop(30000, kind="integer", minimum=0, help="Milliseconds; 0: no limit.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(1000, kind="integer", minimum=0, help="Milliseconds between them.")

    @property
    def timeout_ms(self) -> float:
        found = float(as_number(self.timeout, "timeout"))
        if found < 0 or not math.isfinite(found):
            raise NodeError(
                f"timeout must be 0 or more, not {found:g}", ErrorCode.VALUE_OUT_OF_RANGE
            )
        return found

    @property
    def seconds(self) -> float | None:
        """The time limit in seconds with some grace; None: no limit."""
        return self.timeout_ms / 1000 + _GRACE_SECONDS if self.timeout_ms else None

    async def repeat(self, ctx: Context, attempt: Any) -> Any:
        """What *attempt* (a coroutine function) returns, at the latest after all attempts."""
        return await tried(
            ctx,
            lambda left: attempt(),
            more=int(as_number(self.retry_count or 0, "retry_count")),
            pause_seconds=lambda: (
                float(as_number(self.retry_interval or 0, "retry_interval")) / 1000
            ),
            is_final=lambda error: error.error_code in FINAL,
        )


class PageNode(RetryingNode, abstract=True):
    """A node that does something with the current page, or the one it is given."""

    #: The page may open a dialog because of it, which the next node answers.
    opens_dialogs: ClassVar[bool] = False
    #: What it does, for messages, and the code of a failure that says nothing more.
    verb: ClassVar[str] = "the page"
    failure: ClassVar[ErrorCode] = ErrorCode.UNKNOWN_ERROR

    page: Json = port(None, kind="any", port_kind="PAGE", help="A page; empty: the current one.")
    screenshot_on_fail: bool = prop(False, kind="boolean", help="Keep a picture of a failure.")
    screenshot_path: str = prop("", kind="file_path", help="Its file; empty: named by the node.")

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        """Do the work once. Errors of the driver need not be caught."""
        raise NotImplementedError

    def asked(self) -> Asked:
        """What is wanted, for messages."""
        return Asked(
            self.verb,
            self.failure,
            str(getattr(self, "selector", "") or ""),
            timeout_ms=self.timeout_ms,
        )

    def tab(self, ctx: Context) -> OpenPage:
        return page_of(ctx, self.page)

    async def _tab_in_time(self, ctx: Context) -> OpenPage:
        """A tab that the page opens itself comes a moment after the click."""
        deadline = time.monotonic() + min(self.seconds or _POPUP_SECONDS, _POPUP_SECONDS)
        while True:
            try:
                return self.tab(ctx)
            except NodeError:
                is_popup = isinstance(self.page, str) and self.page.strip().startswith(POPUP)
                if not is_popup or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_LOOK_SECONDS)

    async def run(self, ctx: Context) -> Outputs:
        tab = await self._tab_in_time(ctx)
        try:
            found: Outputs = await self.repeat(ctx, lambda: self._attempt(ctx, tab))
        except NodeError as error:
            await self._picture(ctx, tab, error)
            raise
        return found

    async def _attempt(self, ctx: Context, tab: OpenPage) -> Outputs:
        asked = self.asked()
        if tab.dialog is not None:
            ctx.log(f"nobody answered the page's {tab.dialog.type}: it is dismissed", "warning")
            await tab.answer_dialog(accept=False)
            await tab.settle(self.seconds)
        try:
            async with asyncio.timeout(self.seconds):
                done, found = await beside_dialogs(
                    ctx, tab, self.act(ctx, tab), leave=self.opens_dialogs
                )
                return found if done else self.with_page(tab)
        except NodeError:
            raise
        except Exception as error:
            raise node_error(error, asked, tab.shown) from error

    def with_page(self, tab: OpenPage) -> Outputs:
        """The outputs of a node that hands its page on."""
        return {"page": tab} if any(o.name == "page" for o in self.outputs) else {}

    async def _picture(self, ctx: Context, tab: OpenPage, error: NodeError) -> None:
        if not self.screenshot_on_fail or not tab.is_open:
            return
        try:
            name = self.screenshot_path or f"{ctx.node_id.replace('/', '-')}-failure.png"
            path = path_of(ctx, name, "screenshot_path")
            picture = await tab.page.screenshot(timeout=_SHOT_MS)
            await save(path, picture)
        except Exception as failed:  # the failure itself is what has to be told
            ctx.log(f"no picture of the failure could be kept: {failed}", "warning")
        else:
            error.details["screenshot"] = str(path)
            ctx.log(f"a picture of the failure is in {path}", "info")


class PlainNode(PageNode, abstract=True):
    """A node on the current page without parameters of its kind."""

    page: Json = unlisted(None, kind="any", port_kind="PAGE")
    timeout: int = unlisted(30000, kind="integer", minimum=0)
    retry_count: int = unlisted(0, kind="integer", minimum=0)
    retry_interval: int = unlisted(1000, kind="integer", minimum=0)
    screenshot_on_fail: bool = unlisted(False, kind="boolean")
    screenshot_path: str = unlisted("", kind="file_path")


class ElementNode(PageNode, abstract=True):
    """A node that does something with one element of the page."""

    selector: str = param("", kind="selector", help="CSS, XPath (`//a`) or `text=...`.")
    anchor_config: Json = prop(
        "",
        kind="json",
        help="Look beside another element: `{selector or text, position}`, position being near, "
        "left, right, above, below or inside.",
    )
    highlight_before_action: bool = unlisted(False, kind="boolean")
    highlight_on_find: bool = unlisted(False, kind="boolean")
    highlight_before_click: bool = unlisted(False, kind="boolean")
    strict: bool = unlisted(False, kind="boolean")

    async def element(self, tab: OpenPage) -> Locator:
        """The element; with a highlight around it if that is wanted."""
        found = locate(tab.page, self.selector, strict=bool(self.strict), anchor=self.anchor_config)
        if self.highlight_before_action or self.highlight_on_find or self.highlight_before_click:
            await found.evaluate(_HIGHLIGHT, timeout=self.timeout_ms)
        return found


async def save(path: Any, content: bytes, *, overwrite: bool = True) -> None:
    """Write *content* to the file *path*, its folders made. Raises NodeError."""

    def write() -> None:
        with plain_errors():
            make_parent(path, wanted=True)
            with replacing(path, overwrite=overwrite) as stream:
                stream.write(content)

    await asyncio.to_thread(write)


async def tell_ready(ctx: Context, tab: OpenPage) -> None:
    """Publish that a page has loaded."""
    # Whoever only lists the nodes waits for no events.
    from casare_rpa.domain.events import BrowserPageReady  # noqa: PLC0415

    title = ""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1.0):
            title = await tab.page.title()
    number = list(tab.browser.tabs.values()).index(tab) if tab in tab.browser.tabs.values() else 0
    ctx.publish(
        BrowserPageReady(
            page_id=f"page-{number}",
            url=ctx.masked(tab.page.url),
            title=ctx.masked(title),
            browser_type=tab.browser.kind,
        )
    )
