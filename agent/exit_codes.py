"""What the agent's exit code tells whoever started it."""

from __future__ import annotations

from typing import Final

OK: Final = 0
FAILED: Final = 1
SUPERSEDED: Final = 9
NOTHING_TO_DO: Final = 75
KEY_REFUSED: Final = 77
BAD_CONFIGURATION: Final = 78

_OUTCOMES = {"completed": OK, "failed": FAILED, "cancelled": 10, "timeout": 11}
_LOST: Final = 11


def of_outcome(reported: str | None) -> int:
    """For `--once`: the job's outcome, in the same numbers as `jobs wait`."""
    return _OUTCOMES.get(reported or "", _LOST)


def of_signal(number: int) -> int:
    return 128 + number
