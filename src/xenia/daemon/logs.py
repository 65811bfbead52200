"""xend's log: a bounded file and stderr, both of them safe to read on a terminal."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from xenia.lib.log_lines import PrintableFormatter, standard_error_formatter

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LARGEST = 1024 * 1024
_KEPT = 3


def start_logging(path: Path, level: str, form: str) -> None:
    """To stderr, as `form` (the setting log_format) says, and as text to `path`, which is turned over at 1 MiB; three
    old ones are kept. Raises OSError.
    """
    logging.raiseExceptions = False  # a full disk is no reason to write tracebacks
    file = logging.handlers.RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")
    file.setFormatter(PrintableFormatter(_FORMAT))
    stderr = logging.StreamHandler()
    stderr.setFormatter(standard_error_formatter(form, _FORMAT))
    root = logging.getLogger()
    root.addHandler(file)
    root.addHandler(stderr)
    root.setLevel(level.upper())
    for library in ("asyncio", "uvicorn.error", "qemu.qmp", "websockets"):
        logging.getLogger(library).setLevel(logging.WARNING)
