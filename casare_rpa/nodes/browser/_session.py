"""The browsers of one run: one driver, started with the first of them, ended with the run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.browser import _processes as processes
from casare_rpa.nodes.browser._values import OpenBrowser, OpenPage

if TYPE_CHECKING:
    from playwright.async_api import Playwright

_KEY = "browser_session"
#: The browser that a branch works on: each branch of a run has its own.
_CURRENT: ContextVar[OpenBrowser | None] = ContextVar("current_browser", default=None)
#: More in a run are a loop that forgets to close them.
_MOST_OPEN = 10
_CLOSE_SECONDS = 5.0
#: A socket's path has about a hundred bytes, and browsers put one below their temporary folder.
_LONGEST_FOLDER = 60


class Session:
    """What the run's nodes for browsers share."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._driver: Playwright | None = None
        self._starting = asyncio.Lock()
        self._folder: Path | None = None
        self._before: frozenset[int] = frozenset()
        self.browsers: list[OpenBrowser] = []

    @property
    def current(self) -> OpenBrowser | None:
        """The browser that this branch opened last, or found open when it began; else any."""
        own = _CURRENT.get()
        if own is not None and own in self.browsers:
            return own
        return next((b for b in reversed(self.browsers) if b.is_open), None)

    @property
    def lasts_for_the_run(self) -> bool:
        """Whether it holds what another run would not have: an open browser."""
        return any(browser.is_open for browser in self.browsers)

    @property
    def folder(self) -> Path:
        """Where browsers of this run keep what goes with them: profiles, downloads."""
        assert self._folder is not None
        return self._folder

    async def driver(self) -> Playwright:
        """The driver, started by the first call. Raises NodeError if it is not installed."""
        async with self._starting:
            if self._driver is None:
                self._driver = await self._start()
            return self._driver

    async def _start(self) -> Playwright:
        try:
            from playwright.async_api import async_playwright  # noqa: PLC0415 - takes long to load
        except ImportError as error:
            raise NodeError(
                f"browser nodes need the library {error.name}, which is not installed",
                ErrorCode.CONFIG_INVALID,
                hint="pip install 'casare-rpa[browser]'",
            ) from error
        self._folder = _private_folder(self._ctx.resources.get("scratch_dir"))
        self._before = processes.children()
        with _temporary_files_in(self._folder):
            return await async_playwright().start()

    def register(self, browser: OpenBrowser) -> None:
        """Make *browser* the current one."""
        if sum(each.is_open for each in self.browsers) >= _MOST_OPEN:
            raise NodeError(
                f"{_MOST_OPEN} browsers are open in this run: close them with CloseBrowserNode, or "
                "launch one before the loop",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        self.browsers.append(browser)
        _CURRENT.set(browser)
        browser.tell = lambda text: self._ctx.log(text, "info")

        def gone(*_: Any) -> None:
            browser.is_open = False

        browser.context.on("close", gone)

    async def close_browser(self, browser: OpenBrowser, seconds: float | None) -> None:
        """Close *browser* and what belongs to it; the last one opened before it is the current."""
        browser.is_open = False
        self.browsers = [each for each in self.browsers if each is not browser]
        try:
            async with asyncio.timeout(seconds):
                owner = browser.context.browser
                await (owner.close() if owner is not None else browser.context.close())
        finally:
            if browser.gate is not None:
                await browser.gate.close()

    async def close(self) -> None:
        """End everything: politely, and what does not listen by force. Never raises."""
        started = processes.Started(self._before)
        for browser in tuple(self.browsers):
            with contextlib.suppress(Exception):
                await self.close_browser(browser, _CLOSE_SECONDS)
        if self._driver is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._driver.stop()
            _forget_its_end(self._driver)
            self._driver = None
        await asyncio.to_thread(started.end)
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def session(ctx: Context) -> Session:
    """The session of the run, closed when the run ends."""
    found = ctx.resources.get(_KEY)
    if not isinstance(found, Session):
        found = ctx.resources[_KEY] = Session(ctx)
        ctx.on_close(found.close)
    return found


def browser_of(ctx: Context, value: Any) -> OpenBrowser:
    """The browser that a node was given, else the current one. Raises NodeError."""
    if isinstance(value, str) and value.strip():
        value = ctx.get_variable(value.strip(), value)
    if isinstance(value, OpenPage):
        value = value.browser
    found = session(ctx).current if value in (None, "") else value
    if found is None:
        raise NodeError(
            "no browser is open",
            ErrorCode.BROWSER_NOT_FOUND,
            hint="put a LaunchBrowserNode before this node",
        )
    if not isinstance(found, OpenBrowser):
        raise NodeError(f"{str(found)!r:.80} is no browser", ErrorCode.TYPE_MISMATCH)
    if not found.is_open:
        raise NodeError(
            f"{found.kind} was closed, or has crashed",
            ErrorCode.BROWSER_CLOSED,
            hint="open one again with LaunchBrowserNode",
        )
    return found


def page_of(ctx: Context, value: Any) -> OpenPage:
    """The page that a node was given: itself, a tab's name; else the current one.

    Raises NodeError that says what is missing.
    """
    if isinstance(value, str) and value.strip():
        value = _named(ctx, value.strip())
    if isinstance(value, OpenPage):
        browser_of(ctx, value.browser)
        found: OpenPage | None = value
    else:
        found = browser_of(ctx, value).current
    if found is None or not found.is_open:
        raise NodeError(
            "the page is closed", ErrorCode.PAGE_NOT_FOUND, hint="open one with NewTabNode"
        )
    return found


def _named(ctx: Context, name: str) -> Any:
    current = session(ctx).current
    if current is not None and name in current.tabs:
        return current.tabs[name]
    found = ctx.get_variable(name, None)
    if isinstance(found, (OpenPage, OpenBrowser)):
        return found
    tabs = ", ".join(current.tabs) if current is not None else ""
    raise NodeError(
        f"no tab is called {name!r}" + (f"; there are: {tabs}" if tabs else ""),
        ErrorCode.PAGE_NOT_FOUND,
    )


def browser_environment(ctx: Context, folder: Path) -> dict[str, str | float | bool]:
    """What a browser sees of the environment, its temporary files in the run's own folder."""
    found: dict[str, str | float | bool] = dict(ctx.environment)
    if len(os.fsencode(folder)) <= _LONGEST_FOLDER:
        found["TMPDIR"] = str(folder)
    return found


def _forget_its_end(driver: Any) -> None:
    """A driver that was killed leaves an error that nobody asks for, which would be logged."""
    with contextlib.suppress(Exception):
        ended = driver._impl_obj._connection._transport.on_error_future
        if ended.done() and not ended.cancelled():
            ended.exception()


def _private_folder(parent: str | None) -> Path:
    """A new folder in *parent*, which is made if it is missing, else the system's temporary one."""
    if parent:
        Path(parent).mkdir(mode=0o700, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="browser-", dir=parent or None))


@contextlib.contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """The driver takes its environment from this process and makes profiles where it says."""
    before = {name: os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")}
    os.environ.update(dict.fromkeys(before, str(folder)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
