"""The body of every error."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Wire


class ErrorBody(Wire):
    code: str
    message: str
    details: Json | None = None
    field: str | None = None
    hint: str | None = None


class ErrorMeta(Wire):
    request_id: str
    timestamp: datetime


class ErrorResponse(Wire):
    """The body of every error; `detail` repeats the message for simple readers."""

    success: Literal[False] = False
    data: None = None
    error: ErrorBody
    meta: ErrorMeta
    detail: str
