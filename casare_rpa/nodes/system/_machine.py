"""Looking at the machine: all that needs psutil, which takes long to load."""

from __future__ import annotations

import platform
import socket
from datetime import datetime
from typing import Any

import psutil

_MIB = 1 << 20
_CPU_WINDOW_SECONDS = 0.1
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
