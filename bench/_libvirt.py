"""libvirt as a peer, through its own Python binding of the system's Python (Debian: python3-libvirt,
libvirt-daemon-system)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

# Where /dev/kvm is there but of no use, libvirt tries it anew before each domain, for seconds; so this one has none.
_WITHOUT_KVM = """set -e
dev=$(mktemp -d)
mount -t tmpfs none "$dev"
for name in null zero full random urandom tty; do touch "$dev/$name"; mount --bind "/dev/$name" "$dev/$name"; done
for name in pts shm; do mkdir "$dev/$name"; mount --rbind "/dev/$name" "$dev/$name"; done
mount --move "$dev" /dev
exec libvirtd
"""

_PEER = Path(__file__).with_name("_libvirt_peer.py")


class Libvirt:
    """libvirtd, started here when none runs, and a connection to it that is kept."""

    def __init__(self, driver: subprocess.Popen[str], daemons: list[subprocess.Popen[bytes]], folder: Path) -> None:
        self._driver = driver
        self._daemons = daemons
        self._folder = folder
        self.destroyed: list[float] = []

    @classmethod
    def start(cls) -> Libvirt:
        """Raises SystemExit where libvirt is not installed."""
        if shutil.which("libvirtd") is None or shutil.which("virtlogd") is None:
            raise SystemExit("--with-peers needs libvirt: apt-get install libvirt-daemon-system python3-libvirt")
        folder = Path(tempfile.mkdtemp(prefix="xenia-peer-"))
        daemons = []
        if subprocess.run(["virsh", "version"], capture_output=True, check=False).returncode:
            commands = (["virtlogd"], ["unshare", "--mount", "sh", "-c", _WITHOUT_KVM])
            with (folder / "log").open("wb") as log:
                daemons = [subprocess.Popen(command, stdout=log, stderr=log) for command in commands]
        driver = subprocess.Popen(
            ["/usr/bin/python3", _PEER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return cls(driver, daemons, folder)

    def _ask(self, what: str) -> float:
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        self._driver.stdin.write(f"{what}\n")
        self._driver.stdin.flush()
        answer = self._driver.stdout.readline()
        if not answer:
            raise SystemExit("libvirt ended; its words stand above")
        return float(answer)

    def create(self) -> float:
        """Seconds for one domain to be created paused; it is destroyed at once, and how long that took is kept."""
        seconds = self._ask("create")
        self.destroyed.append(self._ask("destroy"))
        return seconds

    def fill(self, count: int, disks: Path | None = None) -> None:
        """Create that many domains, to stay; each with an image of its own from the folder `disks`, if given."""
        for number in range(count):
            self._ask("create" if disks is None else f"create {_image(disks, number)}")

    def stats(self) -> float:
        """Seconds for what all domains have used to be told (virConnectGetAllDomainStats)."""
        return self._ask("stats")

    def empty(self) -> None:
        """End those that were to stay by their processes: libvirt's own way takes seconds for each on some machines."""
        for file in Path("/run/libvirt/qemu").glob("peer*.pid"):
            with suppress(ProcessLookupError, FileNotFoundError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def close(self) -> None:
        assert self._driver.stdin is not None
        self._driver.stdin.close()
        self._driver.wait()
        for daemon in reversed(self._daemons):
            daemon.terminate()
            daemon.wait()
        shutil.rmtree(self._folder)


def _image(folder: Path, number: int) -> Path:
    path = folder / f"peer{number}.img"
    path.write_bytes(bytes(1 << 20))
    return path
