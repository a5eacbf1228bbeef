"""Every exit code and what it tells a script. The help, the man pages and the tests read this."""

from __future__ import annotations

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
STILL_RUNNING: Final = 8
CONFLICT: Final = 9
CANCELLED: Final = 10
LOST: Final = 11
IMPOSSIBLE: Final = 12
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
TERMINATED: Final = 143

MEANINGS: Final[dict[int, str]] = {
    OK: "It worked; with --wait, watch and wait: the job completed.",
    FAILED: "The job or run failed, what diff compared differs, or an unexpected error.",
    USAGE: "The command line or a file is wrong.",
    UNREACHABLE: "The orchestrator failed or could not be reached.",
    4: "There is no such workflow, job, schedule, robot or key.",
    5: "The key's role does not allow it.",
    6: "A setting is wrong.",
    7: "The key is missing, unknown, expired or revoked.",
    STILL_RUNNING: "The job was still running when the wait ran out; jobs why: no robot can take it"
    " now.",
    CONFLICT: "The thing's state does not allow it: a conflict, or a lost lease.",
    CANCELLED: "The job was cancelled.",
    LOST: "The job ran out of time or was lost with its robot.",
    IMPOSSIBLE: "No robot can ever run the job.",
    75: "Not now; try again later. agent --once: there was no job.",
    77: "Agent only: the key was refused. Do not restart it.",
    78: "Agent only: a setting is wrong. Do not restart it.",
    INTERRUPTED: "Stopped by Ctrl-C.",
    PIPE_CLOSED: "The program that read the output went away.",
    TERMINATED: "Stopped by SIGTERM.",
}

#: A job whose robot went away, as opposed to one whose steps failed.
_LOST_REASONS = frozenset({"agent_lost", "lease_lost", "crash_limit"})


def of_job(status: str, failure_reason: str | None = None) -> int:
    """The exit code that says how a job ended; STILL_RUNNING when it did not."""
    if status == "failed":
        return LOST if failure_reason in _LOST_REASONS else FAILED
    outcomes = {"completed": OK, "cancelled": CANCELLED, "timeout": LOST}
    return outcomes.get(status, STILL_RUNNING)
