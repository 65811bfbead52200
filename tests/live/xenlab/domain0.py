"""What is done inside a Xen host: in its Domain-0, by way of the agent there."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

from tests.live.xenlab import guests, wheel
from tests.live.xenlab.line import Line
from tests.live.xenlab.words import LabError
from tests.support.live import Said

_XEND_LOG = "/var/log/xenia/xend.out"
_XEND_LOCK = "/run/xenia/xend.lock"
"""xend writes its process id there."""

_WARM = {name: {"warm": name, "function": function} for name, function in wheel.PROGRAMS.items()} | {
    "person": {"warm": "xm", "function": "person:main"},
    "pytest": {"warm": "xend", "function": "pytest:main"},
}
"""Where a process is forked that has what the program imports, and what it does."""


class Dom0:
    """The Domain-0 of a host that runs. All calls may be made by several threads at once.

    Raises LabError where the lab itself does not work.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._lock = Lock()
        self._has_tests = False

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

        Where `program` names one of this checkout, pytest, or the person of console.py, that one is meant, without its
        imports: they have been done.
        """
        request = {"run": argv, "env": dict(env or {}), "folder": folder, "timeout": timeout, **_WARM.get(program, {})}
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

    def start_daemon(self, *argv: str, log: str = "/var/log/spawned.log", program: str = "") -> None:
        """Start a program in dom0, as `run` does, and wait until it has said that it is ready (sd_notify)."""
        request = {"daemon": argv, "env": {}, "folder": "/", "log": log, "timeout": 120, **_WARM.get(program, {})}
        self.line.ask(request, seconds=150)

    def start_xend(self, *, cold: bool = False) -> None:
        """A xend that is ready. Where it is `cold`, it is the program itself."""
        self.ok("mkdir", "-p", str(Path(_XEND_LOG).parent))
        self.start_daemon("/usr/local/bin/xend", log=_XEND_LOG, program="" if cold else "xend")

    def stop_xend(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal to the xend that runs, and wait until it has ended."""
        self.line.ask({"end": int(self.get(_XEND_LOCK)), "signal": int(number)}, seconds=60)

    def pytest(self, *words: str, timeout: float = 600) -> Said:
        """Run pytest in dom0, in a copy of this checkout's tests: `words` are its arguments."""
        with self._lock:
            if not self._has_tests:
                self.ok("tar", "-x", "-C", "/", stdin=wheel.tests())
                self._has_tests = True
        # Found by themselves, plugins that are imported already (anyio is one) make pytest warn.
        plugins = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout")
        environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        words = ("pytest", "-q", *plugins, *words)
        return self.run(*words, timeout=timeout, env=environment, folder=wheel.TESTS, program="pytest")

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


def _console_logs(name: str) -> list[str]:
    return [f"/var/log/xen/guest-{name}.log", guests.SERIAL_LOG.format(name=name)]
