"""Files that are headed by triggers, started by hand."""

from __future__ import annotations

import json

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_log = "LogNode"
_called = json.dumps(
    document(
        {
            "entry": node("WorkflowCallTriggerNode", call_alias="add"),
            "add": node(
                "MathOperationNode",
                a="{{entry.params.a}}",
                b="{{entry.params.b}}",
                output_var="total",
            ),
            "say": node(_log, message="called by {{entry.caller_node_id}}"),
        },
        chain("entry", "add", "say"),
    )
)

CASES = [
    Case(
        name="a run by hand starts at the trigger, which gives nothing",
        document=document(
            {
                "hook": node("WebhookTriggerNode", endpoint="/orders", secret="s"),
                "say": node(_log, message="got {{hook.payload}}"),
            },
            chain("hook", "say"),
        ),
        log=("got {{hook.payload}}",),
    ),
    Case(
        name="triggers in a row are passed through",
        document=document(
            {
                "schedule": node("ScheduleTriggerNode", frequency="daily", time_hour=8),
                "a": node(_log, message="scheduled"),
                "mail": node("EmailTriggerNode", email="a@example.org", subject_filter="x"),
                "b": node(_log, message="mailed"),
                "watch": node("FileWatchTriggerNode"),
                "sheets": node("SheetsTriggerNode", poll_interval_minutes=2),
                "app": node("AppEventTriggerNode", event_name="done"),
                "c": node(_log, message="watched"),
            },
            chain("schedule", "a", "mail", "b", "watch", "sheets", "app", "c"),
        ),
        log=("scheduled", "mailed", "watched"),
    ),
    Case(
        name="every chain that a trigger heads runs after the other",
        document=document(
            {
                "chat": node("ChatTriggerNode", channel="#ops"),
                "a": node(_log, message="chat"),
                "b": node(_log, message="chat again"),
                "rss": node("RSSFeedTriggerNode", feed_url="https://example.org/feed"),
                "c": node(_log, message="feed"),
            },
            chain("chat", "a", "b"),
            chain("rss", "c"),
        ),
        log=("chat", "chat again", "feed"),
    ),
    Case(
        name="what set the run off is in the outputs of its trigger alone",
        document=document(
            {
                "hook": node("WebhookTriggerNode"),
                "again": node("WebhookTriggerNode"),
                "say": node(_log, message="{{hook.payload.id}} {{again.payload}}"),
            },
            chain("hook", "again", "say"),
        ),
        given={"_trigger_payload": {"payload": {"id": 7}, "method": "POST"}},
        outputs={"hook.method": "POST"},
        log=("7 {{again.payload}}",),
    ),
    Case(
        name="a called workflow is entered by its trigger",
        document=document(
            {
                "call": node("CallSubworkflowNode", subworkflow_path="add.json", a=2, b=3),
                "say": node(_log, message="{{call.total}}"),
            },
            chain("call", "say"),
        ),
        files={"add.json": _called},
        log=("called by call", "5"),
    ),
]
