"""Lines of logs that are safe to read on a terminal."""

from __future__ import annotations

import logging
from types import TracebackType

from xenia.lib.text import printable

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrintableFormatter(logging.Formatter):
    """What guests and strangers wrote is escaped: a message is one line, and no byte of it acts on a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: _ExcInfo) -> str:
        return "\n".join(printable(line) for line in super().formatException(ei).splitlines())
