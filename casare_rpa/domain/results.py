"""What one node's execution came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.domain.codes import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeResult:
    """The outcome of a node and where to go from it.

    `data` are the values of its output ports. `route_to` names the ports to leave by (None: the
    node's usual ones), `loop_back_to` a node to return to, `parallel_branches` ports to follow at
    the same time. `should_retry` asks for another try after `retry_delay_ms`.
    """

    success: bool
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    error_code: ErrorCode | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    route_to: tuple[str, ...] | None = None
    loop_back_to: str | None = None
    parallel_branches: tuple[str, ...] = ()
    should_retry: bool = False
    retry_delay_ms: int = 0

    @classmethod
    def ok(cls, data: Mapping[str, Any] | None = None, **more: Any) -> NodeResult:
        """Success with the values of the output ports."""
        return cls(success=True, data=data or {}, **more)

    @classmethod
    def fail(
        cls, error: str, error_code: ErrorCode = ErrorCode.UNKNOWN_ERROR, **more: Any
    ) -> NodeResult:
        """Failure with a message for people and a code for programs."""
        return cls(success=False, error=error, error_code=error_code, **more)

    @classmethod
    def retry(
        cls,
        error: str,
        *,
        delay_ms: int = 0,
        error_code: ErrorCode = ErrorCode.UNKNOWN_ERROR,
        **more: Any,
    ) -> NodeResult:
        """Failure that asks for another try after *delay_ms*."""
        return cls(
            success=False,
            error=error,
            error_code=error_code,
            should_retry=True,
            retry_delay_ms=delay_ms,
            **more,
        )
