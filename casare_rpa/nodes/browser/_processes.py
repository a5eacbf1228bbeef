"""What a driver has started: browsers have many processes, in groups of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psutil import Process

_DEATH_SECONDS = 5.0


def children() -> frozenset[int]:
    """The ids of this process's children."""
    import psutil  # noqa: PLC0415 - only runs with a browser need it

    return frozenset(child.pid for child in psutil.Process().children())


class Started:
    """The drivers of this process that are not among *before*, and all below them, as of now."""

    def __init__(self, before: Set[int]) -> None:
        import psutil  # noqa: PLC0415 - only runs with a browser need it

        mine = psutil.Process().children()
        drivers = [child for child in mine if child.pid not in before and _is_driver(child)]
        self._tree = [each for driver in drivers for each in _with_descendants(driver)]

    def end(self) -> None:
        """Kill what is left of them. Blocks until it is gone."""
        import psutil  # noqa: PLC0415 - only runs with a browser need it

        left = [process for process in self._tree if _lives(process)]
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, _DEATH_SECONDS)


def _is_driver(process: Process) -> bool:
    import psutil  # noqa: PLC0415 - only runs with a browser need it

    with contextlib.suppress(psutil.Error):
        return "playwright" in " ".join(process.cmdline())
    return False


def _with_descendants(process: Process) -> Iterator[Process]:
    import psutil  # noqa: PLC0415 - only runs with a browser need it

    yield process
    with contextlib.suppress(psutil.Error):
        yield from process.children(recursive=True)


def _lives(process: Process) -> bool:
    import psutil  # noqa: PLC0415 - only runs with a browser need it

    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
