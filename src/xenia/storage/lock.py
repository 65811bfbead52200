"""Locks on images that QEMU and qemu-img understand.

QEMU locks single bytes of an image: byte 100+P by who uses permission P, byte 200+P by who lets nobody else have it
(block/file-posix.c). All these locks are shared ones; a conflict is seen by asking whether the other's byte could be
locked exclusively.

They are locks of the open file description. QEMU inherits ours and adds its own on the same description, which never
conflict with each other, so there is no moment between xend and QEMU in which the image is free; and they last exactly
until the last copy of the descriptor is closed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct

from xenia.model.errors import conflict, unavailable

_USED, _UNSHARED = 100, 200
_READ, _WRITE, _RESIZE = 0, 1, 3
"""Bit numbers of BLK_PERM_CONSISTENT_READ, BLK_PERM_WRITE and BLK_PERM_RESIZE."""

_FLOCK = "hhqqi0q"
"""struct flock: type, whence, start, length, pid (must be 0), and the padding of the C struct."""


def lock(descriptor: int, *, write: bool, path: str) -> None:
    """Lock the image open as `descriptor` for one user that writes, or for one that only reads and wants no writer
    beside it.

    Call it before the content is looked at. Raises conflict when another holds it in a way that does not go with this
    one, unavailable when the file system has no locks. `path` is for the message.
    """
    used = (_READ, _WRITE, _RESIZE) if write else (_READ,)
    unshared = (_WRITE, _RESIZE)
    try:
        for byte in [*(_USED + bit for bit in used), *(_UNSHARED + bit for bit in unshared)]:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_RDLCK, byte))
        free = all(_free(descriptor, _UNSHARED + bit) for bit in used) and all(
            _free(descriptor, _USED + bit) for bit in unshared
        )
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise unavailable(
                f"cannot lock '{path}': {error.strerror}", "keep images on a file system that has file locks"
            ) from error
        free = False
    if not free:
        raise conflict(
            f"'{path}' is in use: another guest or program holds it {'' if write else 'for writing'}".rstrip()
        )


def only_reads(descriptor: int) -> None:
    """Whoever has the lock of `descriptor` does not write any more: others may read beside it."""
    for byte in (_USED + _WRITE, _USED + _RESIZE):
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, byte))
    for byte in (_USED + _READ, _UNSHARED + _WRITE, _UNSHARED + _RESIZE):
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_RDLCK, byte))


def usage(descriptor: int) -> str:
    """How the image open as `descriptor` is used now, as the locks of others tell: `writing`, `reading` or "". Takes no
    lock itself.
    """
    if not _free(descriptor, _USED + _WRITE):
        return "writing"
    return "" if _free(descriptor, _USED + _READ) else "reading"


def unlock(descriptor: int) -> None:
    """Give up the locks that were taken on `descriptor`."""
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, fcntl.F_UNLCK, os.SEEK_SET, _USED, 2 * _USED, 0))


def holder_key(descriptor: int) -> tuple[int, int]:
    """What the open image is, whatever path led to it: two descriptors with one key are one image.

    The device number of a block device, or device and inode of a file.
    """
    status = os.fstat(descriptor)
    if stat.S_ISBLK(status.st_mode):
        return (status.st_rdev, 0)
    return (status.st_dev, status.st_ino)


def _free(descriptor: int, byte: int) -> bool:
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK, byte))
    return bool(struct.unpack(_FLOCK, answer)[0] == fcntl.F_UNLCK)


def _flock(kind: int, byte: int) -> bytes:
    return struct.pack(_FLOCK, kind, os.SEEK_SET, byte, 1, 0)
