"""xend's log: a bounded file and stderr, both of them safe to read on a terminal."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from xenia.lib.log_lines import PrintableFormatter

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LARGEST = 1024 * 1024
_KEPT = 3


def start_logging(path: Path, level: str) -> None:
    """To stderr, and to `path`, which is turned over at 1 MiB; three old ones are kept. Raises OSError."""
    logging.raiseExceptions = False  # a full disk is no reason to write tracebacks
    file = logging.handlers.RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")
    root = logging.getLogger()
    for handler in (file, logging.StreamHandler()):
        handler.setFormatter(PrintableFormatter(_FORMAT))
        root.addHandler(handler)
    root.setLevel(level.upper())
    for library in ("asyncio", "uvicorn.error", "qemu.qmp", "websockets"):
        logging.getLogger(library).setLevel(logging.WARNING)
