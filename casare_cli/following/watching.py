"""Following a job to its end: over a socket while that works, over REST when it does not.

Each event is shown once, in the order of its sequence number, however often the connection is
lost. What ends the watching is the job's status as REST tells it, never an event alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from casare_cli.jobs.shown import is_finished
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, Unavailable

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

Show = Callable[[Json], object]
Tell = Callable[[str], object]

#: A watcher gives up when nobody answered for this long.
GIVE_UP_SECONDS = 600.0
_RECEIVE_SECONDS = 1.0
_SOCKET_OPEN_SECONDS = 5.0
_LONG_POLL_SECONDS = 20.0
_PAGE = 1000
_MOST_SOCKET_FAILURES = 2
_TERMINAL = frozenset({"job.completed", "job.failed", "job.cancelled"})
#: Close codes after which trying again is pointless: the key, the role, no such job.
_FINAL_CODES = frozenset({1008, 4001, 4003, 4401, 4403, 4404, 4410})


class WatchEnded(Exception):
    """The time to watch ran out; `job` is as it was then."""

    def __init__(self, job: Json) -> None:
        super().__init__("still running")
        self.job = job


class JobWatch:
    """Follows one job from the event after *after*. `seq` is the last event shown."""

    def __init__(
        self,
        client: OrchestratorClient,
        api_key: str,
        job_id: str,
        show: Show,
        *,
        after: int = 0,
        wait_seconds: float | None = None,
        tell: Tell = lambda _: None,
    ) -> None:
        self._client = client
        self._api_key = api_key
        self._job_id = job_id
        self._show = show
        self._tell = tell
        self.seq = after
        self._deadline = time.monotonic() + wait_seconds if wait_seconds is not None else None
        self._socket_failures = 0
        self._ended = False
        self._told_why: list[str] = []
        #: The job as it was when the orchestrator last answered; None before.
        self.seen: Json | None = None

    def follow(self) -> Json:
        """Show the events until the job is finished; the finished Job.

        Raises WatchEnded when the time ran out, and the error of a call that is not worth
        repeating, or that failed for GIVE_UP_SECONDS or until the time ran out.
        """
        job = self._look()
        last_answer, attempt = time.monotonic(), 0
        while True:
            try:
                if self._is_shown_to_the_end(job):
                    return job
                self._read_some(finished=is_finished(job))
                job = self._look()
                last_answer, attempt = time.monotonic(), 0
            except CasareError as error:
                attempt += 1
                silent_seconds = time.monotonic() - last_answer
                if not error.retryable or silent_seconds > GIVE_UP_SECONDS:
                    raise
                if attempt == 1:
                    self._tell(f"note: {error.message}; trying again")
                self._sleep(attempt, error)
                if self._is_over():
                    raise
            self._check_deadline(job)

    def _look(self) -> Json:
        """The job now; while no robot can take it, why is told."""
        job = self.seen = self._client.job(self._job_id)
        why = [str(words) for words in job.get("waits_for") or ()]
        if why and why != self._told_why:
            self._told_why = why
            self._tell(f"note: {'; '.join(why)}")
        return job

    def _is_shown_to_the_end(self, job: Json) -> bool:
        return is_finished(job) and self.seq >= int(job.get("last_seq") or 0)

    def _read_some(self, *, finished: bool) -> None:
        """Read until something is worth asking the job for: its end, a lost socket, a timeout."""
        if finished or self._socket_failures >= _MOST_SOCKET_FAILURES:
            self._read_by_rest(0 if finished else self._left(_LONG_POLL_SECONDS))
            return
        shown = self.seq
        try:
            self._read_by_socket()
        except _SocketLost:
            self._socket_failures = 0 if self.seq > shown else self._socket_failures + 1
            self._read_by_rest(0)

    def _read_by_rest(self, wait_seconds: float) -> None:
        page = self._client.events(self._job_id, after=self.seq, limit=_PAGE, wait=wait_seconds)
        for event in page["events"]:
            self._take(event)

    def _read_by_socket(self) -> None:
        for message in self._messages():
            event = json.loads(message)
            self._take(event)
            if event.get("type") in _TERMINAL:
                return

    def _messages(self) -> Iterator[str]:
        """What the socket says until it is closed well. Raises _SocketLost otherwise."""
        from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, WebSocketException
        from websockets.sync.client import connect

        from casare_rpa.client import socket_proxy, socket_url

        server = self._client.base_url
        path = f"/ws/jobs/{quote(self._job_id, safe='')}?after={self.seq}"
        try:
            with connect(
                socket_url(server, path),
                additional_headers={"Authorization": f"Bearer {self._api_key}"},
                open_timeout=_SOCKET_OPEN_SECONDS,
                close_timeout=1,
                compression=None,
                max_size=None,
                proxy=socket_proxy(server),
                ssl=self._client.tls,
            ) as socket:
                while True:
                    with suppress(TimeoutError):
                        yield str(socket.recv(self._left(_RECEIVE_SECONDS)))
                    if self._is_over():
                        return
        except ConnectionClosedOK:
            return
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code in _FINAL_CODES:
                # REST says in words what the code stands for.
                self._socket_failures = _MOST_SOCKET_FAILURES
            raise _SocketLost from closed
        except (WebSocketException, OSError, EOFError) as error:
            raise _SocketLost from error

    def _take(self, event: Json) -> None:
        seq = int(event.get("seq") or 0)
        if seq <= self.seq:
            return
        self.seq = seq
        self._show(event)

    def _left(self, most: float) -> float:
        """Seconds to wait now: *most*, less when the time to watch runs out before."""
        if self._deadline is None:
            return most
        return max(0.0, min(most, self._deadline - time.monotonic()))

    def _is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _check_deadline(self, job: Json) -> None:
        if self._is_over() and not self._is_shown_to_the_end(job):
            raise WatchEnded(job)

    def _sleep(self, attempt: int, error: CasareError) -> None:
        from casare_rpa.retrying import backoff_seconds

        wait = backoff_seconds(attempt, first=0.2, most=10.0)
        if isinstance(error, Unavailable):
            wait = max(wait, error.retry_after_seconds)
        time.sleep(self._left(wait))


class _SocketLost(Exception):
    """The socket did not open, or closed before the job's end."""


def as_json_line(event: Json) -> Any:
    """An event in the shape that REST gives it, whichever way it came."""
    wanted = ("type", "job_id", "seq", "attempt", "timestamp", "data")
    return {name: event[name] for name in wanted if name in event}
