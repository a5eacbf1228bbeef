"""Trouble on request: CASARE_FAULT=finish.committed:kill ends the process at that point.

For tests of what the programs survive; docs/guide/fault-points.md lists points and actions. Without
the variable a point costs one look at a module's variable.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from casare_rpa.errors import ConfigInvalid

log = logging.getLogger(__name__)

VARIABLE = "CASARE_FAULT"
_EXIT_CODE = 70
_ACTIONS = "kill, exit, stop, sleep:SECONDS, error:ENOSPC, bug"


@dataclass(kw_only=True)
class _Fault:
    """`action` is taken at pass number `at`; 0 means at every pass."""

    action: Callable[[], None]
    at: int
    passes: int = 0


_armed: dict[str, _Fault] = {}
_lock = threading.Lock()


def arm(env: Mapping[str, str] = os.environ) -> None:
    """Read the variable, and say loudly that it is set. Raises ConfigInvalid.

    Called once where a program is put together; nothing happens at any point before.
    """
    _armed.clear()
    given = env.get(VARIABLE, "")
    for word in filter(None, given.split(",")):
        name, fault = _parse(word.strip())
        _armed[name] = fault
    if _armed:
        log.critical("%s is set: this program FAILS ON PURPOSE at %s", VARIABLE, given)


def point(step: str, of: Callable[..., object] | str = "") -> None:
    """Fail here if that was asked for. The point is called OF.STEP.

    *of* may be a function: then the name is that of the function, or of the method it stands in.
    """
    if _armed:
        _pass(step, of)


def _pass(step: str, of: Callable[..., object] | str) -> None:
    name = of if isinstance(of, str) else _name_of(of)
    fault = _armed.get(f"{name}.{step}")
    if fault is None:
        return
    with _lock:
        fault.passes += 1
        due = fault.at in (0, fault.passes)
    if due:
        log.critical("failing on purpose at %s.%s, pass %d", name, step, fault.passes)
        fault.action()


def _name_of(function: Callable[..., object]) -> str:
    """`SqlRuns.claim.<locals>.<lambda>` is claim."""
    words = function.__qualname__.split(".")
    return words[1] if len(words) > 1 else words[0]


def _parse(word: str) -> tuple[str, _Fault]:
    """`point:action[:argument][@pass]`."""
    rest, _, at = word.partition("@")
    name, _, action = rest.partition(":")
    kind, _, argument = action.partition(":")
    try:
        return name, _Fault(action=_action(kind, argument), at=_pass_number(at))
    except ValueError as error:
        raise ConfigInvalid(
            f"{VARIABLE} cannot be read: {word!r}: {error}",
            hint=f"Write point:action or point:action@pass; actions: {_ACTIONS}.",
        ) from error


def _pass_number(text: str) -> int:
    """The first when none is given; `*` is every one."""
    if text == "*":
        return 0
    number = int(text or 1)
    if number < 1:
        raise ValueError("passes are counted from 1")
    return number


def _action(kind: str, argument: str) -> Callable[[], None]:
    match kind:
        case "kill":
            # Windows has SIGTERM only, which ends a process at once there.
            number = getattr(signal, "SIGKILL", signal.SIGTERM)
            return lambda: os.kill(os.getpid(), number)
        case "exit":
            return lambda: os._exit(_EXIT_CODE)
        case "stop" if sys.platform != "win32":
            return lambda: os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            seconds = float(argument)
            return lambda: time.sleep(seconds)
        case "error":
            number = _error_number(argument)
            return lambda: _fail(number)
        case "bug":
            return _blunder
    raise ValueError(f"there is no action {kind!r}")


def _error_number(name: str) -> int:
    found = getattr(errno, name, None)
    if not isinstance(found, int):
        raise ValueError(f"there is no error {name!r}")
    return found


def _fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _blunder() -> None:
    raise AssertionError("a mistake on purpose")
