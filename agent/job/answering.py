"""In the agent: answers a job that asks for a secret."""

from __future__ import annotations

import logging
from typing import Any

import orjson

from agent.job import frames
from casare_rpa.errors import CasareError
from casare_rpa.secrets import FindSecret

log = logging.getLogger(__name__)


def answer(find: FindSecret, asked: bytes, who: str) -> bytes:
    """The frame with the secret that *who* asks for, or with the reason why there is none."""
    question: dict[str, Any] = orjson.loads(asked)
    name, head = str(question["name"]), {"number": question["number"]}
    try:
        secret = find(name)
        content = orjson.dumps({**head, "text": secret.text, "fields": dict(secret.fields)})
    except CasareError as error:
        log.warning("%s asks for the secret %r: %s", who, name, error)
        content = orjson.dumps({**head, "error": _described(error)})
    except Exception as error:  # a job that gets no answer would wait for ever
        # Not what it says: that may hold the secret.
        log.error("%s: the secret %r cannot be read: %s", who, name, type(error).__name__)
        failed = CasareError(f"the agent cannot read the secret {name}; its log says more")
        content = orjson.dumps({**head, "error": _described(failed)})
    else:
        log.info("%s reads the secret %s", who, name)
    return frames.SECRET + content


def _described(error: CasareError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "hint": error.hint}
