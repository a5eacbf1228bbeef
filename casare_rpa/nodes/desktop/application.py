"""Nodes that start programs with windows, and close them."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from typing import Any, Final

from casare_rpa import desktop_display
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.desktop import _manager as manager
from casare_rpa.nodes.desktop import _windows as windows
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._display import Desktop
from casare_rpa.nodes.desktop._finding import opened, the_one, titled, window_of
from casare_rpa.nodes.desktop._node import DesktopNode, seconds
from casare_rpa.nodes.desktop._programs import Program, started
from casare_rpa.nodes.scripts.child import find_program, working_folder
from casare_rpa.nodes.scripts.python import arguments
from casare_rpa.nodes.system.command import refuse_dangerous, words
from casare_rpa.nodes.values.reading import as_int, as_text, one_of

_STATES: Final = ("normal", "maximized", "minimized")
_LOOK_SECONDS: Final = 0.1
#: Windows that come before the one that is meant.
_PASSING: Final = ("SPLASH", "TOOLTIP", "NOTIFICATION", "DOCK", "DESKTOP")

Check = Callable[[Connection], int | None]


class LaunchApplicationNode(DesktopNode):
    """Start a program and wait for its window, `timeout` seconds at most.

    `application_path` is a program, or a line that is split as a shell would; no shell reads it.
    `arguments` are a text that is split so, or a list, which keeps values as they are. The program
    has the environment of RunCommandNode and shows its windows on the robot's display; what it
    writes is left out. What RunCommandNode refuses without `allow_dangerous` is refused.

    Its window is the first new one of the program or of what it has started; with
    `window_title_hint` the first new one whose title has that in it. A program that hands over to
    one that runs already, and ends, is taken to have opened the next window that is new. Without a
    window the node fails and the program is ended.

    With `keep_open` false the program is ended with the run, however that ends. Otherwise it is
    left alone: after `casare-rpa run` it goes on, on a robot it ends with the job like everything
    that the job has started.
    """

    example = {"application_path": "mousepad", "arguments": ["notes.txt"], "keep_open": False}
    side_effect = True
    application_path: str = param(
        None, kind="string", required=True, aliases=("path",), help="The program."
    )
    arguments: Json = param("", kind="string", help="Its arguments: text or a list.")
    working_directory: str = param("", kind="string", help="Where it runs; empty: the run's own.")
    timeout: float = prop(10.0, kind="float", minimum=0.1, help="Seconds to wait for the window.")
    window_title_hint: str = prop("", kind="string", help="A part of the window's title.")
    window_state: str = prop("normal", kind="choice", choices=_STATES, help="How it is shown.")
    keep_open: bool = prop(True, kind="boolean", help="Do not end it with the run.")
    outputs = (
        Output("window", "ANY"),
        Output("process_id", "INTEGER"),
        Output("window_title", "STRING"),
    )

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        state = one_of(self.window_state, "window_state", _STATES)
        limit = seconds(self.timeout, "timeout")
        before = frozenset(await desk.use(windows.all_windows))
        program = await asyncio.to_thread(self._start, ctx)
        try:
            window_id = await self._window(desk, program, before, limit)
            if state != "normal":
                await manager.set_state(desk, window_id, state)
            window = await desk.use(lambda connection: opened(connection, window_id))
            process_id = await desk.use(lambda c: windows.process_id(c, window_id))
        except BaseException:
            await program.end()
            raise
        if self.keep_open:
            program.leave_alone()
        return {
            "window": window,
            "process_id": program.pid if program.returncode is None else process_id,
            "window_title": window.title,
        }

    def _start(self, ctx: Context) -> Program:
        text = as_text(self.application_path).strip()
        if not text:
            raise NodeError("application_path is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        folder = working_folder(ctx, self.working_directory)
        # The path of a program may hold spaces, so the whole text is tried first.
        is_whole = shutil.which(text, path=ctx.environment.get("PATH", os.defpath))
        argv = [*([text] if is_whole else words(text)), *arguments(self.arguments)]
        refuse_dangerous(argv, "RunCommandNode has `allow_dangerous`")
        argv[0] = find_program(argv[0], ctx.environment, folder)
        return started(ctx, argv, folder, _environment(ctx.environment))

    async def _window(
        self, desk: Desktop, program: Program, before: frozenset[int], limit: float
    ) -> int:
        hint = as_text(self.window_title_hint).strip().casefold()
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        looking = asyncio.create_task(desk.until(_window_of(program, before, hint), limit))
        ending = asyncio.create_task(_ended(program))
        try:
            await asyncio.wait({looking, ending}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                found = looking.result()
            else:
                # It hands over to a program that runs already, or it has failed.
                self._check_status(program)
                found = await desk.until(_new_window(before, hint), end - loop.time())
        finally:
            looking.cancel()
            ending.cancel()
            await asyncio.gather(looking, ending, return_exceptions=True)
        if found is None:
            what = f" with {self.window_title_hint!r} in its title" if hint else ""
            raise NodeError(
                f"{program.name} opened no window{what} within {limit:g} s",
                ErrorCode.APPLICATION_LAUNCH_FAILED,
                hint="raise `timeout`, or see which windows there are with GetWindowListNode",
            )
        return found

    def _check_status(self, program: Program) -> None:
        if program.returncode:
            raise NodeError(
                f"{program.name} ended with status {program.returncode} before it opened a window",
                ErrorCode.APPLICATION_LAUNCH_FAILED,
                hint="run it in a terminal to see what it says",
            )


class CloseApplicationNode(DesktopNode):
    """Close a window, or a process with all its windows.

    It is `window`, else the process `process_id`, else the window titled `window_title` (letter
    case aside; a part of the title is enough if one window has it). A window is asked to close as
    its close button does; its program may ask back, and then it stays. A process without windows is
    asked to end. What is still there after `timeout` seconds fails the node, or, with
    `force_close`, its process is killed. This robot's own processes are never ended.
    """

    example = {"window": "{{launch.window}}"}
    side_effect = True
    force_close: bool = prop(False, kind="boolean", help="Kill what does not close.")
    timeout: float = prop(5.0, kind="float", minimum=0.1, help="Seconds to wait.")
    window: Json = param(None, kind="any", help="The window.")
    process_id: int | None = param(None, kind="integer", help="The process.")
    window_title: str = param(None, kind="string", help="The title of the window.")
    outputs = (Output("success", "BOOLEAN"),)

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        limit = seconds(self.timeout, "timeout")
        if self.window in (None, "") and self.process_id is not None:
            await _close_process(desk, as_int(self.process_id, "process_id"), limit, self._may_kill)
        else:
            window_id = await desk.use(lambda connection: self._window_id(ctx, connection))
            await _close_window(desk, window_id, limit, self._may_kill)
        return {"success": True}

    @property
    def _may_kill(self) -> bool:
        return bool(self.force_close)

    def _window_id(self, ctx: Context, connection: Connection) -> int:
        if self.window not in (None, ""):
            return window_of(ctx, connection, self.window)
        text = as_text(self.window_title).strip()
        if not text:
            raise NodeError(
                "window, process_id and window_title are all empty",
                ErrorCode.MISSING_REQUIRED_FIELD,
            )
        return the_one(connection, titled(connection, text), text)


async def _close_window(desk: Desktop, window_id: int, limit: float, may_kill: bool) -> None:
    process_id = await desk.use(lambda connection: windows.process_id(connection, window_id))
    takes_it = await desk.use(lambda connection: manager.ask_to_close(connection, window_id))
    if takes_it and await desk.until(_gone([window_id]), limit):
        return
    if not may_kill:
        raise _still_open("the window", limit if takes_it else None)
    if process_id:
        await _kill(process_id)
    else:
        await desk.use(lambda connection: connection.window(window_id).kill_client())
    if not await desk.until(_gone([window_id]), limit):
        raise _still_open("the window", limit)


async def _close_process(desk: Desktop, process_id: int, limit: float, may_kill: bool) -> None:
    from casare_rpa.nodes import _processes  # noqa: PLC0415 - psutil takes long to load

    process = next(_processes.by_id(process_id), None)
    if process is None or not _processes.runs(process):
        raise NodeError(f"no process has the id {process_id}", ErrorCode.RESOURCE_NOT_FOUND)

    def ask(connection: Connection) -> bool:
        own = [
            each
            for each in windows.all_windows(connection)
            if windows.process_id(connection, each) == process_id
        ]
        return any([manager.ask_to_close(connection, each) for each in own])

    if not await desk.use(ask):
        _processes.allowed(process.terminate)
    end = asyncio.get_running_loop().time() + limit
    while _processes.runs(process):
        if asyncio.get_running_loop().time() > end:
            if not may_kill:
                raise _still_open(f"the process {process_id}", limit)
            await _kill(process_id)
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _kill(process_id: int) -> None:
    from casare_rpa.nodes import _processes  # noqa: PLC0415 - psutil takes long to load

    await asyncio.to_thread(
        _processes.end_processes, str(process_id), at_once=True, wait_seconds=manager.ANSWER_SECONDS
    )


def _still_open(what: str, waited: float | None) -> NodeError:
    said = "takes no wish to be closed" if waited is None else f"is still open after {waited:g} s"
    return NodeError(
        f"{what} {said}",
        ErrorCode.APPLICATION_NOT_RESPONDING,
        hint="it may ask something, such as whether to save; `force_close` kills its process",
    )


def _gone(window_ids: list[int]) -> Callable[[Connection], bool | None]:
    def check(connection: Connection) -> bool | None:
        return None if any(windows.exists(connection, each) for each in window_ids) else True

    return check


def _window_of(program: Program, before: frozenset[int], hint: str) -> Check:
    """The first new window of the program; with *hint*, of any program, with that in its title."""

    def check(connection: Connection) -> int | None:
        found = _new(connection, before, hint)
        if found and not hint:
            family = program.family()
            found = [each for each in found if windows.process_id(connection, each) in family]
        return next(iter(found), None)

    return check


def _new_window(before: frozenset[int], hint: str) -> Check:
    def check(connection: Connection) -> int | None:
        return next(iter(_new(connection, before, hint)), None)

    return check


def _new(connection: Connection, before: frozenset[int], hint: str) -> list[int]:
    passing = {connection.atom(f"_NET_WM_WINDOW_TYPE_{name}") for name in _PASSING}
    return [
        each
        for each in windows.all_windows(connection)
        if each not in before
        and hint in windows.title(connection, each).casefold()
        and passing.isdisjoint(connection.numbers(each, "_NET_WM_WINDOW_TYPE"))
    ]


async def _ended(program: Program) -> None:
    while program.returncode is None:  # noqa: ASYNC110 - it is the system that has to be asked
        await asyncio.sleep(_LOOK_SECONDS)


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """That of the run, with the robot's display, so that its nodes find the windows."""
    found: dict[str, Any] = dict(environment)
    found["DISPLAY"] = desktop_display.display_name()
    if cookie := os.environ.get("XAUTHORITY"):
        found["XAUTHORITY"] = cookie
    found.pop("WAYLAND_DISPLAY", None)
    return found
