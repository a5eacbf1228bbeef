"""Failures: raising them, trying again, and telling people."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Leave,
    Node,
    NodeError,
    Output,
    Outputs,
    Result,
    param,
    prop,
)
from casare_rpa.nodes.http.request import ask, prepare
from casare_rpa.nodes.values.iteration import truth

_LONGEST_PAUSE_SECONDS = 86_400.0
STRATEGIES = ("stop", "continue", "retry", "restart", "fallback")


class RetryNode(Node):
    """Run a body again after a failure, waiting longer each time.

    Before attempt n the run waits `initial_delay * backoff_multiplier ** (n - 2)` seconds. It goes
    on by `success`, or by `failed` after the last attempt; a failure of the data, not of the
    robot, is not tried again. If nothing is wired to `failed` the last failure goes on upwards.
    """

    category = "error_handling"
    control = "retry"
    example = {"max_attempts": 3, "initial_delay": 0.5}
    max_attempts: Any = prop(
        3, kind="integer", minimum=1, aliases=("max_retries",), help="attempts at most"
    )
    initial_delay: Any = prop(1.0, kind="float", minimum=0.0, help="seconds before attempt 2")
    backoff_multiplier: Any = prop(2.0, kind="float", minimum=1.0, help="growth of the wait")
    outputs = (Output("attempt", "INTEGER"), Output("last_error", "STRING"))
    exec_outputs = ("retry_body", "success", "failed")

    def run(self, ctx: Context) -> Result:
        for name in ("max_attempts", "initial_delay", "backoff_multiplier"):
            value = getattr(self, name)
            # NaN is not below 0 either.
            if not isinstance(value, (int, float)) or not value >= 0:
                raise NodeError(f"{name}: {value!r} does not do", ErrorCode.VALUE_OUT_OF_RANGE)
        return Leave("retry_body", {"attempt": 1})

    def pause_seconds(self, attempts: int) -> float:
        """How long to wait after so many attempts, a day at most."""
        if not self.initial_delay:
            return 0.0
        try:
            growth = float(self.backoff_multiplier) ** (attempts - 1)
            return min(float(self.initial_delay) * growth, _LONGEST_PAUSE_SECONDS)
        except OverflowError:
            return _LONGEST_PAUSE_SECONDS


class RetrySuccessNode(Node):
    """End a retry: the attempt succeeded."""

    category = "error_handling"
    control = "retry_success"

    def run(self, ctx: Context) -> None:
        return None


class RetryFailNode(Node):
    """End an attempt of a retry as failed; outside a retry it fails the run."""

    category = "error_handling"
    control = "retry_fail"
    example = {"error_message": "not ready yet"}
    error_message: str = param(None, kind="string", help="why")

    def run(self, ctx: Context) -> None:
        return None


class ThrowErrorNode(Node):
    """Fail with a message."""

    category = "error_handling"
    example = {"error_message": "no invoice number"}
    error_message: str = param("Custom error", kind="string", aliases=("message",), help="why")

    def run(self, ctx: Context) -> None:
        raise NodeError(str(self.error_message), ErrorCode.UNKNOWN_ERROR)


class AssertNode(Node):
    """Fail if a condition does not hold.

    The condition is a value or an expression, as for IfNode; one that cannot be evaluated does not
    hold.
    """

    category = "error_handling"
    control = "assert"
    example = {"condition": "2 > 1", "message": "numbers are upside down"}
    condition: Any = param(
        True, kind="expression", port_kind="BOOLEAN", help="a value or an expression"
    )
    message: str = param("Assertion failed", kind="string", help="said if it does not hold")
    outputs = (Output("passed", "BOOLEAN"),)

    def run(self, ctx: Context) -> Outputs:
        if truth(self.condition):
            return {"passed": True}
        said = str(self.message)
        text = said if said == "Assertion failed" else f"Assertion failed: {said}"
        raise NodeError(text, ErrorCode.VALIDATION_FAILED)


class OnErrorNode(Node):
    """Run a protected body; on a failure `on_error`, and `finally` in any case.

    A failure for which nothing is wired to `on_error` goes on upwards.
    """

    category = "error_handling"
    control = "on_error"
    outputs = (
        Output("error_message", "STRING"),
        Output("error_type", "STRING"),
        Output("error_node", "STRING"),
        Output("stack_trace", "STRING"),
    )
    exec_outputs = ("protected_body", "on_error", "finally")

    def run(self, ctx: Context) -> Result:
        return Leave("protected_body")


class ErrorRecoveryNode(Node):
    """Say what later failures lead to that nothing else handles.

    `stop` fails the run; `continue` goes on behind the failed node; `retry` runs it again, and
    `restart` the workflow from its beginning, at most `max_retries` times; `fallback` goes on from
    this node's port of that name.
    """

    category = "error_handling"
    control = "recovery"
    example = {"strategy": "retry", "max_retries": 2}
    strategy: str = param(
        "stop", kind="choice", port_kind="STRING", choices=STRATEGIES, help="what to do"
    )
    max_retries: Any = param(3, kind="integer", minimum=0, help="for retry and restart")
    exec_outputs = ("exec_out", "fallback")

    def run(self, ctx: Context) -> None:
        known = self.strategy in STRATEGIES
        ctx.set_variable("_error_recovery_strategy", self.strategy if known else "stop")
        limit = self.max_retries if isinstance(self.max_retries, (int, float)) else 3
        ctx.set_variable("_error_recovery_max_retries", limit)


class LogErrorNode(Node):
    """Write an entry about an error to the log."""

    category = "error_handling"
    example = {"error_message": "no such row", "error_type": "NOT_FOUND", "level": "warning"}
    error_message: str = param(None, kind="string", help="what happened")
    error_type: str = param(None, kind="string", help="what kind of error")
    context: Any = param(None, kind="any", port_kind="DICT", help="what else is worth knowing")
    level: str = prop(
        "error",
        kind="choice",
        choices=("debug", "info", "warning", "error", "critical"),
        help="its importance",
    )
    include_stack_trace: bool = prop(False, kind="boolean", help="add the current stack")
    outputs = (Output("log_entry", "DICT"),)

    def run(self, ctx: Context) -> Outputs:
        entry = {
            "error_message": self.error_message or "",
            "error_type": self.error_type or "",
            "context": self.context,
            "level": self.level,
            "node_id": ctx.node_id,
        }
        if self.include_stack_trace:
            entry["stack_trace"] = "".join(traceback.format_stack())
        kind = f"{self.error_type}: " if self.error_type else ""
        ctx.log(f"{kind}{self.error_message or 'an error'}", self.level, entry)
        return {"log_entry": entry}


class WebhookNotifyNode(Node):
    """Post a notice to a webhook: generic JSON, Slack, Discord or Teams.

    It keeps to the limits of HttpRequestNode, and follows no redirects. An answer of status 400 and
    above is `success` false, not a failure; no answer after all retries is a failure.
    """

    category = "error_handling"
    example = {"webhook_url": "https://hooks.example.com/T1", "format": "slack"}
    side_effect = True
    timeout_seconds = 0
    webhook_url: str = param(None, kind="string", required=True, help="where to post")
    message: str = param(
        "Error notification from CasareRPA", kind="string", help="the text of the notice"
    )
    error_details: Any = param(None, kind="any", port_kind="DICT", help="added to the notice")
    format: str = prop(
        "generic", kind="choice", choices=("generic", "slack", "discord", "teams"), help="its shape"
    )
    timeout: Any = prop(30, kind="integer", minimum=1, help="seconds for one try")
    retry_count: Any = prop(0, kind="integer", minimum=0, help="more tries after the first")
    retry_delay: Any = prop(2.0, kind="float", minimum=0.0, help="seconds between tries")
    outputs = (Output("success", "BOOLEAN"), Output("response", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        call = prepare(
            ctx,
            "POST",
            self.webhook_url,
            body=self._body(),
            content_type="application/json",
            timeout_seconds=float(self.timeout),
            retry_count=int(self.retry_count),
            retry_delay_seconds=float(self.retry_delay),
            max_redirects=0,
        )
        try:
            answer = await ask(ctx, call)
        except NodeError as error:
            # The address of a webhook is a secret in itself.
            url = str(self.webhook_url).partition("?")[0]
            reason = error.message.replace(url, "the webhook").partition(": ")[2]
            text = f"the webhook did not answer: {reason}"
            raise NodeError(text, error.error_code, hint=error.hint) from error
        return {"success": answer["status_code"] < 400, "response": answer["response_body"]}

    def _body(self) -> dict[str, Any]:
        details = self.error_details
        match self.format:
            case "slack":
                return {"text": self._text(details)}
            case "discord":
                return {"content": self._text(details)[:2000]}
            case "teams":
                return {
                    "@type": "MessageCard",
                    "@context": "https://schema.org/extensions",
                    "summary": self.message,
                    "text": self._text(details),
                }
        return {"message": self.message, "details": details, "source": "CasareRPA"}

    def _text(self, details: Any) -> str:
        if not details:
            return self.message
        if not isinstance(details, Mapping):
            return f"{self.message}\n{details}"
        return "\n".join((self.message, *(f"{key}: {value}" for key, value in details.items())))
