"""How the long-lived roles log: lines of text or JSON on stderr, without local variables."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from casare_cli.terminal.text import escape
from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings

_TALKATIVE = ("alembic", "httpx", "httpcore", "websockets", "asyncio")
_FIELDS_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def start_logging(settings: Settings, *, debug: bool = False) -> None:
    """Log to stderr at the level and in the format of *settings*. Raises ConfigInvalid."""
    level = "DEBUG" if debug else settings.log_level.upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigInvalid(f"log_level: {settings.log_level!r} is no level")
    formats = {"text": _TextLines, "json": _JsonLines}
    if settings.log_format not in formats:
        raise ConfigInvalid(f"log_format: {settings.log_format!r} is neither text nor json")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formats[settings.log_format]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


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
            "message": record.getMessage(),
        }
        own = vars(record).items()
        line |= {name: value for name, value in own if name not in _FIELDS_OF_EVERY_RECORD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
