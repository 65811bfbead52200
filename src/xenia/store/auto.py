"""The folder whose entries start with the host: `etc/xen/auto`, as Debian's xendomains has it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from xenia.model.start_order import LAST
from xenia.store.folder import GuestFolder

_NUMBERED = re.compile(r"(\d{1,6})-.")


@dataclass(frozen=True, slots=True)
class Link:
    """The entry `name`, and the guest file that it leads to, an absolute path: the entry itself where it is no link."""

    name: str
    file: str
    is_link: bool = True

    @property
    def number(self) -> int:
        """Its place in the order: the number that the name begins with (`10-db.cfg`)."""
        numbered = _NUMBERED.match(self.name)
        return int(numbered[1]) if numbered else LAST


class AutoFolder:
    """`folder` is an absolute path; it need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: tuple[int, frozenset[str]] = (0, frozenset())

    def links(self) -> tuple[Link, ...]:
        """By name. Hidden files and an editor's copies (`web.cfg~`) are none."""
        try:
            names = sorted(os.listdir(self.folder))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return tuple(self._link(name) for name in names if not name.startswith(".") and not name.endswith("~"))

    def _link(self, name: str) -> Link:
        """One step only: what a guest file is a link to in turn is not its name."""
        path = self.folder / name
        try:
            return Link(name, os.path.normpath(self.folder / path.readlink()))
        except OSError:
            return Link(name, str(path), is_link=False)

    def files(self) -> frozenset[str]:
        """What the links lead to. The folder is looked at only when an entry came or went."""
        try:
            stamp = self.folder.stat().st_mtime_ns
        except OSError:
            return frozenset()
        if self._known[0] != stamp:
            self._known = stamp, frozenset(link.file for link in self.links())
        return self._known[1]

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def add(self, name: str, file: str) -> None:
        """A link `name` to `file`; a relative one, so that it holds wherever the root is. Raises OSError."""
        self.folder.mkdir(mode=0o755, exist_ok=True)
        (self.folder / name).symlink_to(os.path.relpath(file, self.folder))

    def remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


def read_guest_file(file: str) -> bytes:
    """The content of a guest file anywhere on the host. Raises OSError, or invalid for what can be none."""
    path = Path(file)
    return GuestFolder(path.parent).read(path.name)
