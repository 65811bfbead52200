"""Debian's own xenstored as a program of a test, without Xen below it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from socket import AF_UNIX, socket

_SOURCE = Path(__file__).with_name("no_xen.c")


def find_xenstored() -> Path | None:
    """That of the newest Xen here."""
    return max(Path("/usr/lib").glob("xen-*/bin/xenstored"), default=None)


def build_no_xen(folder: Path) -> Path:
    """The library that stands in for the hypervisor."""
    library = folder / "no_xen.so"
    subprocess.run(["tcc", "-nostdlib", "-shared", "-o", library, _SOURCE], check=True)
    return library


class Xenstored:
    """`start` and `kill` in turns; what it holds ends with it."""

    def __init__(self, binary: Path, no_xen: Path, folder: Path) -> None:
        self.socket = folder / "socket"
        self.variables = {"XENSTORED_PATH": str(self.socket)}
        """What has Xen's own tools speak to it."""
        self._words = [binary, "--no-fork"]
        self._environment = {
            **os.environ,
            **self.variables,
            "XENSTORED_ROOTDIR": str(folder),
            "XENSTORED_RUNDIR": str(folder),
            "LD_PRELOAD": str(no_xen),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it can be reached."""
        self.socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(self._words, env=self._environment)
        with socket(AF_UNIX) as client:
            while client.connect_ex(str(self.socket)) != 0:
                assert self._process.poll() is None, "xenstored does not start"
                time.sleep(0.001)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def tool(self, *words: str) -> str:
        """What one of Xen's own tools says of it."""
        environment = os.environ | self.variables
        return subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout
