"""What is asked of one run of the agent, beyond the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """`once`: run one job and exit with its outcome. None means without a limit.

    `max_jobs` ends the agent when it has run so many, whatever their outcomes.
    """

    once: bool = False
    idle_timeout_seconds: float | None = None
    max_uptime_seconds: float | None = None
    max_jobs: int | None = None

    @property
    def most_jobs(self) -> int | None:
        return 1 if self.once else self.max_jobs

    def __str__(self) -> str:
        """When the agent ends by itself; empty when it does not."""
        ends = []
        if self.most_jobs is not None:
            ends.append("after one job" if self.most_jobs == 1 else f"after {self.most_jobs} jobs")
        if self.idle_timeout_seconds is not None:
            ends.append(f"after {self.idle_timeout_seconds:g} s without a job")
        if self.max_uptime_seconds is not None:
            ends.append(f"after {self.max_uptime_seconds:g} s")
        return ", ".join(ends)
