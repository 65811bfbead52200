"""A real RDP server: FreeRDP's, which shows an X display that nobody else sees."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tests.support.live import until

_TRIES = 5
"""FreeRDP 2.11 ends now and then while it starts."""


@contextmanager
def shared_desktop(folder: Path) -> Iterator[Path]:
    """The unix socket where it is served over RDP, for whoever comes."""
    place, log = folder / "rdp.sock", folder / "freerdp.log"
    program = shutil.which("freerdp-shadow-cli") or "freerdp-shadow-cli3"  # the latter since Debian 13
    with _display() as display, log.open("wb") as written:
        environment = {"HOME": str(folder), "DISPLAY": display, "PATH": os.environ["PATH"]}
        words = [program, f"/ipc-socket:{place}", "-auth"]
        for _ in range(_TRIES):
            place.unlink(missing_ok=True)
            with _running(words, environment, written) as server:
                until(partial(_has_begun, place, server), "the RDP server listens")
                if server.poll() is None:
                    yield place
                    return
    raise AssertionError(f"it does not start: exit code {server.returncode}, {log.read_text()}")


@contextmanager
def _running(words: list[str], environment: dict[str, str], log: BinaryIO) -> Iterator[subprocess.Popen[bytes]]:
    server = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def _has_begun(place: Path, server: subprocess.Popen[bytes]) -> bool:
    return _is_listened_at(place) or server.poll() is not None


def _is_listened_at(place: Path) -> bool:
    """It is there before somebody listens, and after a server that has died. The fourth word of a line is flags, of
    which __SO_ACCEPTCON (linux/net.h) is one.
    """
    sockets = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return any(words[7:] == [str(place)] and int(words[3], 16) & 0x10000 for words in sockets)


@contextmanager
def _display() -> Iterator[str]:
    ours, theirs = os.pipe()
    words = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    xvfb = subprocess.Popen(words, pass_fds=[theirs], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(theirs)
    try:
        with open(ours) as number:
            yield f":{int(number.readline())}"
    finally:
        xvfb.terminate()
        xvfb.wait()
