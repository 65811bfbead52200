"""A copy of what another process has open."""

import errno
import fcntl
import os
import struct
import subprocess

import pytest

from xenia.lib.pidfd import copy_descriptor
from xenia.storage.lock import lock, unlock


def test_a_copy_is_the_same_open_file_with_its_locks(tmp_path):
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    descriptor = os.open(image, os.O_RDWR)
    lock(descriptor, write=True, path="image")
    with subprocess.Popen(["sleep", "1000"], pass_fds=[descriptor]) as process:
        os.close(descriptor)
        pidfd = os.pidfd_open(process.pid)
        try:
            copy = copy_descriptor(pidfd, descriptor)
            assert fcntl.fcntl(copy, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
            mine = os.open(image, os.O_RDWR)
            assert _is_locked(mine)
            unlock(copy)
            assert not _is_locked(mine)
            with pytest.raises(OSError, match=os.strerror(errno.EBADF)) as raised:
                copy_descriptor(pidfd, 999)
            assert raised.value.errno == errno.EBADF
        finally:
            for each in (pidfd, copy, mine):
                os.close(each)
            process.kill()


def _is_locked(descriptor):
    flock = "hhqqi0q"
    asked = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, struct.pack(flock, fcntl.F_WRLCK, os.SEEK_SET, 100, 200, 0))
    return struct.unpack(flock, asked)[0] != fcntl.F_UNLCK
