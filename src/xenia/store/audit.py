"""The audit log, read back from its end."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from xenia.model.audit import Deed
from xenia.model.errors import unavailable

MOST = 10_000
"""Lines of one answer."""

_PIECE = 64 * 1024
_LONGEST = 256 * 1024
"""No line that xend writes is as long: what is longer is passed over."""

_DOMAINS = "/v1/domains/"

_TEXTS = tuple(field.name for field in fields(Deed) if field.name not in ("time", "status"))


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The log at `path`, which is turned over when it is full: `path`.1 has what was there before, `path`.2 what was
    before that.
    """

    path: Path

    def last(self, count: int, user: str = "", refs: Collection[str] = ()) -> tuple[Deed, ...]:
        """The last `count` of them, the oldest first: those of `user` alone where one is named, and where there are
        `refs`, what was asked of the domain that those, its name and its UUID, name. A line that is none, as one that
        was cut off with the power, is passed over. Raises unavailable where it cannot be read.
        """
        found: list[Deed] = []
        needles = [f'"user": {json.dumps(user)},'.encode("ascii")] if user else []
        needles += [_DOMAINS.encode("ascii")] if refs else []
        for line in self._lines() if count > 0 else ():
            deed = _deed(line) if all(needle in line for needle in needles) else None
            if deed is None or (user and deed.user != user) or (refs and _ref_in(deed.path) not in refs):
                continue
            found.append(deed)
            if len(found) == count:
                break
        return tuple(reversed(found))

    def _lines(self) -> Iterator[bytes]:
        """All lines, the last one first."""
        read: set[int] = set()
        for path in self._paths():
            try:
                with open(path, "rb") as file:
                    number = os.fstat(file.fileno()).st_ino
                    if number not in read:  # it was turned over meanwhile
                        read.add(number)
                        yield from _backwards(file)
            except FileNotFoundError:
                return
            except OSError as error:
                raise unavailable(f"the audit log cannot be read: {path}: {error.strerror}") from None

    def _paths(self) -> Iterator[Path]:
        yield self.path
        number = 1
        while True:
            yield self.path.with_name(f"{self.path.name}.{number}")
            number += 1


def _ref_in(path: str) -> str:
    """By what a request has named a domain; "" where it names none."""
    if not path.startswith(_DOMAINS):
        return ""
    return unquote(re.split(r"[/?]", path.removeprefix(_DOMAINS), maxsplit=1)[0])


def _backwards(file: BinaryIO) -> Iterator[bytes]:
    """The lines of `file`, the last one first, in bounded memory."""
    place = file.seek(0, os.SEEK_END)
    rest = b""
    while place > 0:
        start = max(0, place - _PIECE)
        file.seek(start)
        rest = file.read(place - start) + rest
        place = start
        first, *lines = rest.split(b"\n")
        yield from reversed(lines)
        rest = first if len(first) <= _LONGEST else b""
    yield rest


def _deed(line: bytes) -> Deed | None:
    """What `line` tells; None where it is none."""
    try:
        told = json.loads(line)
        if not isinstance(told, dict):
            return None
        texts = {name: told[name] for name in _TEXTS}
        if not all(isinstance(text, str) for text in texts.values()):
            return None
        return Deed(time=float(told["time"]), status=int(told["status"]), **texts)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
