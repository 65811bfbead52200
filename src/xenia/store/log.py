"""xend's log, read back: its end, and what has come since."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from xenia.model.errors import invalid, unavailable

LIMIT = 1024 * 1024
"""Bytes of one answer."""

_POSITION = re.compile(r"(\d{1,20}):(\d{1,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Whole lines of a log. `position` is where they end: what is asked for next begins there."""

    text: str
    position: str


@dataclass(frozen=True, slots=True)
class XendLog:
    """The log at `path`, which is turned over when it is full: then `path`.1 has what was there."""

    path: Path

    def tail(self, lines: int) -> LogPiece:
        """Its last lines. Raises unavailable where it cannot be read."""
        number, start, content = self._read(self.path, -LIMIT)
        end = content.rfind(b"\n") + 1
        kept = content[:end].splitlines(keepends=True)[-lines:] if lines else []
        return LogPiece(_text(b"".join(kept)), f"{number}:{start + end}")

    def after(self, position: str) -> LogPiece:
        """What has come since `position`. Raises invalid for what is none, unavailable where it cannot be read."""
        match = _POSITION.fullmatch(position)
        if match is None:
            raise invalid(f"'{position}' is no position in the log", "take that of the answer before")
        known, place = int(match[1]), int(match[2])
        number, start, content = self._read(self.path, place)
        before = b""
        if number != known:
            number, start, content = self._read(self.path, 0)
            before = self._rest(known, place)
        end = content.rfind(b"\n") + 1
        return LogPiece(_text(before + content[:end]), f"{number}:{start + end}")

    def _rest(self, known: int, place: int) -> bytes:
        """What was still to be read when the log was turned over."""
        turned = self.path.with_name(self.path.name + ".1")
        if not turned.exists():
            return b""
        number, _, content = self._read(turned, place)
        return content if number == known else b""

    def _read(self, path: Path, place: int) -> tuple[int, int, bytes]:
        """The file's number, and where what is read begins: at most LIMIT bytes from `place`, which is counted from the
        end where it is negative.
        """
        try:
            with open(path, "rb") as file:
                status = os.fstat(file.fileno())
                start = max(0, status.st_size + place) if place < 0 else min(place, status.st_size)
                file.seek(start)
                return status.st_ino, start, file.read(LIMIT)
        except OSError as error:
            raise unavailable(f"xend's log cannot be read: {error.filename}: {error.strerror}") from None


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
