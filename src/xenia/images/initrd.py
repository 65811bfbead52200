"""Writes an initramfs: a cpio archive in the `newc` form, which Linux unpacks into its first root file system.

Source of the form: Linux Documentation/driver-api/early-userspace/buffer-format.rst. The same entries always give the
same bytes.
"""

from __future__ import annotations

import gzip
import stat
from collections.abc import Iterable
from dataclasses import dataclass

_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the archive, owned by root. `name` is its path without a leading slash; `mode` as in stat's st_mode.

    `content` is a file's bytes or a link's target; `device` the major and minor number of a device node.
    """

    name: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(name: str, rights: int = 0o755) -> Entry:
    return Entry(name, stat.S_IFDIR | rights)


def file(name: str, content: bytes, rights: int = 0o644) -> Entry:
    return Entry(name, stat.S_IFREG | rights, content)


def link(name: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def character_device(name: str, major: int, minor: int, rights: int = 0o600) -> Entry:
    return Entry(name, stat.S_IFCHR | rights, device=(major, minor))


def write_cpio(entries: Iterable[Entry]) -> bytes:
    """The archive with `entries` in their order; a folder must stand before what lies in it.

    Raises ValueError for a name that is absolute, climbs with `..` or stands twice.
    """
    archive = bytearray()
    seen: set[str] = set()
    for inode, entry in enumerate(entries, start=1):
        _check_name(entry.name, seen)
        seen.add(entry.name)
        _append(archive, entry, inode)
    _append(archive, Entry(_TRAILER, 0), 0)
    return bytes(archive)


def write_initrd(entries: Iterable[Entry]) -> bytes:
    """`write_cpio`, compressed with gzip, which every kernel can read."""
    return gzip.compress(write_cpio(entries), compresslevel=6, mtime=0)


def _check_name(name: str, seen: set[str]) -> None:
    parts = name.split("/")
    if not all(parts) or "." in parts or ".." in parts or "\0" in name:
        raise ValueError(f"not a path below the root of an archive: {name!r}")
    if name in seen:
        raise ValueError(f"stands twice in the archive: {name!r}")


def _append(archive: bytearray, entry: Entry, inode: int) -> None:
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    owner, group, time, checksum = 0, 0, 0, 0
    numbers = (
        *(inode, entry.mode, owner, group, links, time, len(entry.content)),
        *(0, 0, *entry.device, len(name), checksum),
    )
    archive += b"070701" + b"".join(b"%08X" % number for number in numbers) + name
    archive += bytes(-len(archive) % 4)
    archive += entry.content
    archive += bytes(-len(archive) % 4)
