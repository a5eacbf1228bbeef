"""Processes and figures of the machine."""

from __future__ import annotations

import asyncio
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop


class ProcessListNode(Node):
    """List running processes, in order of their ids.

    `filter_name` keeps those whose name holds it, letter case aside. With `include_details` each
    has status, user, memory in MiB, start time and program besides id and name.
    """

    category = "system"
    example = {"filter_name": "python"}
    filter_name: str = param("", kind="string", help="A part of the name.")
    include_details: bool = prop(True, kind="boolean", help="More than id and name.")
    outputs = (Output("processes", "LIST"), Output("count", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        found = await asyncio.to_thread(self._list)
        return {"processes": found, "count": len(found)}

    def _list(self) -> list[dict[str, Any]]:
        # psutil takes longer to load than all of the engine: only runs that ask pay for it.
        from casare_rpa.nodes.system import _machine  # noqa: PLC0415

        return _machine.list_processes(
            str(self.filter_name or ""), details=bool(self.include_details)
        )


class ProcessKillNode(Node):
    """End processes by id or by exact name, letter case aside.

    They are asked to end and killed after `timeout` seconds; `force` kills at once. This robot's
    own processes are never ended: by id that fails, by name they are left out.
    """

    category = "system"
    example = {"pid_or_name": "no-such-program"}
    side_effect = True
    timeout_seconds = 0
    pid_or_name: Json = param("", kind="string", aliases=("process_name", "pid"), help="Which.")
    force: bool = prop(False, kind="boolean", help="Kill at once.")
    timeout: int = prop(5, kind="integer", minimum=1, maximum=60, help="Seconds to wait.")
    outputs = (Output("killed_count", "INTEGER"), Output("success", "BOOLEAN"))

    async def run(self, ctx: Context) -> Outputs:
        wanted = str(self.pid_or_name or "").strip()
        if not wanted:
            raise NodeError("pid_or_name is empty", ErrorCode.MISSING_REQUIRED_FIELD)
        count = await asyncio.to_thread(self._end, wanted)
        return {"killed_count": count, "success": count > 0}

    def _end(self, wanted: str) -> int:
        # psutil takes longer to load than all of the engine: only runs that ask pay for it.
        from casare_rpa.nodes import _processes  # noqa: PLC0415

        return _processes.end_processes(
            wanted,
            at_once=bool(self.force),
            wait_seconds=min(max(float(self.timeout), 1), 60),
        )


class SystemInfoNode(Node):
    """Return operating-system, CPU, memory, disk and network figures.

    `info` holds the parts that `info_type` asks for; the percentages are always there. Sizes are
    in bytes.
    """

    category = "system"
    example = {"info_type": "os"}
    info_type: str = prop(
        "all",
        kind="choice",
        choices=("os", "cpu", "ram", "disk", "network", "all"),
        help="Which part.",
    )
    outputs = (
        Output("info", "DICT"),
        Output("os_name", "STRING"),
        Output("cpu_percent", "FLOAT"),
        Output("ram_percent", "FLOAT"),
        Output("disk_percent", "FLOAT"),
    )

    async def run(self, ctx: Context) -> Outputs:
        parts = await asyncio.to_thread(self._figures, ctx)
        wanted = str(self.info_type).lower()
        if wanted != "all" and wanted not in parts:
            raise NodeError(
                f"no info_type {wanted!r}; there are: {', '.join(parts)}, all",
                ErrorCode.INVALID_INPUT,
            )
        return {
            "info": parts if wanted == "all" else {wanted: parts[wanted]},
            "os_name": parts["os"]["name"],
            "cpu_percent": parts["cpu"]["percent"],
            "ram_percent": parts["ram"]["percent"],
            "disk_percent": parts["disk"]["percent"],
        }

    def _figures(self, ctx: Context) -> dict[str, dict[str, Any]]:
        # psutil takes longer to load than all of the engine: only runs that ask pay for it.
        from casare_rpa.nodes.system import _machine  # noqa: PLC0415

        return _machine.figures(ctx.path(".").anchor)
