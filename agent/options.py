"""What is asked of one run of the agent, beyond the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """`once`: run one job and exit with its outcome. None means without a limit."""

    once: bool = False
    idle_timeout_seconds: float | None = None
    max_uptime_seconds: float | None = None
