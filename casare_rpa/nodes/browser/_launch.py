"""Starting a browser: its program, its flags, what it is told about the world."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_rpa import browser_programs
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.browser._errors import first_line
from casare_rpa.nodes.browser._gate import Gate
from casare_rpa.nodes.browser._session import Session, browser_environment
from casare_rpa.nodes.browser._values import OpenBrowser

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, BrowserType

_START_MS = 60_000
#: What a robot's browser does without: questions, updates, accounts, calls home.
_FLAGS = (
    *("--no-first-run", "--no-default-browser-check", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
#: UDP goes round a proxy.
_GUARDED_FLAGS = ("--force-webrtc-ip-handling-policy=disable_non_proxied_udp",)
_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What is to be started. `profile` is a folder that outlives the run, or None."""

    kind: str
    channel: str
    headless: bool
    window_state: str
    slow_mo_ms: float
    proxy: str
    profile: Path | None
    profile_name: str
    context: dict[str, Any]


async def launch(ctx: Context, run: Session, asked: Launch) -> OpenBrowser:
    """An open browser, the current one of the run. Raises NodeError that says what is missing."""
    program = _program(asked)
    driver = await run.driver()
    gate = None
    if ctx.resources.get("block_private_addresses"):
        gate = Gate(asked.proxy or _proxy_of(ctx), lambda text: ctx.log(text, "warning"))
        await gate.open()
    try:
        context = await _started(ctx, run, getattr(driver, asked.kind), program, asked, gate)
    except BaseException as error:
        if gate is not None:
            await gate.close()
        if isinstance(error, Exception):
            raise _launch_error(error, program) from error
        raise
    owner = context.browser
    browser = OpenBrowser(asked.kind, owner.version if owner else "", context, gate)
    run.register(browser)
    return browser


async def _started(
    ctx: Context, run: Session, kind: BrowserType, program: str, asked: Launch, gate: Gate | None
) -> BrowserContext:
    options: dict[str, Any] = {
        "executable_path": program,
        "headless": asked.headless,
        "args": _flags(ctx, asked, gate),
        "env": browser_environment(ctx, run.folder),
        "slow_mo": asked.slow_mo_ms,
        "timeout": _START_MS,
        # The run itself ends it, whatever signal comes.
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
        "downloads_path": run.folder,
    }
    if asked.kind == "chromium":
        options["chromium_sandbox"] = not _is_root()
    if gate is not None:
        options["proxy"] = {"server": gate.url}
    elif asked.proxy:
        options["proxy"] = {"server": asked.proxy}
    # Nobody would find what a page drops somewhere; DownloadFileNode is told where to.
    world = asked.context | {"accept_downloads": False}
    if asked.profile is not None:
        return await kind.launch_persistent_context(asked.profile, **options, **world)
    browser = await kind.launch(**options)
    try:
        return await browser.new_context(**world)
    except BaseException:
        await browser.close()
        raise


def _flags(ctx: Context, asked: Launch, gate: Gate | None) -> list[str]:
    if asked.kind != "chromium":
        return []
    flags = [*_FLAGS, *(_GUARDED_FLAGS if gate else ())]
    if asked.headless:
        flags.append("--disable-gpu")
    elif asked.window_state in ("maximized", "minimized"):
        flags.append(f"--start-{asked.window_state}")
    if asked.profile_name:
        flags.append(f"--profile-directory={asked.profile_name}")
    if _is_root():
        ctx.log("the browser runs without its sandbox (--no-sandbox): this user is root", "warning")
    return flags


def _program(asked: Launch) -> str:
    found = browser_programs.find(asked.kind, asked.channel)
    if found is not None:
        return found
    if asked.channel:
        raise NodeError(
            f"the browser {asked.channel!r} is not on this machine",
            ErrorCode.BROWSER_NOT_FOUND,
            hint="leave `channel` empty for any Chromium, or install it",
        )
    if asked.kind != "chromium":
        raise NodeError(
            f"{asked.kind} can only be driven in the driver's own build, which is not here",
            ErrorCode.BROWSER_NOT_FOUND,
            hint=f"playwright install {asked.kind}, or browser_type chromium",
        )
    what, mend = browser_programs.lacking() or ("a browser", "apt install chromium")
    raise NodeError(f"browser nodes need {what}", ErrorCode.BROWSER_NOT_FOUND, hint=mend)


def _launch_error(error: Exception, program: str) -> NodeError:
    if isinstance(error, NodeError):
        return error
    said = str(error)
    hint = None
    if "usable sandbox" in said or "setuid_sandbox" in said or "zygote_host_impl" in said:
        hint = (
            "its sandbox needs user namespaces: allow them for this user or container "
            "(docs/guide/browsers.md)"
        )
    elif "missing x server" in said.lower() or "$display" in said.lower():
        hint = "set headless, or start the robot in a session with a screen"
    elif "singletonlock" in said.lower() or "already in use" in said.lower():
        hint = "another browser uses this profile: close it, or give another user_data_dir"
    return NodeError(
        f"{program} did not start: {first_line(said)}", ErrorCode.BROWSER_LAUNCH_FAILED, hint=hint
    )


def has_screen(ctx: Context) -> bool:
    """Whether a window could be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(ctx.environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _proxy_of(ctx: Context) -> str:
    return next(filter(None, map(ctx.environment.get, _PROXY_VARIABLES)), None) or ""


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0
