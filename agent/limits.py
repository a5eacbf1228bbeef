"""When an agent ends by itself, and what its exit code says then."""

from __future__ import annotations

import time

from agent import exit_codes
from agent.options import AgentOptions


class Limits:
    """Of one run of the agent; `delivered` is called by the jobs' threads, the rest by its own."""

    def __init__(self, options: AgentOptions) -> None:
        self._options = options
        self._started = self._idle_since = time.monotonic()
        #: How the jobs ended, in that order.
        self._outcomes: list[str | None] = []
        self._ran_out = False

    def delivered(self, reported: str | None) -> None:
        """A job is over; how, as in `Delivered`."""
        self._outcomes.append(reported)

    def reached(self, running: int) -> str | None:
        """Why it is time to end, with so many jobs running; None while it is not."""
        now = time.monotonic()
        if running:
            self._idle_since = now
        up, idle = now - self._started, now - self._idle_since
        most_jobs, options = self._options.most_jobs, self._options
        if most_jobs is not None and len(self._outcomes) >= most_jobs:
            return f"after {len(self._outcomes)} job(s)"
        if options.max_uptime_seconds is not None and up >= options.max_uptime_seconds:
            self._ran_out = True
            return f"after {up:.0f} s"
        if options.idle_timeout_seconds is not None and idle >= options.idle_timeout_seconds:
            self._ran_out = True
            return f"after {idle:.0f} s without a job"
        return None

    def exit_code(self, ended: int) -> int:
        """What *ended* is to whoever asked for one job: its outcome, or that there was none."""
        if not self._options.once or ended != exit_codes.OK:
            return ended
        if self._outcomes:
            return exit_codes.of_outcome(self._outcomes[0])
        return exit_codes.NOTHING_TO_DO if self._ran_out else ended
