"""The promises about robots."""

from __future__ import annotations

from typing import Protocol

from casare_rpa.wire import (
    Robot,
    RobotChange,
    RobotList,
    RobotRegistration,
    RobotStatusChange,
)


class RobotStore(Protocol):
    def register(self, registration: RobotRegistration) -> Robot:
        """Create or update a robot. A name that another robot has gets a suffix.

        A new boot_id ends `draining` and its limit; `maintenance` stays until it is lifted or its
        time is over.
        """
        ...

    def robot(self, robot_id: str) -> Robot:
        """Status computed from the last contact and the leases. Raises NotFound."""
        ...

    def is_resting(self, robot_id: str) -> bool:
        """Whether the robot is paused or drained, so that it gets no jobs. Raises NotFound."""
        ...

    def robots(
        self,
        *,
        status: str | None = None,
        environment: str | None = None,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
    ) -> RobotList:
        """By name; `total` counts all that match, None behind a cursor."""
        ...

    def update_robot(self, robot_id: str, change: RobotChange) -> Robot:
        """Raises NotFound."""
        ...

    def set_robot_status(self, robot_id: str, change: RobotStatusChange) -> Robot:
        """`paused` is kept as maintenance; maintenance and draining robots get no job.

        Members that are None leave things alone. `offline` keeps a pause. A pause with
        `resume_after_seconds` ends by this store's clock: claims see to it, and `requeue_expired`
        wakes the robot. Raises NotFound, and Conflict for the `boot_id` of an older start.
        """
        ...

    def delete_robot(self, robot_id: str) -> None:
        """Forget the robot; its jobs are taken back. Its keys stay valid. Raises NotFound."""
        ...
