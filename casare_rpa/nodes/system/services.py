"""Services of the system, through systemctl."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.system._programs import answered, ended, failed, first_of
from casare_rpa.nodes.values.reading import as_number, as_text, one_of

#: What systemd's states are called here; others keep their name.
_STATUS: Final[Mapping[str, str]] = {
    "active": "running",
    "reloading": "running",
    "inactive": "stopped",
    "activating": "start_pending",
    "deactivating": "stop_pending",
}
_NO_NAME = re.compile(r"^-|[\s*?\[\]/]")
#: A service may take its time to start; systemd itself gives up after 90 seconds.
_LONGEST_SECONDS = 600.0


class ServiceNode(Node, abstract=True):
    """A node for the services that systemd runs for the system."""

    category: ClassVar[str] = "system"
    runs_on: ClassVar[str] = "windows"
    timeout_seconds: ClassVar[float | None] = 0

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        if first_of(["systemctl"]):
            return None
        return "systemctl", "run it on a machine with systemd"


class ListServicesNode(ServiceNode):
    """List the services of the system that systemd knows, in order of their names.

    Each has `name`, `display_name`, `status` (running, stopped, failed, start_pending,
    stop_pending) and `sub_state`, systemd's own word for what it does. `stopped` lists the failed
    ones as well.
    """

    example = {"state_filter": "running"}
    state_filter: str = prop(
        "all", kind="choice", choices=("all", "running", "stopped"), help="Which."
    )
    outputs = (Output("services", "LIST"), Output("count", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        wanted = one_of(self.state_filter, "state_filter", ("all", "running", "stopped"))
        words = ("list-units", "--type=service", "--all", "--plain", "--output=json")
        units = _units(await answered(ctx, _systemctl(ctx, *words)))
        services = sorted((_service(unit) for unit in units), key=lambda service: service["name"])
        also = {"running": ("running",), "stopped": ("stopped", "failed")}.get(wanted)
        found = [service for service in services if also is None or service["status"] in also]
        return {"services": found, "count": len(found)}


class GetServiceStatusNode(ServiceNode):
    """Return the state of a service: running, stopped, failed, start_pending or stop_pending.

    For one that there is not, `exists` is false and `status` empty.
    """

    example = {"service_name": "cron"}
    service_name: str = param(kind="string", required=True, help="Which service.")
    outputs = (
        Output("status", "STRING"),
        Output("display_name", "STRING"),
        Output("exists", "BOOLEAN"),
    )

    async def run(self, ctx: Context) -> Outputs:
        name = _name(self.service_name)
        words = ("show", "--property=LoadState,ActiveState,Description", "--", name)
        lines = (await answered(ctx, _systemctl(ctx, *words))).splitlines()
        about = {key: value for key, _, value in (line.partition("=") for line in lines)}
        if about.get("LoadState") == "not-found":
            return {"status": "", "display_name": "", "exists": False}
        state = about.get("ActiveState", "")
        return {
            "status": _STATUS.get(state, state),
            "display_name": about.get("Description", ""),
            "exists": True,
        }


class ChangingNode(ServiceNode, abstract=True):
    """A node that starts or stops a service. It is allowed to by systemd, or fails."""

    side_effect: ClassVar[bool] = True
    service_name: str = param(kind="string", required=True, help="Which service.")
    outputs = (Output("success", "BOOLEAN"), Output("message", "STRING"))

    async def change(self, ctx: Context, verb: str, name: str) -> None:
        argv = _systemctl(ctx, verb, "--", name)
        done = await ended(ctx, argv, timeout_seconds=_LONGEST_SECONDS)
        if done.return_code != 0:
            raise failed(argv, done)


class StartServiceNode(ChangingNode):
    """Start a service and wait until it runs.

    Fails with systemd's own words if it does not start, does not exist, or this user may not do it:
    nobody is asked for a password. A rule of polkit allows it to the user of a robot.
    """

    example = {"service_name": "cron"}

    async def run(self, ctx: Context) -> Outputs:
        name = _name(self.service_name)
        await self.change(ctx, "start", name)
        return {"success": True, "message": f"{name} was started"}


class StopServiceNode(ChangingNode):
    """Stop a service and wait until it has stopped; as StartServiceNode otherwise."""

    example = {"service_name": "cron"}

    async def run(self, ctx: Context) -> Outputs:
        name = _name(self.service_name)
        await self.change(ctx, "stop", name)
        return {"success": True, "message": f"{name} was stopped"}


class RestartServiceNode(ChangingNode):
    """Stop a service, wait `wait_time` seconds and start it; as StartServiceNode otherwise.

    With a `wait_time` of 0 systemd restarts it in one step.
    """

    example = {"service_name": "cron", "wait_time": 0}
    wait_time: int = prop(2, kind="integer", minimum=0, help="Seconds between stop and start.")

    async def run(self, ctx: Context) -> Outputs:
        name = _name(self.service_name)
        seconds = max(float(as_number(self.wait_time, "wait_time")), 0.0)
        if seconds:
            await self.change(ctx, "stop", name)
            await asyncio.sleep(seconds)
            await self.change(ctx, "start", name)
        else:
            await self.change(ctx, "restart", name)
        return {"success": True, "message": f"{name} was restarted"}


def _systemctl(ctx: Context, *words: str) -> list[str]:
    program = first_of(["systemctl"], ctx.environment)
    if program is None:
        raise NodeError("no program is called systemctl", ErrorCode.APPLICATION_LAUNCH_FAILED)
    return [program, "--no-ask-password", "--no-pager", *words]


def _name(value: Any) -> str:
    """A name that means one service: systemctl would take a pattern for all that fit."""
    name = as_text(value).strip()
    if not name:
        raise NodeError("service_name is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if _NO_NAME.search(name):
        raise NodeError(
            f"service_name: {name!r} is no name of one service", ErrorCode.INVALID_INPUT
        )
    return name


def _units(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NodeError(
            "systemctl lists no JSON: its version is too old", ErrorCode.PARSE_ERROR
        ) from error
    return [unit for unit in found if unit.get("load") != "not-found"]


def _service(unit: Mapping[str, Any]) -> dict[str, Any]:
    state = as_text(unit.get("active"))
    return {
        "name": as_text(unit.get("unit")).removesuffix(".service"),
        "display_name": as_text(unit.get("description")),
        "status": _STATUS.get(state, state),
        "sub_state": as_text(unit.get("sub")),
    }
