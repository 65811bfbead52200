"""A Xen host for a test: what it is asked to do, and what it says."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from tests.live.xenlab import cache, guests, wheel
from tests.live.xenlab.line import Line
from tests.live.xenlab.machine import Cable, Machine
from tests.live.xenlab.recipe import AGENT_PORT, SITE
from tests.live.xenlab.words import LabError, call
from tests.support.live import Said

# The snapshot is of xen1.
_BECOME = """\
hostname "xen$1"
ip link set eth1 address "52:54:00:00:01:0$1"
ip addr flush dev xenbr0
ip addr add "10.9.0.$1/24" dev xenbr0
"""

_XEND_LOG = "/var/log/xenia/xend.out"
_LOGS = ("/var/log/xen", "/var/log/xenia", "/run/xenia", "/var/lib/xenia", "/etc/xen")


class XenHost:
    """One Xen host, up within two seconds once there is a snapshot, with this checkout's xm and xend; `with` ends it.

    It is xen1 with the address 10.9.0.1 on its bridge xenbr0, or whatever `number` says. Its QEMU ends with the thread
    that makes this, however that ends, unless it is `detached`. What lies in `folder` (one that is removed at the end,
    unless given) is its disk and `console.log`, what Xen and dom0 say. All calls may be
    made by several threads at once.

    Raises LabError where the lab itself does not work.
    """

    def __init__(
        self, number: int = 1, *, cable: Cable | None = None, folder: Path | None = None, detached: bool = False
    ) -> None:
        self.number = number
        self.folder = folder or Path(tempfile.mkdtemp(prefix="xenlab-"))
        self._removes = folder is None
        self._lock = Lock()
        self._has_tests = False
        self.machine: Machine | None = None
        try:
            self._start(cable, detached)
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _start(self, cable: Cable | None, detached: bool) -> None:
        with cache.snapshot_in_use() as (image, snapshot):
            base = (str(snapshot.disk), "qcow2")
            self.machine = Machine(image, self.folder, base, cable=cable, frozen=True, detached=detached)
            self.machine.load(snapshot.state)
            self.key = Path(shutil.copy(image.key, self.folder / "id_ed25519"))
        self.line = Line(self.machine.monitor.forwarded(AGENT_PORT))
        self.ssh_port = self.machine.monitor.forwarded(22)

    def _set_up(self) -> None:
        self.ok("date", "-s", f"@{int(time.time())}")
        if self.number != 1:
            self.ok("sh", "-euc", _BECOME, "sh", str(self.number))
        self.ok("tar", "-x", "-C", "/", stdin=wheel.programs())
        if not wheel.compiles_for_dom0():
            self.ok("python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", SITE)
        for program, modules in wheel.WARM.items():
            self.line.ask({"import": modules, "warm": program}, seconds=60)

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

    def run(
        self,
        *argv: str,
        stdin: bytes = b"",
        timeout: float = 120,
        env: Mapping[str, str] | None = None,
        folder: str = "/",
        program: str = "",
    ) -> Said:
        """Run a program in dom0, as root, to its end. After `timeout` seconds it is killed, and the code is 124.

        Where `program` names one of this checkout, that one is meant, without its imports: they have been done.
        """
        request = {"run": argv, "env": dict(env or {}), "folder": folder, "timeout": timeout, **_warm(program)}
        code, out, err = self.line.ask(request, stdin, seconds=timeout + 60)
        return Said(code, out.decode(errors="replace"), err.decode(errors="replace"))

    def ok(self, *argv: str, stdin: bytes = b"", timeout: float = 120) -> str:
        """What a program in dom0 prints when it succeeds, as it must."""
        said = self.run(*argv, stdin=stdin, timeout=timeout)
        assert said.code == 0, said
        return said.out

    def sh(self, script: str, *words: str, timeout: float = 120) -> Said:
        """Run a shell script in dom0, `words` being its arguments; it ends where a command of it fails."""
        return self.run("sh", "-euc", script, "sh", *words, timeout=timeout)

    def put(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Write a file in dom0, and the folders that it needs."""
        self.line.ask({"put": path, "mode": mode}, content, seconds=60)

    def get(self, path: str) -> bytes:
        return self.line.ask({"get": path}, seconds=60)[1]

    def spawn(self, *argv: str, log: str = "/var/log/spawned.log", env: Mapping[str, str] | None = None) -> int:
        """Start a program in dom0 that is not waited for; its process id. What it says goes to the file `log`."""
        return self.line.ask({"spawn": argv, "env": dict(env or {}), "folder": "/", "log": log}, seconds=60)[0]

    def xm(self, *words: str, timeout: float = 120) -> Said:
        """What xm does with these words. To start the program itself, `run` it: its imports take most of a second."""
        said = self.run("xm", *words, timeout=timeout, program="xm")
        assert "Traceback" not in said.err, said.err
        return said

    def start_xend(self, *words: str, seconds: float = 120, cold: bool = False) -> int:
        """A xend that has said that it is ready; its process id. Where it is `cold`, it is the program itself."""
        self.ok("mkdir", "-p", str(Path(_XEND_LOG).parent))
        request = {"daemon": ["/usr/local/bin/xend", *words], "env": {}, "folder": "/", "log": _XEND_LOG}
        warm = _warm("" if cold else "xend")
        self._xend = self.line.ask({**request, "timeout": seconds, **warm}, seconds=seconds + 30)[0]
        return self._xend

    def stop_xend(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal to the xend that `start_xend` has started, and wait until it has ended."""
        self.line.ask({"end": self._xend, "signal": int(number)}, seconds=60)

    def pytest(self, *words: str, timeout: float = 600) -> Said:
        """Run pytest in dom0, in a copy of this checkout's tests: `words` are its arguments."""
        with self._lock:
            if not self._has_tests:
                self.ok("tar", "-x", "-C", "/", stdin=wheel.tests())
                self._has_tests = True
        return self.run(
            *(wheel.PYTHON, "-S", "-m", "pytest", "-q", "-p", "no:cacheprovider", *words),
            timeout=timeout,
            env={"PYTHONPATH": wheel.CHECK_PATH},
            folder=wheel.TESTS,
        )

    def heard(self, name: str) -> str:
        """What the guest `name` has said so far on its console (hvc0), which xenconsoled keeps, and on its serial port
        where that goes to a file as in `guests.file`.
        """
        said = b""
        for path in _console_logs(name):
            with suppress(LabError):  # there is no such file
                said += self.get(path)
        return said.decode(errors="replace")

    def hears(self, name: str, word: str, seconds: float = 90, *, times: int = 1) -> None:
        """Wait until the guest `name` has said `word`, so often in all."""
        request = {"hear": word, "times": times, "in": _console_logs(name), "timeout": seconds}
        missing, _, _ = self.line.ask(request, seconds=seconds + 60)
        assert not missing, f"{name} has not said {word!r} {times} times within {seconds:g} s, but:\n{self.heard(name)}"

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


def _console_logs(name: str) -> list[str]:
    return [f"/var/log/xen/guest-{name}.log", guests.SERIAL_LOG.format(name=name)]


def _warm(program: str) -> dict[str, Any]:
    return {"warm": program, "function": wheel.PROGRAMS[program]} if program else {}
