"""Taking rights away from the process that calls this, for good."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWIPC = 0x08000000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_OPEN_FILES = 112


def confine(
    *, memory_mib: int, uid: int | None, parent: int, open_files: int = _OPEN_FILES, network: bool = False
) -> None:
    """Leave this process with nothing but its memory, its time and the descriptors it has.

    As root it moves to a network of its own (not with `network`) and to an empty root folder and becomes the user and
    group `uid` (None: stays who it is) without further groups. Then: no new privileges, no further process, no file
    written, no core dump, `memory_mib` of address space, `open_files` descriptors, and an end with its parent. What it
    needs to import it has to have imported. Ends the process when `parent` is gone already.

    Raises OSError when a right cannot be given up.
    """
    os.umask(0o077)
    if os.geteuid() == 0:
        _leave_the_host(network=network)
        _become(uid)
    else:
        os.chdir("/")
    _limit(
        {
            resource.RLIMIT_AS: memory_mib << 20,
            resource.RLIMIT_NPROC: 0,
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
            resource.RLIMIT_NOFILE: open_files,
        }
    )
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


def confine_program(*, memory_mib: int, processes: int, uid: int | None, parent: int) -> None:
    """Return in a new process, to execute a program of the host: with its files, as far as its user may read them, and
    its network. As root it becomes the user and group `uid` (None: stays who it is) without further groups. Then: no
    new privileges, no file written, no core dump, `memory_mib` of address space, and of a `uid` that nobody else has
    `processes` at most.

    The process that calls this waits for it and ends as it does. Both end with `parent`, and with them all that the
    program has started: it is the first in a namespace of processes, where the kernel gives one.

    Raises OSError when a right cannot be given up.
    """
    os.umask(0o077)
    ctypes.CDLL(None).unshare(_CLONE_NEWPID | (0 if os.geteuid() == 0 else _CLONE_NEWUSER))
    watched, held = os.pipe()
    child = os.fork()
    if child:
        os.close(watched)
        _become(uid)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
        os._exit(0)
    os.close(held)
    _become(uid)
    most = {resource.RLIMIT_AS: memory_mib << 20, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    if uid is not None:
        most[resource.RLIMIT_NPROC] = processes
    _limit(most)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if select.select([watched], [], [], 0)[0]:  # it has ended already
        os._exit(0)


def _become(uid: int | None) -> None:
    if uid is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _leave_the_host(*, network: bool) -> None:
    """Networks and message queues of its own, where the kernel gives them; a root folder that is deleted already."""
    ctypes.CDLL(None).unshare(_CLONE_NEWIPC if network else _CLONE_NEWNET | _CLONE_NEWIPC)
    with contextlib.suppress(OSError):
        folder = tempfile.mkdtemp(prefix="xenia-empty-")
        os.chdir(folder)
        Path(folder).rmdir()
        os.chroot(".")


def _limit(limits: Mapping[int, int]) -> None:
    for what, most in limits.items():
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
