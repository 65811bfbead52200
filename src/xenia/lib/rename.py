"""Giving a file another name, and never one that is taken."""

from __future__ import annotations

import ctypes
import errno
import os

_NOREPLACE = 1
"""RENAME_NOREPLACE, linux/fs.h."""


def rename_new(old: str, new: str, folder: int) -> None:
    """Give the file `old` in the open folder `folder` the name `new`. Raises FileExistsError where there is such a file
    already, and OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(folder, os.fsencode(old), folder, os.fsencode(new), _NOREPLACE) == 0:
        return
    code = ctypes.get_errno()
    if code != errno.EINVAL:
        raise OSError(code, os.strerror(code), new)
    if os.access(new, os.F_OK, dir_fd=folder, follow_symlinks=False):  # a file system that cannot do both at once
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
