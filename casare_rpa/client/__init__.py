"""The one way to talk to an orchestrator, and the one place that knows HTTP: a file for each noun.

Methods answer plain JSON objects in the shapes of `casare_rpa.wire`, so that a command does not
pay for models it only prints. They block, may be called from several threads, and raise the class
of `casare_rpa.errors` that the server raised, or Unreachable.
"""

from __future__ import annotations

from casare_rpa.client.answers import decoded
from casare_rpa.client.connection import API
from casare_rpa.client.dead_letters import DeadLetterCalls
from casare_rpa.client.jobs import JobCalls
from casare_rpa.client.keys import KeyCalls
from casare_rpa.client.robot_jobs import RobotJobCalls
from casare_rpa.client.robots import RobotCalls
from casare_rpa.client.schedules import NEXT_CURSOR, ScheduleCalls
from casare_rpa.client.server import ServerCalls
from casare_rpa.client.sockets import socket_proxy, socket_url
from casare_rpa.client.workflows import WorkflowCalls

__all__ = ["API", "NEXT_CURSOR", "OrchestratorClient", "decoded", "socket_proxy", "socket_url"]


class OrchestratorClient(
    WorkflowCalls,
    JobCalls,
    DeadLetterCalls,
    RobotJobCalls,
    ScheduleCalls,
    RobotCalls,
    KeyCalls,
    ServerCalls,
):
    """One method per endpoint.

    Lists answer a page; its `next_cursor` given as `cursor` brings the next one.
    """
