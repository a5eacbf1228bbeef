"""Sending several messages through Gmail, none of them twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param
from casare_rpa.nodes.email._compose import Letter
from casare_rpa.nodes.email._files import file_names
from casare_rpa.nodes.google._api import Api
from casare_rpa.nodes.google._refusals import status_of
from casare_rpa.nodes.google.gmail._node import WENT, GmailNode
from casare_rpa.nodes.google.gmail._sending import send, written
from casare_rpa.nodes.values.reading import MISSING, as_text, literal

_NOT_TRIED = "not tried, after: "
#: Google refuses so what it refuses to the account, and not to one message.
_HOPELESS = frozenset({ErrorCode.RESOURCE_EXHAUSTED, ErrorCode.PERMISSION_DENIED})


class GmailBatchSendNode(GmailNode):
    """Send several messages through Gmail, one after the other, none of them twice.

    `emails` is a list of maps with to, cc, bcc, subject, body, body_type (`plain` or `html`) and
    attachments (a list of files). `results` has a map for each, in order: index, to, success,
    error, error_code (the HTTP status), message_id, thread_id and may_have_been_sent. If one fails
    the others are sent, unless they would fail as well: the account may not send, or no more today.

    The node fails if none was sent. If some were, the run goes on, `success` is false and `error`
    says how many failed. What `may_have_been_sent` is for you to look at: sending it again might
    send it twice.
    """

    side_effect = True
    timeout_seconds = 0
    example = {
        "credential_name": "mail",
        "emails": [{"to": "ada@example.org", "subject": "Invoice 7", "body": "On its way."}],
    }
    emails: Any = param(None, kind="list", required=True, help="The messages.")
    outputs = (
        Output("results", "LIST"),
        Output("sent_count", "INTEGER"),
        Output("failed_count", "INTEGER"),
        *WENT,
    )

    async def work(self, ctx: Context, api: Api) -> Outputs:
        emails = _emails(ctx, self.emails)
        if emails:
            await api.sign_in()
        results: list[dict[str, Any]] = []
        failures: list[NodeError] = []
        for number, each in enumerate(emails):
            try:
                if failures and _is_hopeless(failures[-1]):
                    raise _not_tried(failures[-1])
                ids = await send(api, _letter(ctx, each, number))
            except NodeError as error:
                failures.append(error)
                results.append({**_result(number, each), **_why(error)})
            else:
                results.append({**_result(number, each), **ids})
        return _outputs(results, failures)


def _emails(ctx: Context, value: Any) -> list[Any]:
    """The messages of a list. Raises NodeError that tells nothing of what is in them."""
    if isinstance(value, str):
        found = literal(value)
        value = ctx.get_variable(value.strip()) if found is MISSING else found
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list | tuple):
        raise NodeError(
            "emails must be a list of maps with to, subject and body", ErrorCode.TYPE_MISMATCH
        )
    return list(value)


def _letter(ctx: Context, given: Any, number: int) -> Letter:
    if not isinstance(given, Mapping):
        raise NodeError(f"emails[{number}] is no map", ErrorCode.TYPE_MISMATCH)
    names = ("to", "cc", "bcc", "subject", "body", "body_type")
    try:
        return written(
            ctx,
            **{name: given.get(name) for name in names},
            attachments=file_names(ctx, given.get("attachments")),
        )
    except NodeError as error:
        error.message = f"emails[{number}]: {error.message}"
        raise


def _result(number: int, given: Any) -> dict[str, Any]:
    to = given.get("to") if isinstance(given, Mapping) else ""
    return {
        "index": number,
        "to": ", ".join(map(as_text, to)) if isinstance(to, list | tuple) else as_text(to),
        "success": True,
        "error": "",
        "error_code": 0,
        "message_id": "",
        "thread_id": "",
        "may_have_been_sent": False,
    }


def _why(error: NodeError) -> dict[str, Any]:
    return {
        "success": False,
        "error": error.message,
        "error_code": status_of(error),
        "may_have_been_sent": bool(error.details.get(MAY_HAVE_ACTED)),
    }


def _is_hopeless(error: NodeError) -> bool:
    """Whether Google refuses the account, so that nothing that follows can go better."""
    return bool(status_of(error)) and error.error_code in _HOPELESS


def _not_tried(error: NodeError) -> NodeError:
    before = error.message.removeprefix(_NOT_TRIED)
    return NodeError(f"{_NOT_TRIED}{before}", error.error_code, details=error.details)


def _outputs(results: list[dict[str, Any]], failures: list[NodeError]) -> Outputs:
    sent_count = len(results) - len(failures)
    outputs: Outputs = {
        "results": results,
        "sent_count": sent_count,
        "failed_count": len(failures),
    }
    if not failures:
        return outputs
    first = failures[0]
    said = f"{len(failures)} of {len(results)} failed; the first: {first.message}"
    if sent_count:
        return {**outputs, "success": False, "error": said}
    may_have = any(each["may_have_been_sent"] for each in results)
    details = {**first.details, MAY_HAVE_ACTED: may_have}
    failed = NodeError(said, first.error_code, hint=first.hint, details=details)
    failed.outputs = outputs
    raise failed from first
