"""Working on messages that were fetched before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param
from casare_rpa.nodes.values.reading import as_list, as_map, as_text

_MESSAGE = {
    "subject": "Invoice 7",
    "from": "ada@example.org",
    "body_text": "See the file.",
    "attachments": ["7.pdf"],
}
#: The names under which messages hold their parts, the node's own first.
_SPELLINGS = {
    "subject": ("subject",),
    "from": ("from", "sender", "from_email"),
    "to": ("to", "recipients", "to_email"),
    "date": ("date", "received_at"),
    "body_text": ("body_text", "body", "text"),
    "body_html": ("body_html", "html_body", "html"),
}


class FilterEmailsNode(Node):
    """Keep the messages that fit all that is asked; letter case does not count."""

    category = "email"
    example = {"emails": [_MESSAGE], "subject_contains": "invoice"}
    emails: Any = param(None, kind="list", required=True, help="The messages.")
    subject_contains: Any = param(None, kind="string", help="Part of the subject.")
    from_contains: Any = param(None, kind="string", help="Part of the sender.")
    has_attachments: Any = param(None, kind="boolean", help="With any, or without; unset: both.")
    outputs = (Output("filtered", "LIST"), Output("count", "INTEGER"))

    def run(self, ctx: Context) -> Outputs:
        messages = as_list(ctx, self.emails, "emails")
        kept = [m for m in messages if isinstance(m, Mapping) and self._fits(m)]
        return {"filtered": kept, "count": len(kept)}

    def _fits(self, message: Mapping[str, Any]) -> bool:
        wanted = self.has_attachments
        if wanted not in (None, "") and bool(wanted) != _has_attachments(message):
            return False
        return _holds(message, "subject", self.subject_contains) and _holds(
            message, "from", self.from_contains
        )


class GetEmailContentNode(Node):
    """Take a message apart: subject, addresses, bodies and attachments."""

    category = "email"
    example = {"email": _MESSAGE}
    email: Any = param(None, kind="json", port_kind="DICT", required=True, help="The message.")
    outputs = (
        Output("subject", "STRING"),
        Output("from", "STRING"),
        Output("to", "STRING"),
        Output("date", "STRING"),
        Output("body_text", "STRING"),
        Output("body_html", "STRING"),
        Output("attachments", "LIST"),
    )

    def run(self, ctx: Context) -> Outputs:
        message = as_map(ctx, self.email, "email")
        texts = {part: _part(message, part) for part in _SPELLINGS}
        return {**texts, "attachments": list(message.get("attachments") or [])}


def _part(message: Mapping[str, Any], part: str) -> str:
    found = next((message[n] for n in _SPELLINGS[part] if message.get(n) is not None), "")
    return ", ".join(map(as_text, found)) if isinstance(found, (list, tuple)) else as_text(found)


def _holds(message: Mapping[str, Any], part: str, wanted: Any) -> bool:
    return as_text(wanted).strip().lower() in _part(message, part).lower()


def _has_attachments(message: Mapping[str, Any]) -> bool:
    return bool(message.get("attachments") or message.get("has_attachments"))
