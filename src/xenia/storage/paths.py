"""Whose rights count when a guest file names a path.

xend may open more than its callers. So a path is opened without effect first (O_PATH), the kernel is asked what was
opened, and only what lies under the roots is then really opened, through the descriptor that was judged: no link that
changes in between matters.
"""

from __future__ import annotations

import errno
import glob
import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from xenia.lib.text import printable
from xenia.model.errors import XeniaError, conflict, denied, invalid, not_found, unavailable
from xenia.storage.volumes.device import real_path, volume_of


@dataclass(frozen=True, slots=True)
class Roots:
    """What a caller's guests may use: anything (`unrestricted`: root, an administrator), or what lies under `paths`.

    `folder` is where relative names start: the folder of the guest file; "" refuses them.
    """

    paths: tuple[str, ...] = ()
    unrestricted: bool = False
    folder: str = ""

    def allow(self, real: str) -> bool:
        """Whether the real path `real` may be used."""
        return self.unrestricted or any(_under(real, os.path.realpath(root)) for root in self.paths)

    def refusal(self, path: str) -> XeniaError:
        """The error for a path outside; the same whether something is there or not."""
        folders = ", ".join(self.paths) or "none"
        return denied(
            f"'{printable(path)}' is outside the folders that your guests may use ({folders})",
            "put it there, let an administrator start the guest, or add its folder to `roots` in xend.toml",
        )


class Place:
    """Something of the host found by its path and not yet opened; a context manager that forgets it.

    `path` is absolute as named, `real` what the kernel calls it, or /dev/VG/LV for a logical volume, `note` what the
    reader of the guest file should know, or "".
    """

    def __init__(self, descriptor: int, path: str, note: str = "") -> None:
        self.descriptor = descriptor
        self.path = path
        self.note = note
        status = os.fstat(descriptor)
        volume = volume_of(status)
        self.real = volume.path if volume is not None else str(Path(f"/proc/self/fd/{descriptor}").readlink())
        self.mode = status.st_mode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)

    @property
    def block_device(self) -> bool:
        return stat.S_ISBLK(self.mode)

    def open(self, *, write: bool, claim: bool = True) -> int:
        """Open what was found; a new descriptor, closed on exec.

        With `claim`, a block device opened for writing is had alone: what the host has mounted is not written to behind
        its back.

        Raises denied, conflict or unavailable.
        """
        flags = os.O_CLOEXEC | (os.O_RDWR if write else os.O_RDONLY)
        if self.block_device:
            flags |= os.O_EXCL if write and claim else os.O_NONBLOCK
        try:
            return os.open(f"/proc/self/fd/{self.descriptor}", flags)
        except OSError as error:
            raise _not_opened(self.path, error, write) from error


def find(path: str, roots: Roots) -> Place:
    """What `path` names, judged by `roots`. A relative name starts at `roots.folder`.

    A `*` in the last part of a name that does not exist as such stands for the one file it matches (the guest files of
    old guides have that); several matches are refused, as no reader could tell which one runs.

    Raises invalid for what cannot be a path, denied for what lies outside, not_found.
    """
    if "\0" in path:
        raise invalid(f"'{printable(path)}' cannot be a file name: it holds a NUL character")
    absolute = _absolute(path, roots)
    try:
        return _judged(absolute, roots)
    except FileNotFoundError as error:
        if "*" not in Path(absolute).name:
            raise _not_found(absolute, roots, error) from error
    except (OSError, UnicodeError) as error:
        raise _not_found(absolute, roots, error) from error
    chosen = _match(absolute, roots)
    try:
        return _judged(chosen, roots, f"'{absolute}' was taken to be '{chosen}', the only file it matches")
    except OSError as error:
        raise _not_found(chosen, roots, error) from error


def shell_word(path: str) -> str:
    """`path` as one word of a command that a person may paste into a shell."""
    return shlex.quote(printable(path))


def _absolute(path: str, roots: Roots) -> str:
    if path.startswith("/"):
        return path
    if not roots.folder:
        raise invalid(
            f"'{path}' is relative, and there is no guest file whose folder it could start from", "write it out from /"
        )
    return os.path.join(roots.folder, path)


def _judged(path: str, roots: Roots, note: str = "") -> Place:
    place = Place(os.open(path, os.O_PATH | os.O_CLOEXEC), path, note)
    if not roots.allow(place.real):
        os.close(place.descriptor)
        raise roots.refusal(path)
    return place


def _match(path: str, roots: Roots) -> str:
    folder, name = os.path.split(path)
    if not roots.allow(os.path.realpath(folder)):
        raise roots.refusal(path)
    matches = sorted(glob.glob(os.path.join(glob.escape(folder), name)))
    if len(matches) > 1:
        raise invalid(f"'{path}' matches {len(matches)} files: {', '.join(matches[:5])}", "name one of them")
    if not matches:
        raise not_found(f"no file matches '{printable(path)}'", f"look what is there: ls -l {shell_word(folder)}")
    return matches[0]


def _not_found(path: str, roots: Roots, error: Exception) -> XeniaError:
    """The error for a path that cannot be followed; for a path outside the roots the one that tells nothing."""
    shown = printable(path)
    try:
        outside = not roots.allow(real_path(path))
    except (OSError, UnicodeError):
        outside = not roots.unrestricted
    if outside:
        return roots.refusal(path)
    if isinstance(error, PermissionError):
        return denied(
            f"no permission to reach '{shown}'", f"look at the rights of its folders: namei -l {shell_word(path)}"
        )
    if isinstance(error, OSError) and error.errno != errno.ENOENT:
        return invalid(f"'{shown}' cannot be used: {error.strerror}")
    if isinstance(error, UnicodeError):
        return invalid(f"'{shown}' cannot be a file name")
    return not_found(f"'{shown}' does not exist", f"look what is there: ls -l {shell_word(str(Path(path).parent))}")


def _not_opened(path: str, error: OSError, write: bool) -> XeniaError:
    shown = printable(path)
    match error.errno:
        case errno.EACCES | errno.EPERM:
            way = "written" if write else "read"
            return denied(f"'{shown}' may not be {way} by xend", f"look at its rights: ls -l {shell_word(path)}")
        case errno.EROFS:
            return denied(
                f"'{shown}' lies on a read-only file system", "mount it writable, or give the disk the mode r"
            )
        case errno.EBUSY:
            return conflict(f"'{shown}' is in use by the host", f"see what uses it: lsblk {shell_word(path)}")
        case errno.ETXTBSY:
            return conflict(f"'{shown}' is a program that runs")
        case _:
            return unavailable(f"'{shown}' cannot be opened: {error.strerror}")


def _under(real: str, root: str) -> bool:
    return real == root or real.startswith(root.rstrip("/") + "/")
