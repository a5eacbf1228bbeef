"""What a journal says about its attempt, read from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from agent.journal.records import read_records
from tests.support.fleet import Agent

Json = dict[str, Any]
Attempt = tuple[str, int]


@dataclass
class Known:
    """`ended`: how, by job and attempt; `interrupted`: begun, and nothing is known of their end."""

    ended: dict[Attempt, Json] = field(default_factory=dict)
    interrupted: set[Attempt] = field(default_factory=set)

    @classmethod
    def of(cls, agent: Agent) -> Self:
        """From the journals of *agent*, which may run or be dead."""
        known = cls()
        for path in agent.journals():
            known._read(path)
        return known

    @property
    def attempts(self) -> list[Attempt]:
        return [*self.ended, *self.interrupted]

    @property
    def completed(self) -> dict[Attempt, Json]:
        return {each: end for each, end in self.ended.items() if end["status"] == "completed"}

    def _read(self, path: Path) -> None:
        try:
            records = [record.decode() for record in read_records(path)]
        except FileNotFoundError:  # delivered meanwhile
            return
        if not records:
            return
        attempt = records[0]["grant"]["job_id"], records[0]["grant"]["attempt"]
        if records[-1]["kind"] == "outcome" and "finish" in records[-1]:
            self.ended[attempt] = records[-1]["finish"]
        else:
            self.interrupted.add(attempt)
