"""The log: lines of text for people, or of JSON for programs.

A line that is written while a request is answered bears the request's id.
"""

from __future__ import annotations

import datetime
import logging
from typing import Any

import msgspec

from .exchange import request_id

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
_TEXT = "%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s"
_encode = msgspec.json.Encoder(enc_hook=str).encode


def configure(form: str, level: str) -> None:
    """Let this process log to stderr.

    The level is that of the hub's own lines; of the libraries' only warnings are shown.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines(_TEXT))
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("cvat_hub").setLevel(level.upper())


class TextLines(logging.Formatter):
    """One line for each record, and the traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        found = request_id()
        record.request = f" [{found}]" if found else ""
        return super().format(record)


class JsonLines(logging.Formatter):
    """One object for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        when = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if found := request_id():
            line["request_id"] = found
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _encode(line).decode()
