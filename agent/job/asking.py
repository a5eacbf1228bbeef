"""In the job's process: asks the agent for secrets by name, over the pipe of its frames.

So they are in no job's input, in no environment, on no command line and in no journal.
"""

from __future__ import annotations

import sys
import threading
from itertools import count

import orjson

from agent.job import frames
from agent.job.masked_streams import MaskedStreams
from agent.job.outbox import Outbox
from casare_rpa.domain.json_values import Json
from casare_rpa.engine.secrecy.masking import Secrets
from casare_rpa.errors import CasareError, Unavailable
from casare_rpa.secrets import Secret


class Asking:
    """`find` may be called in any thread and waits for the answer."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        #: What is to be masked in all that the job says.
        self.masked = Secrets()
        self._streams = MaskedStreams(self.masked)
        self._numbers = count(1)
        self._answers: dict[int, Json] = {}
        self._gone = False
        self._changed = threading.Condition()

    def find(self, name: str) -> Secret:
        """Raises the error that the agent raised, and Unavailable when the agent is gone."""
        number = next(self._numbers)
        self._outbox.send(frames.WANT + orjson.dumps({"number": number, "name": name}))
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers or self._gone)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise Unavailable(f"the secret {name} cannot be read: the agent is gone")
        secret = _secret(answer)
        self.masked.learn(secret.hidden)
        # From here on the job may print it; before, nobody pays for looking.
        self._streams.start()
        return secret

    def answered(self, payload: bytes) -> None:
        """The agent has sent an answer."""
        answer = orjson.loads(payload)
        with self._changed:
            self._answers[answer["number"]] = answer
            self._changed.notify_all()

    def end(self) -> None:
        """No answer comes any more."""
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def close(self) -> None:
        """The job is over: what it printed goes out."""
        sys.stderr.flush()
        self._streams.close()


def _secret(answer: Json) -> Secret:
    error = answer.get("error")
    if error is not None:
        kind = CasareError.by_code.get(error["code"], CasareError)
        raise kind(error["message"], hint=error["hint"])
    return Secret(text=answer["text"], fields=answer["fields"])
