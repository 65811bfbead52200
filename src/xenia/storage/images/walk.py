"""The files below the roots that may be images."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

DEPTH = 6
MOST = 10_000
"""Folders below one another, and files in all, that are looked at."""


def image_files(roots: Iterable[str], leave_out: Iterable[str] = ()) -> Iterator[str]:
    """The real paths of the files and block devices below `roots` that may be images, each once, by name.

    Neither links nor what is hidden, nor what lies below `leave_out`. A file that is not made of whole sectors is one
    where its first bytes say so, which is for the caller to find out.
    """
    closed = {os.path.realpath(folder) for folder in leave_out}
    seen: set[str] = set()
    for root in roots:
        yield from _below(os.path.realpath(root), DEPTH, closed, seen)


def files_in(folders: Iterable[str]) -> Iterator[str]:
    """As `image_files`, of what lies in `folders` themselves."""
    seen: set[str] = set()
    for folder in folders:
        yield from _below(os.path.realpath(folder), 0, set(), seen)


def folders_below(roots: Iterable[str]) -> Iterator[str]:
    """`roots` and the folders below them, as deep as images are looked for."""
    for root in roots:
        for folder, names, _ in os.walk(root):
            yield folder
            if folder.removeprefix(root).count("/") >= DEPTH:
                names.clear()


def _below(folder: str, depth: int, closed: set[str], seen: set[str]) -> Iterator[str]:
    if folder in closed or folder in seen:
        return
    seen.add(folder)
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda each: each.name)
    except OSError:
        return
    for entry in found:
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode) and depth:
            yield from _below(entry.path, depth - 1, closed, seen)
        elif stat.S_ISREG(mode) or stat.S_ISBLK(mode):
            yield entry.path
