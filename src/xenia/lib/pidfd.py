"""pidfd_getfd(2), which Python does not have."""

from __future__ import annotations

import ctypes
import os

_PIDFD_GETFD = 438
"""Its number on every architecture."""


def copy_descriptor(pidfd: int, number: int) -> int:
    """A copy of what the process has open as `number`, close-on-exec. Raises OSError."""
    copy: int = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, pidfd, number, 0)
    if copy < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return copy
