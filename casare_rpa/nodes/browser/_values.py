"""A browser and a page as nodes hand them to each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from casare_rpa.nodes.browser._urls import shown_url

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Dialog, Page

    from casare_rpa.nodes.browser._gate import Gate


#: What tabs are called that a page has opened.
POPUP = "popup"
#: By browser, the tab that a branch works on: each branch of a run has its own.
_TABS: ContextVar[Mapping[OpenBrowser, OpenPage]] = ContextVar(
    "current_tabs",
    default=MappingProxyType({}),
)


class OpenBrowser:
    """A browser with its tabs. As text, and so in events and results, it is its name."""

    def __init__(self, kind: str, version: str, context: BrowserContext, gate: Gate | None) -> None:
        self.kind = kind
        self.context = context
        self.gate = gate
        self.tabs: dict[str, OpenPage] = {}
        self._last: OpenPage | None = None
        #: Tells people what they would not see.
        self.tell: Callable[[str], None] = lambda text: None
        self.is_open = True
        self.guards_files = False
        self._version = version

    def __str__(self) -> str:
        return f"{self.kind} {self._version}{'' if self.is_open else ', closed'}"

    __repr__ = __str__

    def add(self, page: Page, name: str) -> OpenPage:
        """Make *page* the current tab, under *name*."""
        tab = OpenPage(self, page)
        self.tabs[name] = self._last = tab
        _TABS.set({**_TABS.get(), self: tab})
        return tab

    @property
    def current(self) -> OpenPage | None:
        """The tab that this branch opened last, or else any: it works on no other's."""
        return _TABS.get().get(self, self._last)

    def adopt(self, page: Page) -> None:
        """Give a tab that a page has opened a name; the current one stays."""
        number = 1 + sum(name.partition("-")[0] == POPUP for name in self.tabs)
        name = POPUP if number == 1 else f"{POPUP}-{number}"
        self.tabs[name] = OpenPage(self, page)
        self.tell(f"the page opened another tab; its name for `page` is {name!r}")


class OpenPage:
    """A tab of a browser. As text it is its address, without the query."""

    def __init__(self, browser: OpenBrowser, page: Page) -> None:
        self.browser = browser
        self.page = page
        #: The last navigation failed, and the page of the failure may still be on its way.
        self.unsettled = False
        #: A dialog that the page has opened and nobody has answered; it holds the page up.
        self.dialog: Dialog | None = None
        self.dialog_came = asyncio.Event()
        #: What waits for the dialog to be answered.
        self.held: set[asyncio.Task[Any]] = set()
        page.on("dialog", self._on_dialog)
        page.on("popup", browser.adopt)

    def __str__(self) -> str:
        return f"page {shown_url(self.page.url)}"

    __repr__ = __str__

    @property
    def is_open(self) -> bool:
        return self.browser.is_open and not self.page.is_closed()

    @property
    def shown(self) -> str:
        return shown_url(self.page.url)

    def _on_dialog(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            # "Leave this page?" is asked because somebody leaves it.
            self.hold(asyncio.ensure_future(_accepted(dialog)))
            return
        self.dialog = dialog
        self.dialog_came.set()

    async def answer_dialog(self, *, accept: bool, text: str | None = None) -> None:
        """Answer the dialog that is open; nothing if there is none."""
        dialog, self.dialog = self.dialog, None
        self.dialog_came.clear()
        if dialog is None:
            return
        if accept:
            await (dialog.accept(text) if text is not None else dialog.accept())
        else:
            await dialog.dismiss()

    def hold(self, task: asyncio.Task[Any]) -> None:
        """Let *task*, which waits for a dialog's answer, end by itself."""
        self.held.add(task)
        task.add_done_callback(self._released)

    def _released(self, task: asyncio.Task[Any]) -> None:
        self.held.discard(task)
        if not task.cancelled():
            task.exception()  # nobody asks for it any more

    async def settle(self, seconds: float | None) -> None:
        """Wait until nothing waits for a dialog any more, or another one has come."""
        came = asyncio.ensure_future(self.dialog_came.wait())
        try:
            async with asyncio.timeout(seconds):
                while self.held and not came.done():
                    await asyncio.wait({*self.held, came}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return
        finally:
            came.cancel()


async def _accepted(dialog: Dialog) -> None:
    with contextlib.suppress(Exception):  # somebody else has answered it, or the page is gone
        await dialog.accept()
