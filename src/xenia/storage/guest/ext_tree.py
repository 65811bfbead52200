"""Names in an ext file system: folders and symbolic links, never outside the file system itself.

Source: Linux Documentation/filesystems/ext4/directory.rst. A hashed folder is read like a linear one: its index looks
like unused entries.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from xenia.storage.guest.blocks import Unreadable
from xenia.storage.guest.ext import ROOT, Ext, Inode

_MOST_LINKS = 40
_MOST_STEPS = 512
_FOLDER_LIMIT = 1 << 23
_MOST_ENTRIES = 400_000
"""Entries of folders that are looked at in one file system: more is no way to a kernel."""


class Tree:
    """The files of one file system, by their absolute paths."""

    def __init__(self, ext: Ext) -> None:
        self.ext = ext
        self._entries_left = _MOST_ENTRIES

    def find(self, path: str) -> Inode | None:
        """What `path` names in the end, links followed; None where there is nothing. Raises Unreadable."""
        trail = [self.ext.inode(ROOT)]
        pending = _parts(path)
        links = steps = 0
        while pending:
            steps += 1
            if steps > _MOST_STEPS:
                raise Unreadable(f"the way to {path} never ends")
            name = pending.pop()
            if name == "..":
                trail = trail[: max(1, len(trail) - 1)]
                continue
            found = self._look_up(trail[-1], name) if trail[-1].folder else None
            if found is None:
                return None
            if not found.link:
                trail.append(found)
                continue
            links += 1
            if links > _MOST_LINKS:
                raise Unreadable(f"the way to {path} leads through more than {_MOST_LINKS} links")
            target = self.ext.target(found)
            if target.startswith("/"):
                del trail[1:]
            pending += _parts(target)
        return trail[-1]

    def file(self, path: str) -> Inode | None:
        """The plain file that `path` names; None where there is none."""
        found = self.find(path)
        return found if found is not None and found.file else None

    def names(self, path: str) -> list[str]:
        """What is in the folder `path`, sorted; nothing where there is no such folder."""
        found = self.find(path)
        if found is None or not found.folder:
            return []
        names = (_text(name) for name, _ in self._entries(found))
        return sorted(name for name in names if name not in (".", "..", "lost+found"))

    def _look_up(self, folder: Inode, name: str) -> Inode | None:
        wanted = name.encode("utf-8", "surrogateescape")
        number = next((number for found, number in self._entries(folder) if found == wanted), None)
        return None if number is None else self.ext.inode(number)

    def _entries(self, folder: Inode) -> Iterator[tuple[bytes, int]]:
        if folder.size > _FOLDER_LIMIT:
            raise Unreadable("a folder on the way is too large")
        step = self.ext.block_size
        for chunk in self.ext.chunks(folder):
            for start in range(0, len(chunk), step):
                yield from self._block_entries(chunk[start : start + step])

    def _block_entries(self, block: bytes) -> Iterator[tuple[bytes, int]]:
        at = 0
        while at + 8 <= len(block):
            number, length, name_length = struct.unpack_from("<IHB", block, at)
            # A block of 64 KiB that is one single entry cannot say so in 16 bits.
            length = len(block) if length in (0, 0xFFFF) and len(block) == 1 << 16 else length
            self._entries_left -= 1
            if length < 8 or length % 4 or at + length > len(block) or self._entries_left < 0:
                raise Unreadable("a folder on the way is broken")
            if number and name_length:
                yield block[at + 8 : at + 8 + name_length], number
            at += length


def _parts(path: str) -> list[str]:
    """The names in `path`, the first one last."""
    if len(path) > 4096:
        raise Unreadable("a path is too long")
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
