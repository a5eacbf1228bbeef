"""Programs that a run has started, and windows that are theirs."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError

_KEY: Final = "desktop_programs"
#: More in a run are a loop that forgets to close them.
_MOST_RUNNING: Final = 50
#: What goes on after the run. Somebody has to hold them, or Python complains that nobody waits.
_LEFT_ALONE: list[Program] = []


class Program:
    """A process that was started without a shell, in a session of its own."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start it. Raises NodeError."""
        try:
            self._process = subprocess.Popen(
                list(argv),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise NodeError(
                f"{argv[0]} cannot be started: {error}", ErrorCode.APPLICATION_LAUNCH_FAILED
            ) from error
        self.name = argv[0]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def family(self) -> set[int]:
        """Its own id and those of all that it has started."""
        import psutil  # noqa: PLC0415 - slow to load

        found = {self.pid}
        with contextlib.suppress(psutil.Error):
            found |= {child.pid for child in psutil.Process(self.pid).children(recursive=True)}
        return found

    async def end(self) -> None:
        """End it and all that it has started, politely first; unless it is left alone."""
        # psutil takes long to load.
        from casare_rpa.nodes.scripts import _tree  # noqa: PLC0415

        if self not in _LEFT_ALONE:
            await _tree.end_tree(self)

    def leave_alone(self) -> None:
        """Let it run on when the run ends."""
        _LEFT_ALONE.append(self)


def started(
    ctx: Context, argv: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Program:
    """A program that ends with the run, unless it is left alone. Raises NodeError."""
    programs: list[Program] = ctx.resources.setdefault(_KEY, [])
    if sum(each.returncode is None for each in programs) >= _MOST_RUNNING:
        raise NodeError(
            f"{_MOST_RUNNING} programs that this run has started are running: close them with"
            " CloseApplicationNode, or start one before the loop",
            ErrorCode.RESOURCE_EXHAUSTED,
        )
    program = Program(argv, folder, environment)
    programs.append(program)
    ctx.on_close(program.end)
    return program
