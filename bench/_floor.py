"""The floor under a start: the same QEMU with the same arguments, without a daemon around it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path


class BareQemu:
    """Starts what the process `pid` (a QEMU of xend's) was started as, to a ready monitor, and kills it.

    It must have been given listening sockets and logs only; those are made anew.
    """

    def __init__(self, pid: int) -> None:
        process = Path(f"/proc/{pid}")
        self._binary = str((process / "exe").readlink())
        self._argv = [word.decode() for word in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
        self._monitor = _monitor_of(self._argv)
        self._sockets = _numbers(self._argv, r"^socket,.*\bfd=(\d+)")
        self._logs = _numbers(self._argv, r"^fd=(\d+),set=")

    def measure(self) -> float:
        """Seconds from exec to the monitor's answer to qmp_capabilities."""
        folder = Path(tempfile.mkdtemp(prefix="xenia-floor-"))
        given = {number: _high(_listener(folder / str(number))) for number in self._sockets}
        for number in self._logs:
            given[number] = _high(os.open(folder / str(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        null = os.open(os.devnull, os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        actions += [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in given.items()]
        begun = time.perf_counter()
        pid = os.posix_spawn(self._binary, self._argv, os.environ, file_actions=actions, setsid=True)
        for descriptor in (null, *given.values()):
            os.close(descriptor)  # so that its death is heard as the end of the monitor's stream
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(folder / str(self._monitor)))
            with monitor.makefile("rwb") as stream:
                stream.readline()
                stream.write(b'{"execute": "qmp_capabilities"}\n')
                stream.flush()
                answer = stream.readline()
        seconds = time.perf_counter() - begun
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        shutil.rmtree(folder)
        if b"return" not in answer:
            raise SystemExit(f"the bare QEMU did not start: {answer!r}")
        return seconds


def _listener(path: Path) -> int:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        return listener.detach()


def _high(descriptor: int) -> int:
    """Out of the way of the numbers that the child is to have."""
    moved = os.dup(descriptor)
    low = [descriptor]
    while moved < 200:
        low.append(moved)
        moved = os.dup(descriptor)
    for each in low:
        os.close(each)
    return moved


def _numbers(argv: list[str], pattern: str) -> list[int]:
    return [int(found[1]) for word in argv if (found := re.search(pattern, word))]


def _monitor_of(argv: list[str]) -> int:
    for word in argv:
        options = dict(option.split("=", 1) for option in word.split(",") if "=" in option)
        if word.startswith("socket,") and options.get("id", "").startswith("mon"):
            return int(options["fd"])
    raise SystemExit("no monitor among the arguments of QEMU")
