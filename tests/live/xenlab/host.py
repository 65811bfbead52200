"""A Xen host for a test: what it is asked to do, and what it says."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.live.xenlab import cache
from tests.live.xenlab.domain0 import Dom0
from tests.live.xenlab.line import Line
from tests.live.xenlab.machine import Cable, Machine
from tests.live.xenlab.recipe import AGENT_PORT
from tests.live.xenlab.words import LabError, call

# The snapshot is of xen1.
_BECOME = """\
hostname "xen$1"
ip link set eth1 address "52:54:00:00:01:0$1"
ip addr flush dev xenbr0
ip addr add "10.9.0.$1/24" dev xenbr0
"""

_LOGS = ("/var/log/xen", "/var/log/xenia", "/run/xenia", "/var/lib/xenia", "/etc/xen")


class XenHost(Dom0):
    """One Xen host, up within two seconds once there is a snapshot; this checkout's xend runs on it. `with` ends it.

    It is xen1 with the address 10.9.0.1 on its bridge xenbr0, or whatever `number` says. Its QEMU ends with the thread
    that makes this, however that ends, unless it is `detached`. What lies in `folder` (one that is removed at the end,
    unless given) is its disk and `console.log`, what Xen and dom0 say.

    Raises LabError where the lab itself does not work.
    """

    def __init__(
        self, number: int = 1, *, cable: Cable | None = None, folder: Path | None = None, detached: bool = False
    ) -> None:
        self.number = number
        self.folder = folder or Path(tempfile.mkdtemp(prefix="xenlab-"))
        self._removes = folder is None
        self.machine: Machine | None = None
        try:
            super().__init__(self._start(cable, detached))
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _start(self, cable: Cable | None, detached: bool) -> Line:
        with cache.snapshot_in_use() as (image, snapshot):
            base = (str(snapshot.disk), "qcow2")
            self.machine = Machine(image, self.folder, base, cable=cable, frozen=True, detached=detached)
            self.machine.load(snapshot.state)
            self.key = Path(shutil.copy(image.key, self.folder / "id_ed25519"))
        self.ssh_port = self.machine.monitor.forwarded(22)
        return Line(self.machine.monitor.forwarded(AGENT_PORT))

    def _set_up(self) -> None:
        self.ok("date", "-s", f"@{int(time.time())}")
        if self.number != 1:
            self.ok("sh", "-euc", _BECOME, "sh", str(self.number))

    @property
    def pid(self) -> int:
        """The process id of its QEMU."""
        assert self.machine is not None
        return self.machine.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self.machine is not None:
            self.machine.end()
        if self._removes:
            shutil.rmtree(self.folder)

    def logs(self, folder: Path) -> None:
        """Copy into `folder` what the host has said and written: for a test that fails."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("console.log", "qemu.log"):
            shutil.copy(self.folder / name, folder / name)
        try:
            # Sockets are passed over; files that change meanwhile are no failure.
            tar = ["tar", "-c", "--ignore-failed-read", "--exclude=etc/xen/scripts", "-C", "/"]
            request = {"run": [*tar, *(path[1:] for path in _LOGS)], "env": {}, "folder": "/", "timeout": 50}
            packed = self.line.ask(request, seconds=60)[1]
            call(["tar", "-x", "--no-same-owner", "-C", folder], "unpack a host's logs", stdin=packed)
        except LabError as error:
            (folder / "incomplete").write_text(f"{error}\n")
