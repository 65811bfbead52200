"""Loop devices: a file as a block device, for what takes no files (Linux include/uapi/linux/loop.h, loop(4)).

The kernel keeps the very open file description that it was given, and with it the locks that xend has taken on it: the
image stays locked exactly as long as the loop device lives, whatever becomes of xend. The device goes by itself when
its last user closes it (LO_FLAGS_AUTOCLEAR).
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from xenia.model.errors import unavailable

_CONTROL = "/dev/loop-control"
_GET_FREE, _CONFIGURE, _GET_STATUS64 = 0x4C82, 0x4C0A, 0x4C05
_READ_ONLY, _AUTOCLEAR, _DIRECT_IO = 1, 4, 16
_INFO = struct.Struct("=5Q4I64s64s32s2Q")
"""struct loop_info64: device, inode, rdevice, offset, sizelimit; number, encryption (2), flags; name, ..."""
_CONFIG = struct.Struct(f"=II{_INFO.size}s64x")
"""struct loop_config: descriptor, block size (0: the kernel's choice), info, reserved."""
_TRIES = 64

LOOP_MAJOR = 7


@dataclass(frozen=True, slots=True)
class LoopDevice:
    """`descriptor` keeps the device alive until somebody else has opened it; it is the caller's to close."""

    path: str
    descriptor: int


def attach(image: int, *, write: bool, name: str) -> LoopDevice:
    """A loop device over the open file `image`; `name` is what losetup shows of it.

    Raises unavailable where the kernel has none, or refuses.
    """
    try:
        control = os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise unavailable(
            f"there are no loop devices: {_CONTROL}: {error.strerror}", "load their driver: modprobe loop"
        ) from error
    try:
        return _attach(control, image, write, name)
    except OSError as error:
        raise unavailable(f"no loop device can be made over '{name}': {error.strerror}") from error
    finally:
        os.close(control)


def _attach(control: int, image: int, write: bool, name: str) -> LoopDevice:
    """A free one may be taken by another program before it is configured: then the next one."""
    flags = _AUTOCLEAR | (_DIRECT_IO if write else _READ_ONLY)
    info = _INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, flags, os.fsencode(name)[-63:], b"", b"", 0, 0)
    for _ in range(_TRIES):
        path = f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}"
        device = os.open(path, (os.O_RDWR if write else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            fcntl.ioctl(device, _CONFIGURE, _CONFIG.pack(image, 0, info))
        except OSError as error:
            os.close(device)
            if error.errno != errno.EBUSY:
                raise
            continue
        return LoopDevice(path, device)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))


def backing_of(device: str) -> tuple[int, int] | None:
    """Device and inode of the file behind a loop device; None when it has none any more."""
    try:
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        status = fcntl.ioctl(descriptor, _GET_STATUS64, bytes(_INFO.size))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    backing_device, inode, *_ = _INFO.unpack(status)
    return backing_device, inode


def is_bound(device: str) -> bool:
    """Whether `device` is a loop device that has a file behind it; it is not opened for that."""
    return Path("/sys/block", Path(device).name, "loop/backing_file").exists()
