"""Taking rights away from the process that calls this, for good."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import tempfile
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWIPC = 0x08000000
_CLONE_NEWNET = 0x40000000
_OPEN_FILES = 112


def confine(*, memory_mib: int, uid: int | None, parent: int, open_files: int = _OPEN_FILES) -> None:
    """Leave this process with nothing but its memory, its time and the descriptors it has.

    As root it moves to a network of its own and to an empty root folder and becomes the user and group `uid` (None:
    stays who it is) without further groups. Then: no new privileges, no further process, no file written, no core
    dump, `memory_mib` of address space, `open_files` descriptors, and an end with its parent. What it needs to import
    it has to have imported. Ends the process when `parent` is gone already.

    Raises OSError when a right cannot be given up.
    """
    os.umask(0o077)
    if os.geteuid() == 0:
        _leave_the_host()
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
    else:
        os.chdir("/")
    _limit(memory_mib, open_files)
    # The kernel forgets the signal at a change of user, so it is asked for after that.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if os.getppid() != parent:
        os._exit(0)


def step_down(uid: int) -> None:
    """Leave this process with its descriptors and, as root, with nothing of the file system but the folder it is in: it
    becomes the user and group `uid` without further groups. Then: no new privileges, no core dump. What it needs to
    import it has to have imported. Raises OSError when a right cannot be given up.
    """
    if os.geteuid() == 0:
        os.chroot(".")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _leave_the_host() -> None:
    """Networks and message queues of its own, where the kernel gives them; a root folder that is deleted already."""
    ctypes.CDLL(None).unshare(_CLONE_NEWNET | _CLONE_NEWIPC)
    with contextlib.suppress(OSError):
        folder = tempfile.mkdtemp(prefix="xenia-empty-")
        os.chdir(folder)
        Path(folder).rmdir()
        os.chroot(".")


def _limit(memory_mib: int, open_files: int) -> None:
    size = memory_mib << 20
    for what, most in (
        (resource.RLIMIT_AS, size),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NOFILE, open_files),
    ):
        hard = resource.getrlimit(what)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))


def limit_cpu(seconds: float) -> None:
    """Let this process be killed when it uses more than `seconds` of CPU time from now on; to be called again."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl {option}: {os.strerror(error)}")
