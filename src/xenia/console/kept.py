"""What a guest has said on its console, as far as it is kept: also of one that has ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xenia.console.log import LIMIT
from xenia.console.watcher import AUTO, PARAVIRTUAL, SERIAL
from xenia.lib.harmless import harmless
from xenia.lib.logs import older
from xenia.model.errors import not_found, unavailable

MOST_LINES = 1_000_000
KINDS = (PARAVIRTUAL, SERIAL)
"""In the order in which they are looked at: who speaks on the first one says there what is worth reading."""

_WHO_KEEPS = (
    "QEMU's guests have a log from their first start on; on Xen xenconsoled writes that of PV and PVH guests, with "
    "XENCONSOLED_TRACE=guest in /etc/default/xen"
)


@dataclass(frozen=True, slots=True)
class KeptLogs:
    """`place` tells where the engine of this host logs the console of a kind (`pv`, `serial`) of the domain of that
    name; None for one that is not logged.
    """

    place: Callable[[str, str], Path | None]

    def has(self, name: str) -> bool:
        """Whether there is anything of a domain."""
        return any(_size(path) for path in self._paths(name, KINDS))

    def read(self, name: str, kinds: Iterable[str], kind: str = AUTO, *, tail: int | None = None) -> str:
        """The last `tail` lines, all that is kept where it is None, made harmless for a terminal. `kinds` are the
        consoles that the domain has; `auto` is the paravirtual one if it has spoken there, else the serial one.

        Raises not_found where nothing is kept, unavailable for what cannot be read.
        """
        wanted = [each for each in KINDS if each in kinds and kind in (AUTO, each)]
        paths = list(self._paths(name, wanted))
        spoken = [path for path in paths if _size(path)]
        if not paths:
            others = [each for each in KINDS if each in kinds and any(self._paths(name, [each]))]
            hint = f"there is this one: xm console --log -t {others[0]} {name}" if others else _WHO_KEEPS
            raise not_found(f"nothing is kept of what domain '{name}' has said there", hint)
        content = _last(spoken[0]) if spoken else b""
        text = content.decode(errors="replace")
        return harmless(text if tail is None else _last_lines(text, tail))

    def _paths(self, name: str, kinds: Iterable[str]) -> Iterable[Path]:
        for kind in kinds:
            path = self.place(name, kind)
            if path is not None and _size(path) is not None:
                yield path


def _size(path: Path) -> int | None:
    """Bytes of what is kept at `path` and beside it; None where there is no such file."""
    sizes = []
    for each in (path, older(path)):
        with suppress(OSError, ValueError):  # also a name that no file can have
            sizes.append(each.stat().st_size)
    return sum(sizes) if sizes else None


def _last_lines(text: str, count: int) -> str:
    """What stands behind the last end of a line is a line, too."""
    start = len(text) - text.endswith("\n")
    for _ in range(count):
        start = text.rfind("\n", 0, start)
        if start < 0:
            return text
    return text[start + 1 :]


def _last(path: Path) -> bytes:
    """What is kept of it, from the beginning of a line on; of a log that nobody bounds, the end."""
    before, before_is_whole = _end_of(older(path))
    now, is_whole = _end_of(path)
    content = before + now if is_whole else now
    return content if is_whole and before_is_whole else content[content.find(b"\n") + 1 :]


def _end_of(path: Path) -> tuple[bytes, bool]:
    """The last MiB, and whether that is all."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - LIMIT))
            return file.read(LIMIT), size < LIMIT
    except FileNotFoundError:
        return b"", True
    except OSError as error:
        raise unavailable(f"the log of a console cannot be read: {path}: {error.strerror}") from None
