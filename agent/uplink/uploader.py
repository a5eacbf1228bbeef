"""Delivers one attempt's journal: its events in numbered batches, then how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import orjson

from agent.attempt import Attempt, Stop
from agent.uplink.backoff import Backoff
from agent.uplink.batch import Batch, events_from
from agent.uplink.pace import Pace
from casare_rpa import faults
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.jobs import FailureReason
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import (
    CasareError,
    EventGap,
    Forbidden,
    InvalidInput,
    LeaseLost,
    Unauthenticated,
)

log = logging.getLogger(__name__)

#: Result and last events go in one call up to this size; the server takes bodies of 1 MiB.
_ONE_CALL_BYTES = 512 << 10
_LOOK_SECONDS = 5.0
#: Less than this is not worth writing a journal anew for.
FEWEST_FORGOTTEN_BYTES = 64 << 10


class Abandoned(Exception):
    """Delivery stops here; the journal keeps what is left for the next start."""


class Uploader:
    """`run` is the body of an attempt's second thread; it ends when the server has everything.

    Only an answer to its own calls tells it that the lease is lost: a finished job has no lease
    either, and when the answer to `finish` was lost, asking again brings it.

    `key_refused` is called when the server no longer knows the key, `lost` with the attempt and the
    next index it would have sent when it is somebody else's now. Once `forget_bytes` of the journal
    are acknowledged, and they are the most of it, the journal goes on without them.

    A journal that cannot be read is tried again, as a call is. What nobody foresaw is raised, and
    the attempt stays open: `run` may be called again and goes on where it was.
    """

    def __init__(
        self,
        attempt: Attempt,
        client: OrchestratorClient,
        backoff: Backoff,
        *,
        upload_every_seconds: float,
        forget_bytes: int,
        key_refused: Callable[[CasareError], None],
        lost: Callable[[Attempt, int], None],
    ) -> None:
        self.attempt = attempt
        self._client = client
        self._backoff = backoff
        self._every = upload_every_seconds
        self._forget_bytes = forget_bytes
        self._key_refused = key_refused
        self._lost = lost
        self._offset = 0
        self._next_index = attempt.grant.next_index
        #: The index of the first event that the journal still has.
        self._first_index = attempt.grant.next_index
        #: The index of the last event read from the journal.
        self._last_index = attempt.grant.next_index - 1
        self._pace = Pace()
        #: How many events the last call held.
        self._tried = 0

    def run(self) -> None:
        try:
            self._deliver()
        except Abandoned:
            log.info("%s: the rest is kept for the next start", self.attempt.grant)
        except LeaseLost as error:
            self._give_up(str(error))
        else:
            self.attempt.over.set()
            log.info("%s: delivered (%s)", self.attempt.grant, self.attempt.reported)
            self._remove_journal()
        # The supervisor still writes to the journal until its process is gone.
        self.attempt.ended.wait()
        self.attempt.close()

    def _remove_journal(self) -> None:
        try:
            faults.point("remove", "journal")
            self.attempt.journal.remove()
        except OSError as error:
            # The next start tells it all again, and is answered the same.
            log.warning("%s: its journal cannot be deleted: %s", self.attempt.grant, error)

    def _deliver(self) -> None:
        """Returns when the server has everything. Raises LeaseLost or Abandoned."""
        try:
            self._send_all()
        except LeaseLost:
            if not self.attempt.ended.is_set():
                raise
            # An earlier start may have had the acknowledgement, and then been killed: the same
            # ending is acknowledged again, any other is refused.
            if not self._retrying(self._send_ending):
                raise

    def _send_all(self) -> None:
        while True:
            # Asked before reading: what is read after the end is all there will ever be.
            ended = self.attempt.ended.is_set()
            batch = self._read()
            if ended and batch.complete:
                if self._retrying(lambda: self._finish(batch)):  # noqa: B023 - called at once
                    return
            elif batch.events:
                self._retrying(lambda: self._append(batch))  # noqa: B023 - called at once
            else:
                # A short job ends before its first events are sent: then one call says it all.
                self.attempt.wait_for_more(batch.end, _LOOK_SECONDS)
                self.attempt.ended.wait(self._every)

    def _retrying(self, call: Callable[[], bool]) -> bool:
        """Repeat *call* while it fails in a way that passes; False when reading must go back."""
        while True:
            try:
                answer = call()
            except EventGap as gap:
                self._rewind(gap.expected)
                return False
            except (Unauthenticated, Forbidden) as error:
                self._key_refused(error)
                raise Abandoned from error
            except LeaseLost:
                raise
            except CasareError as error:
                self._bear(error)
                if self._pace.too_late(error, self._tried):
                    return False
            except OSError as error:
                self._wait(error)
            else:
                self._backoff.reset()
                return answer

    def _bear(self, error: CasareError) -> None:
        """Wait after a failure that may pass; raises for one that will not."""
        if not error.retryable:
            raise LeaseLost(f"the orchestrator refuses it: {error}") from error
        self._wait(error)

    def _wait(self, error: CasareError | OSError) -> None:
        """Wait before another try; the first failure in a row is told."""
        if self._backoff.failures == 0:
            log.warning("%s: not delivered yet: %s", self.attempt.grant, error)
        if not self._backoff.wait(error if isinstance(error, CasareError) else None):
            raise Abandoned from error

    # reading

    def _read(self) -> Batch:
        """The next events; a disk that refuses them now may give them later."""
        while True:
            try:
                faults.point("read", "journal")
                return self._read_batch()
            except OSError as error:
                self._wait(error)

    def _read_batch(self) -> Batch:
        batch = Batch(end=self._offset)
        size_now = self.attempt.journal.size
        for first, events, size, end in self._unsent(size_now):
            if not batch.fits(len(events), size):
                break
            if not batch.events:
                batch.first_index = first
            batch.events += events
            batch.size += size
            batch.end = end
            if batch.full:
                break
        else:
            batch.end, batch.complete = size_now, True
        most = self._pace.most
        if most is not None and len(batch.events) > most:
            batch.events, batch.end, batch.complete = batch.events[:most], self._offset, False
        self._last_index = max(self._last_index, batch.last_index if batch.events else 0)
        return batch

    def _unsent(self, limit: int) -> Iterator[tuple[int, list[Json], int, int]]:
        records = self.attempt.journal.records(self._offset, limit)
        return events_from(self._next_index, records)

    def _rewind(self, expected: int) -> None:
        if expected < self._first_index or expected >= self._next_index:
            raise LeaseLost(f"the orchestrator wants event {expected}, which is not there")
        self._offset, self._next_index = 0, expected

    # sending

    def _append(self, batch: Batch) -> bool:
        body = {
            **self.attempt.grant.proof,
            "first_index": batch.first_index,
            "events": batch.events,
        }
        faults.point("send", "append_events")
        self._tried = len(batch.events)
        try:
            self._client.append_events(
                self.attempt.grant.job_id, body, compress=self._pace.compress
            )
        except InvalidInput as error:
            self._narrow(batch, error)
            return False
        faults.point("sent", "append_events")
        self._advance(batch)
        return True

    def _advance(self, batch: Batch) -> None:
        whole_records = batch.end > self._offset
        self._offset = batch.end
        self._next_index = max(self._next_index, batch.last_index + 1)
        self._pace.accepted()
        if whole_records and self._offset >= self._forget_bytes:
            self._forget()
        self.attempt.acknowledged_bytes = self._offset
        if not self.attempt.ended.is_set():
            self.attempt.wake()

    def _forget(self) -> None:
        """Drop what is acknowledged once it is the most of the journal; then that pays."""
        if self.attempt.ended.is_set() or 2 * self._offset < self.attempt.journal.size:
            return
        try:
            self._offset = self.attempt.journal.forget(self._offset, self._next_index)
        except OSError as error:
            log.debug("%s: the journal stays as long as it is: %s", self.attempt.grant, error)
        else:
            self._first_index = self._next_index

    def _narrow(self, batch: Batch, error: InvalidInput) -> None:
        """Find the event that is refused; in its place goes a note, so that no index is missing."""
        if len(batch.events) > 1:
            self._pace.refused(len(batch.events))
            return
        (refused,) = batch.events
        log.error("%s: event %d refused: %s", self.attempt.grant, batch.first_index, error)
        note = f"an event of type {refused.get('type')!r} was refused: {error}"
        data = {"level": "WARNING", "message": note[:1000], "node_id": None}
        stand_in = {"type": "log", "timestamp": refused["timestamp"], "data": data}
        self._client.append_events(
            self.attempt.grant.job_id,
            {
                **self.attempt.grant.proof,
                "first_index": batch.first_index,
                "events": [stand_in],
            },
        )
        self._next_index = batch.first_index + 1
        self._pace.most = None

    def _finish(self, batch: Batch) -> bool:
        ending = self.attempt.ending or {}
        finish: Json | None = ending.get("finish")
        alone = finish is None or self._pace.most is not None or self._is_large(finish, batch)
        if batch.events and alone:
            self._append(batch)
            return False
        return self._send_ending(batch)

    def _send_ending(self, batch: Batch | None = None) -> bool:
        """How it ended, together with the last events in *batch*."""
        ending = self.attempt.ending or {}
        finish: Json | None = ending.get("finish")
        if finish is not None:
            return self._send_outcome(finish, batch or Batch())
        self._release(str(ending.get("release", "agent_stop")))
        return True

    def _is_large(self, finish: Json, batch: Batch) -> bool:
        return batch.size + len(orjson.dumps(finish)) > _ONE_CALL_BYTES

    def _send_outcome(self, finish: Json, batch: Batch) -> bool:
        body = {**self.attempt.grant.proof, **finish, "event_count": self._last_index}
        if batch.events:
            body |= {"first_index": batch.first_index, "events": batch.events}
        faults.point("send", "finish")
        self._tried = len(batch.events)
        try:
            answer = self._client.finish(
                self.attempt.grant.job_id, body, compress=self._pace.compress
            )
        except InvalidInput as error:
            if batch.events:
                # Either may be at fault; alone each says so itself.
                self._pace.most = len(batch.events)
                return False
            body = _too_large(body, error)
            answer = self._client.finish(self.attempt.grant.job_id, body)
        faults.point("sent", "finish")
        self.attempt.reported = str(body["status"])
        log.debug("%s: now %s", self.attempt.grant, answer.get("status"))
        return True

    def _release(self, reason: str) -> None:
        body = {**self.attempt.grant.proof, "reason": reason}
        faults.point("send", "release")
        self._client.release(self.attempt.grant.job_id, body)
        faults.point("sent", "release")
        self.attempt.reported = f"released: {reason}"

    def _give_up(self, why: str) -> None:
        """The attempt is fenced off: end its process, keep what it said apart."""
        self.attempt.ask_stop(Stop.LOST)
        log.warning("%s: lost: %s", self.attempt.grant, why)
        self.attempt.ended.wait()
        self.attempt.reported = "lost"
        self.attempt.over.set()
        self.attempt.journal.close()
        self._lost(self.attempt, self._next_index)


def _too_large(body: Json, error: InvalidInput) -> Json:
    """The outcome without the result that was refused."""
    return {
        **body,
        "status": "failed",
        "result": None,
        "error_message": f"the result was refused: {error}"[:5000],
        "error_code": "RESULT_TOO_LARGE",
        "failure_reason": str(FailureReason.RESULT_TOO_LARGE),
    }
