"""Looking at the machine: all that needs psutil, which takes long to load."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psutil

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

_MIB = 1 << 20
_CPU_WINDOW_SECONDS = 0.1
_POLL_SECONDS = 0.02
_DETAILS = ["pid", "name", "status", "username", "memory_info", "create_time", "exe"]


def list_processes(name_part: str, *, details: bool) -> list[dict[str, Any]]:
    """The processes whose name holds *name_part*, letter case aside, in order of their ids."""
    running = sorted(
        psutil.process_iter(_DETAILS if details else ["pid", "name"]), key=lambda p: p.pid
    )
    return [
        _described(process.info)
        for process in running
        if name_part.lower() in (process.info["name"] or "").lower()
    ]


def end_processes(wanted: str, *, at_once: bool, wait_seconds: float) -> int:
    """End the processes of an id or name, and return how many have ended."""
    chosen = list(_by_id(int(wanted)) if wanted.isdecimal() else _by_name(wanted))
    asked = [p for p in chosen if _allowed(p.kill if at_once else p.terminate)]
    left = _left_after(asked, wait_seconds)
    for process in left:
        _allowed(process.kill)
    return len(asked) - len(_left_after(left, 1))


def _described(about: dict[str, Any]) -> dict[str, Any]:
    found = {"pid": about["pid"], "name": about["name"] or ""}
    if "status" in about:
        memory, started = about["memory_info"], about["create_time"]
        found |= {
            "status": about["status"],
            "username": about["username"] or "",
            "memory_mb": round(memory.rss / _MIB, 1) if memory else 0.0,
            "started": datetime.fromtimestamp(started).astimezone().isoformat() if started else "",
            "exe": about["exe"] or "",
        }
    return found


def _own() -> set[int]:
    """This process and those that started it: ending one of them ends the run."""
    return {os.getpid(), 0, 1, *(parent.pid for parent in psutil.Process().parents())}


def _by_id(pid: int) -> Iterator[psutil.Process]:
    if pid in _own():
        raise NodeError(f"process {pid} runs this robot", ErrorCode.PERMISSION_DENIED)
    try:
        yield psutil.Process(pid)
    except psutil.NoSuchProcess:
        return


def _by_name(name: str) -> Iterator[psutil.Process]:
    names = {name.lower(), f"{name.lower()}.exe"}
    own = _own()
    for process in psutil.process_iter(["name"]):
        if (process.info["name"] or "").lower() in names and process.pid not in own:
            yield process


def _left_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after *seconds* at most."""
    # Not psutil's own wait: it would take the exit status of a child away from whoever started it.
    deadline = time.monotonic() + seconds
    while (left := [p for p in processes if _runs(p)]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _allowed(end: Callable[[], None]) -> bool:
    try:
        end()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied as error:
        raise NodeError(
            f"process {error.pid} may not be ended by this user", ErrorCode.PERMISSION_DENIED
        ) from error
    return True


def figures(disk_root: str) -> dict[str, dict[str, Any]]:
    memory, disk = psutil.virtual_memory(), psutil.disk_usage(disk_root)
    return {
        "os": {
            "name": platform.system(),
            "release": platform.release(),
            "version": platform.version(),
            "machine": platform.machine(),
            "hostname": socket.gethostname(),
            "python": platform.python_version(),
        },
        "cpu": {
            "percent": psutil.cpu_percent(interval=_CPU_WINDOW_SECONDS),
            "cores": psutil.cpu_count(logical=False) or psutil.cpu_count() or 1,
            "threads": psutil.cpu_count() or 1,
        },
        "ram": _sizes(memory, memory.available),
        "disk": _sizes(disk, disk.free),
        "network": {
            name: [a.address for a in addresses if a.family in (socket.AF_INET, socket.AF_INET6)]
            for name, addresses in psutil.net_if_addrs().items()
        },
    }


def _sizes(usage: Any, free: int) -> dict[str, Any]:
    return {"total": usage.total, "used": usage.used, "free": free, "percent": float(usage.percent)}
