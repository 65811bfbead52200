"""QEMU processes: starting one, and knowing one, ours or found again, by its pidfd until it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence

from xenia.lib.pidfd import copy_descriptor
from xenia.model.errors import engine_failed, unavailable

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
"""Nothing of xend's own; and QEMU's words are English, as we look for some of them."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """A QEMU process. `on_end` is called once, in the event loop, when it has ended; `exit` then says how, where that
    can be known.
    """

    def __init__(self, pid: int, on_end: Callable[[], None]) -> None:
        """Raises ProcessLookupError when there is no such process any more."""
        self.pid = pid
        self.exit = ""
        self.gone = asyncio.Event()
        self._on_end = on_end
        self._pidfd = os.pidfd_open(pid)
        try:
            self._stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            os.close(self._pidfd)
            raise ProcessLookupError(f"process {pid} has ended") from error
        asyncio.get_running_loop().add_reader(self._pidfd, self._ended)

    def kill(self) -> None:
        """End it with SIGKILL; silent when it has ended."""
        if not self.gone.is_set():
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def copy(self, descriptor: int) -> int:
        """A copy of what it has open under this number. Raises OSError, also where the kernel does not let us."""
        return copy_descriptor(self._pidfd, descriptor)

    async def wait(self, seconds: float) -> bool:
        """Whether it has ended within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self.gone.wait()
        except TimeoutError:
            return False
        return True

    def cpu_seconds(self) -> float | None:
        """User and system time so far (proc(5), /proc/pid/stat fields 14 and 15); None when it has ended."""
        try:
            fields = os.pread(self._stat, 1024, 0).rpartition(b")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def close(self) -> None:
        """Stop watching; the process runs on."""
        if self._pidfd < 0:
            return
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        os.close(self._stat)
        self._pidfd = self._stat = -1

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        self.exit = _how_ended(self._pidfd)
        self.gone.set()
        self._on_end()


def find(binary: str) -> str:
    """The path of `binary`. Raises unavailable when it is not installed."""
    path = shutil.which(binary)
    if path is None:
        raise unavailable(f"{binary} is not installed", "apt install qemu-system-x86")
    return path


def spawn(
    words: Sequence[str],
    on_end: Callable[[], None],
    *,
    descriptors: Sequence[int],
    log: int,
    uid: int | None,
    groups: Sequence[int],
) -> Process:
    """Start a process in a session of its own, its output going to `log`; as user and group `uid`, if given, with
    `groups`.

    Raises engine_failed when it cannot be started.
    """
    try:
        child = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=descriptors,
            start_new_session=True,
            cwd="/",
            env=_ENVIRONMENT,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else groups,
        )
    except OSError as error:
        raise engine_failed(f"{words[0]} cannot be started: {error.strerror}") from error
    try:
        process = Process(child.pid, on_end)
    except BaseException:
        child.kill()
        child.wait()
        raise
    # From here on the pidfd watches it, and it may well outlive us: Popen is not to complain that nobody waited.
    child.returncode = 0
    return process


def _how_ended(pidfd: int) -> str:
    """Also takes a child off the process table; the end of somebody else's child is not told to us."""
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        return ""
    if result is None:
        return ""
    if result.si_code == os.CLD_EXITED:
        return f"exit status {result.si_status}"
    return f"signal {signal.Signals(result.si_status).name}"
