"""Network namespaces of a bench's own: nothing of the host's network is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_INSIDE = "XENIA_BENCH_NAMESPACE"


def enter() -> None:
    """Run this program in an empty network namespace, which goes with it. Needs root."""
    if os.environ.get(_INSIDE):
        return
    if os.geteuid() != 0:
        raise SystemExit("this bench makes bridges in a network namespace: run it as root")
    script = 'mount -t sysfs sysfs /sys && ip link set lo up && exec "$@"'
    words = ["unshare", "--net", "--mount", "sh", "-c", script, "sh", sys.executable, *sys.argv]
    os.execvpe(words[0], words, os.environ | {_INSIDE: "1"})  # noqa: S606


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Guest:
    """A namespace as the guest `number` (1 to 254) of a bridge: its card eth0 is the other end of the port `name`."""

    def __init__(self, bridge: str, number: int) -> None:
        self.name, self.address = f"vif{number}.0", f"10.9.0.{number}"
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        peer = f"peer name eth0 netns {self._holder.pid}"
        ip("link", "add", self.name, "type", "veth", *peer.split())
        ip("link", "set", self.name, "master", bridge, "up")
        self.mac = f"00:16:3e:00:00:{number:02x}"
        for words in (f"link set eth0 address {self.mac} up", f"addr add {self.address}/24 dev eth0"):
            subprocess.run(self._inside("ip", *words.split()), check=True)

    def start(self, program: Path, *words: str) -> subprocess.Popen[str]:
        """Start a program of ours in it; what it says is read from its `stdout`."""
        return subprocess.Popen(self._inside(sys.executable, str(program), *words), stdout=subprocess.PIPE, text=True)

    def _inside(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", *words]

    def end(self) -> None:
        self._holder.kill()
        self._holder.communicate()
