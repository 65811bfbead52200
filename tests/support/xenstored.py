"""Debian's own xenstored as a program of a test, without Xen below it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

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
        self._words = [binary, "--no-fork", "--output-pid"]
        self._environment = {
            **os.environ,
            **self.variables,
            "XENSTORED_ROOTDIR": str(folder),
            "XENSTORED_RUNDIR": str(folder),
            "LD_PRELOAD": str(no_xen),
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it serves: it tells its process id then."""
        self._process = subprocess.Popen(self._words, env=self._environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == str(self._process.pid), "xenstored does not start"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def tool(self, *words: str) -> str:
        """What one of Xen's own tools says of it."""
        environment = os.environ | self.variables
        return subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout
