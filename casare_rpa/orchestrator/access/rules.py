"""Who may call what: one row for each route. A route without a row is a mistake found at start.

The documentation's table and a test for every cell are made from this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

API = "/api/v1"

VIEWER = frozenset({"viewer", "operator", "developer", "admin"})
OPERATOR = VIEWER - {"viewer"}
DEVELOPER = OPERATOR - {"operator"}
ADMIN = frozenset({"admin"})
ROBOT = frozenset({"robot"})
EVERYBODY = VIEWER | ROBOT

ROLES = ("viewer", "operator", "developer", "admin", "robot")

RateClass = Literal["read", "write", "admin", "ticket", "robot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`roles` may call the route; an empty set means without any key.

    `after_expiry`: a robot's key that has expired may still bring its jobs to an end here.
    `counted`: the call counts against the key's rate. Not so what keeps a lease or ends a job:
    no robot may lose a job because it was busy.
    `audited`: the call leaves a line in the audit log, as those of administrators always do.
    """

    roles: frozenset[str]
    after_expiry: bool = False
    counted: bool = True
    audited: bool = False


_TICKETS = f"{API}/auth/ws-ticket"
_PUBLIC = Rule(roles=frozenset())
_REPORT = Rule(roles=ROBOT, after_expiry=True)
_LEASE = Rule(roles=ROBOT, after_expiry=True, counted=False)

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/health"): _PUBLIC,
    ("GET", "/health/live"): _PUBLIC,
    ("GET", "/health/ready"): _PUBLIC,
    ("GET", "/ready"): _PUBLIC,
    ("GET", "/openapi.json"): Rule(roles=EVERYBODY),
    ("GET", f"{API}/auth/me"): Rule(roles=EVERYBODY),
    ("POST", _TICKETS): Rule(roles=EVERYBODY),
    ("GET", f"{API}/workflows"): Rule(roles=VIEWER),
    ("POST", f"{API}/workflows"): Rule(roles=DEVELOPER),
    ("GET", f"{API}/workflows/{{workflow_id}}"): Rule(roles=VIEWER),
    ("PUT", f"{API}/workflows/{{workflow_id}}"): Rule(roles=DEVELOPER),
    ("DELETE", f"{API}/workflows/{{workflow_id}}"): Rule(roles=DEVELOPER),
    ("GET", f"{API}/schedules"): Rule(roles=VIEWER),
    ("POST", f"{API}/schedules"): Rule(roles=OPERATOR),
    ("GET", f"{API}/schedules/upcoming"): Rule(roles=VIEWER),
    ("GET", f"{API}/schedules/{{schedule_id}}"): Rule(roles=VIEWER),
    ("PUT", f"{API}/schedules/{{schedule_id}}"): Rule(roles=OPERATOR),
    ("PUT", f"{API}/schedules/{{schedule_id}}/enable"): Rule(roles=OPERATOR),
    ("PUT", f"{API}/schedules/{{schedule_id}}/disable"): Rule(roles=OPERATOR),
    ("PUT", f"{API}/schedules/{{schedule_id}}/trigger"): Rule(roles=OPERATOR),
    ("POST", f"{API}/schedules/{{schedule_id}}/run-now"): Rule(roles=OPERATOR),
    ("GET", f"{API}/schedules/{{schedule_id}}/runs"): Rule(roles=VIEWER),
    ("DELETE", f"{API}/schedules/{{schedule_id}}"): Rule(roles=OPERATOR),
    ("GET", f"{API}/jobs"): Rule(roles=VIEWER),
    ("POST", f"{API}/jobs"): Rule(roles=OPERATOR),
    ("GET", f"{API}/jobs/active"): Rule(roles=VIEWER),
    ("GET", f"{API}/jobs/{{job_id}}"): Rule(roles=VIEWER),
    ("GET", f"{API}/jobs/{{job_id}}/events"): Rule(roles=VIEWER),
    ("GET", f"{API}/jobs/{{job_id}}/side-log"): Rule(roles=VIEWER),
    ("POST", f"{API}/jobs/{{job_id}}/cancel"): Rule(roles=OPERATOR),
    ("POST", f"{API}/jobs/{{job_id}}/retry"): Rule(roles=OPERATOR),
    ("POST", f"{API}/jobs/{{job_id}}/rerun"): Rule(roles=OPERATOR),
    ("POST", f"{API}/jobs/{{job_id}}/resolve"): Rule(roles=OPERATOR, audited=True),
    ("GET", f"{API}/jobs/{{job_id}}/why"): Rule(roles=VIEWER),
    ("POST", f"{API}/jobs/preview"): Rule(roles=OPERATOR),
    ("POST", f"{API}/jobs/claim"): Rule(roles=ROBOT),
    ("POST", f"{API}/jobs/{{job_id}}/extend-lease"): _LEASE,
    ("PUT", f"{API}/jobs/{{job_id}}/progress"): _REPORT,
    ("POST", f"{API}/jobs/{{job_id}}/events"): _REPORT,
    ("POST", f"{API}/jobs/{{job_id}}/logs"): _REPORT,
    ("POST", f"{API}/jobs/{{job_id}}/finish"): _LEASE,
    ("POST", f"{API}/jobs/{{job_id}}/complete"): _LEASE,
    ("POST", f"{API}/jobs/{{job_id}}/fail"): _LEASE,
    ("POST", f"{API}/jobs/{{job_id}}/release"): _LEASE,
    ("POST", f"{API}/jobs/{{job_id}}/side-log"): _REPORT,
    ("POST", f"{API}/jobs/prune"): Rule(roles=ADMIN),
    ("GET", f"{API}/dlq"): Rule(roles=VIEWER),
    ("GET", f"{API}/dlq/stats"): Rule(roles=VIEWER),
    ("GET", f"{API}/dlq/{{entry_id}}"): Rule(roles=VIEWER),
    ("POST", f"{API}/dlq/{{entry_id}}/retry"): Rule(roles=OPERATOR),
    ("DELETE", f"{API}/dlq/{{entry_id}}"): Rule(roles=ADMIN),
    ("POST", f"{API}/dlq/purge"): Rule(roles=ADMIN),
    ("GET", f"{API}/stats"): Rule(roles=VIEWER),
    ("GET", f"{API}/robots"): Rule(roles=VIEWER),
    ("GET", f"{API}/robots/{{robot_id}}"): Rule(roles=EVERYBODY),
    ("POST", f"{API}/robots/register"): Rule(roles=ROBOT),
    ("PUT", f"{API}/robots/{{robot_id}}"): Rule(roles=ADMIN),
    ("PUT", f"{API}/robots/{{robot_id}}/status"): Rule(roles=OPERATOR | ROBOT, after_expiry=True),
    ("POST", f"{API}/robots/{{robot_id}}/heartbeat"): _LEASE,
    ("POST", f"{API}/robot/heartbeat"): _LEASE,
    ("DELETE", f"{API}/robots/{{robot_id}}"): Rule(roles=ADMIN),
    ("GET", f"{API}/robot-api-keys"): Rule(roles=ADMIN),
    ("POST", f"{API}/robot-api-keys"): Rule(roles=ADMIN),
    ("POST", f"{API}/robot-api-keys/{{key_id}}/revoke"): Rule(roles=ADMIN),
    ("POST", f"{API}/robot-api-keys/{{key_id}}/rotate"): Rule(roles=ADMIN),
    ("GET", f"{API}/api-keys"): Rule(roles=ADMIN),
    ("POST", f"{API}/api-keys"): Rule(roles=ADMIN),
    ("POST", f"{API}/api-keys/{{key_id}}/revoke"): Rule(roles=ADMIN),
    ("POST", f"{API}/api-keys/{{key_id}}/rotate"): Rule(roles=ADMIN),
    ("WS", "/ws/jobs/{job_id}"): Rule(roles=VIEWER),
    ("WS", f"{API}/ws/jobs/{{job_id}}"): Rule(roles=VIEWER),
    ("WS", "/ws/robot"): Rule(roles=ROBOT, after_expiry=True),
    ("WS", "/ws/robot/{robot_id}"): Rule(roles=ROBOT, after_expiry=True),
}


def rule_for(method: str, path: str) -> Rule:
    """The row of a route. Raises LookupError: nothing is open because it was forgotten."""
    try:
        return RULES[method, path]
    except KeyError:
        raise LookupError(f"{method} {path} has no row in the table of rules") from None


def rate_of(method: str, path: str) -> RateClass | None:
    """The class in which calls of a route are counted; None: they are not."""
    rule = rule_for(method, path)
    if not rule.roles or not rule.counted:
        return None
    if path == _TICKETS:
        return "ticket"
    if rule.roles <= ROBOT:
        return "robot"
    if method == "GET":
        return "read"
    return "admin" if rule.roles == ADMIN else "write"
