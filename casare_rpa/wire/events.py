"""The history of a job."""

from __future__ import annotations

from datetime import datetime

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Wire


class JobEvent(Wire):
    """One fact of a job's history, as REST and sockets show it; `data` is never looked into."""

    type: str
    job_id: str
    seq: int
    attempt: int
    timestamp: datetime
    data: Json


class SideEventList(Wire):
    """What lost attempts brought too late; `seq` is the attempt's own index."""

    events: list[JobEvent]


class JobEventList(Wire):
    events: list[JobEvent]
    #: Ask again with after=last_seq.
    last_seq: int
