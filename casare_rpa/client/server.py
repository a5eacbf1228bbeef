"""Calls about the server itself."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from casare_rpa.client.connection import Connection
from casare_rpa.domain.json_values import Json


class ServerCalls(Connection):
    def me(self) -> Json:
        return self.call("GET", "/auth/me")

    def stats(self, *, window_seconds: float = 300) -> Json:
        """The fleet's figures: queues, what runs, what ended within the window."""
        return self.call("GET", "/stats", params={"window_seconds": window_seconds})

    def health(self) -> Json:
        return self.call("GET", "/health", root=True)

    def server_time(self) -> datetime | None:
        """What the orchestrator's clock says, to the second; None if it does not tell."""
        response = self._send(self._http.build_request("GET", "/health/live"))
        return _http_date(response.headers.get("Date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
