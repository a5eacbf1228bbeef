"""Who this robot is, and making it known."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass, field

from agent.machine.capabilities import announced
from casare_rpa import __version__
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import Forbidden
from casare_rpa.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`boot_id` is new at each start: of two that use one key the newer speaks for the robot."""

    robot_id: str
    key_name: str
    boot_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def of_key(cls, client: OrchestratorClient, settings: Settings) -> Identity:
        """The robot that the key belongs to.

        Raises Forbidden when it is nobody's robot key, or another robot's than the settings name.
        """
        me = client.me()
        robot_id = me.get("robot_id")
        if not robot_id:
            raise Forbidden(
                f"the key {me.get('key_name')!r} belongs to a person, not to a robot",
                hint="Make one with: casare-rpa robots keys create ROBOT",
            )
        if settings.robot_id and settings.robot_id != robot_id:
            raise Forbidden(
                f"the key belongs to the robot {robot_id}, not to {settings.robot_id}",
                hint="Give each robot a key of its own, or leave robot_id out.",
            )
        return cls(robot_id=str(robot_id), key_name=str(me.get("key_name", "")))


def registration(identity: Identity, settings: Settings) -> Json:
    """What the orchestrator is told at the start."""
    host = socket.gethostname() or "unknown"
    return {
        "robot_id": identity.robot_id,
        "name": settings.robot_name or f"Robot-{host}"[:128],
        "hostname": host[:256],
        "capabilities": announced(settings),
        "environment": settings.environment,
        "max_concurrent_jobs": settings.max_concurrent_jobs,
        "tags": list(settings.tags),
        "boot_id": identity.boot_id,
        "version": __version__,
    }
