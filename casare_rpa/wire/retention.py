"""What is deleted because of its age."""

from __future__ import annotations

from casare_rpa.wire.base import Wire


class JobsPruned(Wire):
    #: How many jobs were deleted with their history, or would be.
    jobs: int
    dry_run: bool
    #: There are more: ask again.
    more: bool
