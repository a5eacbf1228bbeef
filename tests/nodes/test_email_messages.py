"""Filtering messages and taking them apart."""

from __future__ import annotations

import pytest

from tests.nodes.cases import Does, Refuses, named

PLAIN = {"subject": "Invoice 7", "from": "Ada <ada@example.org>", "body": "See the file."}
FULL = {
    "subject": "Re: lunch",
    "sender": "bob@example.org",
    "to": ["a@example.org", "b@example.org"],
    "date": "2024-01-15",
    "body_text": "yes",
    "html_body": "<p>yes</p>",
    "attachments": ["menu.pdf"],
}
BOTH = [PLAIN, FULL]
FILTER, CONTENT = "FilterEmailsNode", "GetEmailContentNode"

DOES = [
    Does(FILTER, {"emails": BOTH}, {"count": 2}),
    Does(FILTER, {"emails": BOTH, "subject_contains": "INVOICE"}, {"filtered": [PLAIN]}),
    Does(FILTER, {"emails": BOTH, "from_contains": "bob@"}, {"filtered": [FULL]}),
    Does(FILTER, {"emails": BOTH, "has_attachments": "true"}, {"filtered": [FULL]}),
    Does(FILTER, {"emails": BOTH, "has_attachments": False}, {"filtered": [PLAIN]}),
    Does(FILTER, {"emails": BOTH, "subject_contains": "x"}, {"filtered": [], "count": 0}),
    Does(FILTER, {"emails": "{{mails}}"}, {"count": 2}, {"mails": BOTH}),
    Does(
        CONTENT,
        {"email": FULL},
        {
            "subject": "Re: lunch",
            "from": "bob@example.org",
            "to": "a@example.org, b@example.org",
            "date": "2024-01-15",
            "body_text": "yes",
            "body_html": "<p>yes</p>",
            "attachments": ["menu.pdf"],
        },
    ),
    Does(CONTENT, {"email": PLAIN}, {"body_text": "See the file.", "to": "", "attachments": []}),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_a_message_node_does_its_job(row: Does) -> None:
    row.check()


def test_no_messages_and_no_message_are_failures() -> None:
    Refuses(FILTER, {}, "emails", "MISSING_REQUIRED_FIELD").check()
    Refuses(CONTENT, {}, "email", "MISSING_REQUIRED_FIELD").check()
