"""How the long-lived roles log: a line a fact on stderr, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings
from casare_rpa.unsafe_text import escape

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_TALKATIVE = ("alembic", "httpx", "httpcore", "websockets", "asyncio")
_FIELDS_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def set_up(settings: Settings, *, debug: bool = False, keep: bool = False) -> None:
    """Log to stderr at the level and in the format of *settings*, or at DEBUG.

    With *keep* a program that has set up logging itself keeps what it has. Raises ConfigInvalid for
    an unknown level or format.
    """
    level = "DEBUG" if debug else settings.log_level.upper()
    if level not in _LEVELS:
        raise ConfigInvalid(f"log_level cannot be {settings.log_level!r}: one of {_LEVELS[:-1]}")
    formats = {"text": _TextLines, "json": _JsonLines}
    if settings.log_format not in formats:
        raise ConfigInvalid(f"log_format cannot be {settings.log_format!r}: text or json")
    root = logging.getLogger()
    if keep and root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formats[settings.log_format]())
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A reader that went away must not fill the log with complaints about the log.
    logging.raiseExceptions = False


class _TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return escape(super().format(record))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        own = vars(record).items()
        line |= {name: value for name, value in own if name not in _FIELDS_OF_EVERY_RECORD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
