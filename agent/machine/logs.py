"""The agent's log: one line per fact, on stderr, as text or JSON."""

from __future__ import annotations

import logging
import sys
import time

import orjson

from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def set_up(settings: Settings) -> None:
    """Write to stderr, unless the program that called has set up logging itself.

    Raises ConfigInvalid for an unknown level or format.
    """
    level = settings.log_level.upper()
    if level not in _LEVELS:
        raise ConfigInvalid(f"log_level cannot be {settings.log_level!r}: one of {_LEVELS}")
    if settings.log_format not in ("text", "json"):
        raise ConfigInvalid(f"log_format cannot be {settings.log_format!r}: text or json")
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.log_format == "json" else _text())
    root.addHandler(handler)
    root.setLevel(level)
    # A reader that went away must not fill the log with complaints about the log.
    logging.raiseExceptions = False


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)s %(message)s")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()
