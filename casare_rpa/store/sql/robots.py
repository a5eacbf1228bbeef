"""Robots, and their figures in memory."""

from __future__ import annotations

from casare_rpa.store.operations import robots
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.wire import (
    Robot,
    RobotChange,
    RobotList,
    RobotRegistration,
    RobotStatusChange,
)


class SqlRobots(Transactions):
    def register(self, registration: RobotRegistration) -> Robot:
        return self._write(lambda tx: robots.register(tx, self._figures, registration))

    def robot(self, robot_id: str) -> Robot:
        return self._read(lambda tx: robots.robot(tx, self._figures, robot_id))

    def is_resting(self, robot_id: str) -> bool:
        return self._read(lambda tx: robots.is_resting(tx, robot_id))

    def robots(
        self,
        *,
        status: str | None = None,
        environment: str | None = None,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
    ) -> RobotList:
        return self._read(
            lambda tx: robots.robots_(
                tx,
                self._figures,
                status=status,
                environment=environment,
                limit=limit,
                offset=offset,
                cursor=cursor,
            )
        )

    def update_robot(self, robot_id: str, change: RobotChange) -> Robot:
        return self._write(lambda tx: robots.update_robot(tx, self._figures, robot_id, change))

    def set_robot_status(self, robot_id: str, change: RobotStatusChange) -> Robot:
        return self._write(lambda tx: robots.set_robot_status(tx, self._figures, robot_id, change))

    def delete_robot(self, robot_id: str) -> None:
        self._write(lambda tx: robots.delete_robot(tx, robot_id))
        self._figures.forget(robot_id)
