"""Triggers: nodes that begin a run when something happens outside.

They do nothing when they run: what happened has happened. They differ in their parameters and
outputs alone, which the format declares, so their classes are made from its facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.nodes._facts import Entry, Property, facts
from casare_rpa.nodes.base import Context, Node, NodeType, Output, Outputs, prop, unlisted
from casare_rpa.nodes.workflow import PAYLOAD

_HELP = """{summary}

A run that it sets off begins here, with what happened in the outputs. A run that a person starts
begins here too, with no outputs; reached from another node it is passed through.
"""

_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "AppEventTriggerNode": {"event_source": "windows", "window_title_pattern": "Invoice*"},
    "ChatTriggerNode": {"platform": "slack", "channel_id": "C01", "message_pattern": "^report"},
    "DriveTriggerNode": {"folder_id": "1AbC", "event_types": "created"},
    "EmailTriggerNode": {"server": "imap.example.com", "filter_subject": "Invoice"},
    "ErrorTriggerNode": {"error_types": "*", "severity": "error"},
    "FileWatchTriggerNode": {"watch_path": "inbox", "patterns": "*.pdf", "events": "created"},
    "FormTriggerNode": {"form_title": "New customer"},
    "GmailTriggerNode": {"query": "is:unread has:attachment"},
    "RSSFeedTriggerNode": {"feed_url": "https://example.com/feed.xml"},
    "SSETriggerNode": {"sse_url": "https://example.com/events", "event_types": "order"},
    "ScheduleTriggerNode": {"frequency": "weekly", "day_of_week": "mon", "time_hour": 7},
    "SheetsTriggerNode": {"spreadsheet_id": "1AbC", "sheet_name": "Orders"},
    "TelegramTriggerNode": {"credential_name": "telegram", "filter_commands": "report"},
    "WebhookTriggerNode": {"endpoint": "/orders", "methods": "POST"},
    "WhatsAppTriggerNode": {"credential_name": "whatsapp", "message_types": "text"},
    "WorkflowCallTriggerNode": {"call_alias": "clean_invoice"},
}


class _Trigger(Node, abstract=True):
    category = "triggers"
    control = "trigger"
    exec_inputs = ()

    def run(self, ctx: Context) -> Outputs:
        payload = ctx.get_variable(PAYLOAD)
        if not isinstance(payload, Mapping):
            return {}
        ctx.set_variable(PAYLOAD, None)  # a trigger further on was not what set the run off
        return {port.name: payload.get(port.name) for port in self.outputs}


def _class(entry: Entry) -> NodeType:
    parameters = {
        f"given_{key}": item
        for key, item in (
            *((name, _parameter(about, entry)) for name, about in entry.properties.items()),
            *((name, _common(name, value)) for name, value in entry.extra_config.items()),
            *((alias, unlisted(None, key=alias)) for alias in _converted(entry)),
        )
    }
    about = {
        "__doc__": _HELP.format(summary=entry.summary),
        "__module__": __name__,
        "outputs": tuple(Output(name, kind) for name, kind in entry.outputs.items()),
        "runs_on": entry.runs_on,
        "example": _EXAMPLES.get(entry.type, {}),
        **parameters,
    }
    return type(entry.type, (_Trigger,), about)


def _parameter(about: Property, entry: Entry) -> Any:
    """A property, never missed: a trigger that a person starts needs none of them."""
    return prop(
        about.default,
        key=about.name,
        kind=about.kind,
        required=about.required and about.default is not None,
        choices=about.choices,
        minimum=about.minimum,
        maximum=about.maximum,
        aliases=[alias for alias, name in entry.config_aliases.items() if name == about.name],
    )


def _common(name: str, default: Any) -> Any:
    kind = {bool: "boolean", int: "integer"}.get(type(default), "string")
    return unlisted(default, key=name, kind=kind)


def _converted(entry: Entry) -> list[str]:
    """Spellings of a parameter in another unit."""
    return [a for a, name in entry.config_aliases.items() if name and name not in entry.properties]


#: BaseTriggerNode too: placed in a workflow, it is a trigger without parameters and outputs.
CLASSES = tuple(_class(entry) for entry in facts().entries.values() if entry.category == "triggers")
