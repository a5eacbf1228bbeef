"""Examples for the OpenAPI document: one for each body that a caller sends or gets."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.json_values import Json
from casare_rpa.orchestrator.access.rules import API

_JOB = "0199c0de-7b0a-7000-8000-000000000001"
_TIME = "2026-01-31T12:00:00Z"
_PROOF: Json = {"attempt": 1, "lease_token": "tS0m3rand0mText"}
_EVENT: Json = {
    "type": "node.completed",
    "timestamp": _TIME,
    "data": {"node_id": "start", "node_type": "StartNode", "execution_time_ms": 0.4},
}
_SUBMISSION: Json = {
    "workflow_id": "my-workflow",
    "workflow_name": "My workflow",
    "workflow_json": {
        "nodes": {
            "start": {"node_id": "start", "node_type": "StartNode", "config": {}},
            "end": {"node_id": "end", "node_type": "EndNode", "config": {}},
        },
        "connections": [
            {
                "source_node": "start",
                "source_port": "exec_out",
                "target_node": "end",
                "target_port": "exec_in",
            }
        ],
    },
}
_SCHEDULE: Json = {
    "workflow_id": "my-workflow",
    "schedule_name": "Every morning",
    "cron_expression": "0 6 * * 1-5",
    "timezone": "Europe/Berlin",
    "input_data": {"param": "value"},
}
_REGISTRATION: Json = {
    "robot_id": "desk-1",
    "name": "Desk 1",
    "hostname": "desk1.example.com",
    "capabilities": ["browser"],
    "environment": "default",
    "max_concurrent_jobs": 2,
    "tags": ["blue"],
}
_BEAT: Json = {"leases": [{"job_id": _JOB, **_PROOF}], "cpu_percent": 12.5}

#: What callers send.
REQUESTS: dict[tuple[str, str], Json] = {
    ("POST", f"{API}/workflows"): _SUBMISSION,
    ("PUT", f"{API}/workflows/{{workflow_id}}"): _SUBMISSION,
    ("POST", f"{API}/jobs"): {"workflow_id": "my-workflow", "input_data": {"param": "value"}},
    ("POST", f"{API}/jobs/{{job_id}}/rerun"): {"start": "failed", "variables": {"param": "other"}},
    ("POST", f"{API}/jobs/preview"): {"workflow_id": "my-workflow", "tags": ["blue"]},
    ("POST", f"{API}/jobs/{{job_id}}/resolve"): {
        "outcome": "succeeded",
        "reason": "the bank's statement shows the payment",
    },
    ("POST", f"{API}/schedules"): _SCHEDULE,
    ("PUT", f"{API}/schedules/{{schedule_id}}"): {"cron_expression": "30 6 * * 1-5"},
    ("POST", f"{API}/jobs/claim"): {"claim_id": "claim-0001", "wait_seconds": 25},
    ("POST", f"{API}/jobs/{{job_id}}/events"): {**_PROOF, "first_index": 1, "events": [_EVENT]},
    ("POST", f"{API}/jobs/{{job_id}}/logs"): {
        **_PROOF,
        "first_index": 2,
        "entries": [{"timestamp": _TIME, "level": "INFO", "message": "12 invoices read"}],
    },
    ("POST", f"{API}/jobs/{{job_id}}/finish"): {
        **_PROOF,
        "status": "completed",
        "event_count": 2,
        "result": {"variables": {"total": 42}},
        "duration_ms": 1200.5,
        "nodes_executed": 2,
    },
    ("POST", f"{API}/jobs/{{job_id}}/complete"): {**_PROOF, "result": {"total": 42}},
    ("POST", f"{API}/jobs/{{job_id}}/fail"): {**_PROOF, "error_message": "no such file: a.csv"},
    ("POST", f"{API}/jobs/{{job_id}}/extend-lease"): {**_PROOF, "extension_seconds": 60},
    ("PUT", f"{API}/jobs/{{job_id}}/progress"): {**_PROOF, "progress": 40},
    ("POST", f"{API}/jobs/{{job_id}}/release"): _PROOF,
    ("POST", f"{API}/jobs/{{job_id}}/side-log"): {**_PROOF, "first_index": 1, "events": [_EVENT]},
    ("POST", f"{API}/robots/register"): _REGISTRATION,
    ("PUT", f"{API}/robots/{{robot_id}}"): {"tags": ["blue", "invoices"]},
    ("PUT", f"{API}/robots/{{robot_id}}/status"): {
        "draining": True,
        "drain_seconds": 600,
        "note": "new graphics card at noon",
    },
    ("POST", f"{API}/robots/{{robot_id}}/heartbeat"): _BEAT,
    ("POST", f"{API}/robot/heartbeat"): _BEAT,
    ("POST", f"{API}/robot-api-keys"): {"robot_id": "desk-1", "name": "Desk 1"},
    ("POST", f"{API}/robot-api-keys/{{key_id}}/revoke"): {"reason": "the machine was sold"},
    ("POST", f"{API}/api-keys"): {"role": "operator", "name": "nightly batch"},
    ("POST", f"{API}/api-keys/{{key_id}}/revoke"): {"reason": "left the team"},
}

_ROBOT: Json = {
    **_REGISTRATION,
    "status": "idle",
    "current_job_ids": [],
    "last_seen": _TIME,
    "last_heartbeat": _TIME,
    "created_at": _TIME,
    "metrics": {"cpu_percent": 12.5},
}
_JOB_SHOWN: Json = {
    "job_id": _JOB,
    "id": _JOB,
    "workflow_id": "my-workflow",
    "workflow_name": "My workflow",
    "workflow_version": 1,
    "status": "pending",
    "priority": 10,
    "environment": "default",
    "input_data": {"param": "value"},
    "created_at": _TIME,
    "last_seq": 1,
}
_WORKFLOW: Json = {
    "workflow_id": "my-workflow",
    "workflow_name": "My workflow",
    "version": 1,
    "description": "",
    "content_hash": "sha256:5a1e...",
    "created_at": _TIME,
    "updated_at": _TIME,
}
_SCHEDULE_SHOWN: Json = {
    **_SCHEDULE,
    "schedule_id": _JOB,
    "workflow_name": "My workflow",
    "enabled": True,
    "catch_up": "latest",
    "priority": 10,
    "environment": "default",
    "next_run": "2026-02-02T05:00:00Z",
    "next_runs": ["2026-02-02T06:00:00+01:00", "2026-02-03T06:00:00+01:00"],
    "run_count": 0,
    "failure_count": 0,
    "created_at": _TIME,
    "updated_at": _TIME,
}

#: What callers get.
ANSWERS: dict[tuple[str, str], Any] = {
    ("GET", f"{API}/workflows"): {"workflows": [_WORKFLOW], "total": 1},
    ("GET", f"{API}/workflows/{{workflow_id}}"): {
        **_WORKFLOW,
        "workflow_json": _SUBMISSION["workflow_json"],
    },
    ("POST", f"{API}/workflows"): {
        "workflow_id": "my-workflow",
        "status": "success",
        "message": "workflow My workflow is stored as version 1",
        "created_at": _TIME,
        "version": 1,
        "created": True,
    },
    ("POST", f"{API}/jobs"): {**_JOB_SHOWN, "submitted": True},
    ("GET", f"{API}/jobs/{{job_id}}/why"): {
        "job_id": _JOB,
        "status": "pending",
        "verdict": "blocked",
        "message": "desk-1: it is paused: new graphics card at noon",
        "unblocked_by": "desk-1: it comes back from its pause at 2026-01-31 12:00:00Z",
        "unblocked_at": _TIME,
        "ahead": 0,
        "robots": [
            {
                "robot_id": "desk-1",
                "name": "Desk 1",
                "verdict": "blocked",
                "obstacles": [
                    {
                        "code": "paused",
                        "message": "it is paused: new graphics card at noon",
                        "until": _TIME,
                        "ends_when": "it comes back from its pause at 2026-01-31 12:00:00Z",
                    }
                ],
            }
        ],
    },
    ("GET", f"{API}/jobs"): {"jobs": [_JOB_SHOWN], "total": 1},
    ("GET", f"{API}/jobs/{{job_id}}"): _JOB_SHOWN,
    ("GET", f"{API}/jobs/{{job_id}}/events"): {
        "events": [{**_EVENT, "job_id": _JOB, "seq": 4, "attempt": 1}],
        "last_seq": 4,
    },
    ("GET", f"{API}/jobs/{{job_id}}/side-log"): {
        "events": [{**_EVENT, "job_id": _JOB, "seq": 12, "attempt": 1}]
    },
    ("POST", f"{API}/jobs/{{job_id}}/rerun"): {
        "job_id": _JOB,
        "new_job_id": "0199c0de-7b0a-7000-8000-000000000002",
        "workflow_id": "my-workflow",
        "workflow_version": 1,
        "from_node": "send",
        "side_effects": [
            {
                "node_id": "send",
                "node_type": "HttpRequestNode",
                "times": 1,
                "began_at": _TIME,
                "again": True,
            }
        ],
        "reused": [{"node_id": "start", "node_type": "StartNode", "finished_at": _TIME}],
        "runs": [{"node_id": "send", "node_type": "HttpRequestNode"}],
        "variables": ["param"],
        "message": f"job 0199c0de-7b0a-7000-8000-000000000002 runs job {_JOB} again from send",
    },
    ("POST", f"{API}/schedules"): _SCHEDULE_SHOWN,
    ("GET", f"{API}/schedules"): [_SCHEDULE_SHOWN],
    ("GET", f"{API}/schedules/{{schedule_id}}"): _SCHEDULE_SHOWN,
    ("GET", f"{API}/robots"): {"robots": [_ROBOT], "total": 1},
    ("GET", f"{API}/robots/{{robot_id}}"): _ROBOT,
    ("POST", f"{API}/robots/{{robot_id}}/heartbeat"): {
        "ok": True,
        "timestamp": _TIME,
        "lease_seconds": 60,
        "renew_after_seconds": 20,
        "cancel": [],
        "lost": [],
        "drain": False,
        "drain_seconds": None,
        "paused": False,
    },
    ("POST", f"{API}/jobs/{{job_id}}/finish"): {"job_id": _JOB, "status": "completed"},
    ("POST", f"{API}/jobs/{{job_id}}/events"): {"accepted": 1, "stored_index": 1},
}


def add_examples(document: Json) -> Json:
    """The OpenAPI *document* with the examples in their places."""
    for (method, path), example in REQUESTS.items():
        body = document["paths"][path][method.lower()]["requestBody"]
        body["content"]["application/json"]["example"] = example
    for (method, path), example in ANSWERS.items():
        responses = document["paths"][path][method.lower()]["responses"]
        good = responses.get("200") or responses["201"]
        good["content"]["application/json"]["example"] = example
    return document
