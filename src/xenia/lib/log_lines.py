"""Lines of logs that are safe to read on a terminal."""

from __future__ import annotations

import json
import logging
import os
import sys
from types import TracebackType

from xenia.lib.text import printable

TEXT, JSON, JOURNAL = "text", "json", "journal"

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""syslog(3)."""
_DEBUG = 7


class PrintableFormatter(logging.Formatter):
    """What guests and strangers wrote is escaped: a message is one line, and no byte of it acts on a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: _ExcInfo) -> str:
        return "\n".join(printable(line) for line in super().formatException(ei).splitlines())


class JsonFormatter(logging.Formatter):
    """One object a line, in ASCII: `time` in seconds since the epoch, `level`, `logger`, `message` and, where there was
    one, `exception`.
    """

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


class JournalFormatter(PrintableFormatter):
    """As systemd's journal wants lines: each with its priority in front, and without the time, which it knows
    (sd-daemon(3)).
    """

    def __init__(self) -> None:
        super().__init__("%(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), _DEBUG)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


def standard_error_formatter(wanted: str, text: str) -> logging.Formatter:
    """For lines to standard error as the setting `log_format` wants them; `text` is the format of plain lines. auto is
    the journal's where that reads standard error, plain lines elsewhere.
    """
    if wanted == JSON:
        return JsonFormatter()
    if wanted == JOURNAL or (wanted != TEXT and _is_journals()):
        return JournalFormatter()
    return PrintableFormatter(text)


def _is_journals() -> bool:
    """Whether the journal reads standard error: systemd names it by device and inode (systemd.exec(5))."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
