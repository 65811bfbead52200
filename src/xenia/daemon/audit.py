"""Who did what, kept as lines of JSON in a bounded file of its own."""

from __future__ import annotations

import json
import logging
import logging.handlers
import time
from pathlib import Path
from typing import Any

_LARGEST = 10 * 1024 * 1024
_KEPT = 5


class AuditLog:
    """`path` is turned over at 10 MiB; five old ones are kept. Raises OSError where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._file = logging.handlers.RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="ascii")
        path.chmod(0o600)

    def note(self, told: dict[str, Any]) -> None:
        line = json.dumps({"time": round(time.time(), 3), **told})
        self._file.emit(logging.LogRecord("audit", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        self._file.close()
