"""A xend as a process on a root of its own, xm as processes, and what a stranger sees of the guests they make."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.reach import python_for_all

from xenia.images import demo
from xenia.lib.descriptors import descriptors_of

LIMIT = 180.0
"""Seconds until what does not come fails a test."""

ACCELERATED = "accelerator = 'tcg'\n"
"""Guests boot alike on every machine; which accelerator is chosen has tests of its own."""

_LAST_WORDS = 2000
"""Bytes of each log."""

STRANGER = 54321
"""A user id that nobody has."""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class LiveHost:
    """One root folder. `user` is whose xend serves it; None for the user that the tests run as. `inside` are the words
    that a xend is started with, where it is to live in a network namespace of its own.
    """

    def __init__(self, root: Path, user: int | None = None) -> None:
        self.root = root
        self.user = user
        self.inside: list[str] = []
        self.xend: subprocess.Popen[bytes] | None = None
        self.python, path = python_for_all()
        self.environment = os.environ | {
            "XENIA_ROOT": str(root),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def setting(self, text: str) -> None:
        path = self.root / "etc/xen/xend.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def start(self) -> float:
        """A xend that has said that it is ready: by then it has found again what an earlier one left. The seconds that
        it took.
        """
        readiness = self.root / "ready"
        readiness.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(readiness))
            readiness.chmod(0o666)
            manager.setblocking(False)
            begun = time.monotonic()
            self.launch(NOTIFY_SOCKET=str(readiness))
            until(lambda: self._has_said_ready(manager), "xend is ready")
        readiness.unlink()
        return time.monotonic() - begun

    def _has_said_ready(self, manager: socket.socket) -> bool:
        assert self.xend is not None
        assert self.xend.poll() is None, f"xend has ended: {self.log}"
        try:
            return manager.recv(100) == b"READY=1"
        except BlockingIOError:
            return False

    def launch(self, **environment: str) -> None:
        """A xend that is not waited for."""
        with (self.root / "xend.out").open("ab") as out:
            self.xend = subprocess.Popen(
                [*self.inside, self.python, "-m", "xenia.daemon.main"],
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
            )

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        assert self.xend is not None
        self.xend.send_signal(number)
        self.xend.wait(LIMIT)
        self.xend = None

    @property
    def pid(self) -> int:
        assert self.xend is not None
        return self.xend.pid

    def command(self, *words: str) -> list[str]:
        return [self.python, "-m", "xenia.cli.main", *words]

    def xm(
        self, *words: str, user: int | None = None, groups: tuple[int, ...] = (), folder: Path | None = None
    ) -> Said:
        """xm as a process of `user`."""
        who = self.user if user is None else user
        done = subprocess.run(
            self.command(*words),
            env=self.environment,
            cwd=folder or self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            user=who,
            group=who,
            extra_groups=None if who is None else list(groups),
            check=False,
        )
        said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in said.err, said.err
        return said

    def ok(self, *words: str, **options: Any) -> str:
        """What xm prints when it succeeds, as it must."""
        said = self.xm(*words, **options)
        assert said.code == 0, said
        return said.out

    def domain(self, ref: str) -> dict[str, Any]:
        (domain,) = json.loads(self.ok("list", ref, "-o", "json"))
        return dict(domain)

    def names(self) -> list[str]:
        """The guests that xend knows."""
        return [name for name in self.ok("list", "-o", "name").split() if name != "Domain-0"]

    def file(self, name: str, text: str) -> Path:
        """A guest file in etc/xen."""
        path = self.root / "etc/xen" / f"{name}.cfg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def hvm(self, name: str, more: str = "") -> Path:
        """A guest file of a machine without disks, which is there in no time and does nothing."""
        return self.file(name, f"builder = 'hvm'\nname = '{name}'\nmemory = 16\n{more}")

    def linux(self, name: str = "demo") -> demo.DemoGuest:
        """The small Linux guest, its guest file in etc/xen."""
        guest = demo.make(
            self.images / name, name=name, file=self.root / f"etc/xen/{name}.cfg", memory=96, disk_size=16
        )
        if self.user is not None:
            give(self.root, self.user)
        return guest

    @property
    def images(self) -> Path:
        return self.root / "var/lib/xen"

    @property
    def domains(self) -> Path:
        return self.root / "run/xenia/domains"

    @property
    def run_folders(self) -> list[str]:
        return sorted(os.listdir(self.domains)) if self.domains.is_dir() else []

    @property
    def log(self) -> str:
        """All that xend has said, to its log and to the terminal."""
        said = [self.root / "xend.out", *(self.root / "var/log/xenia").glob("xend.log*")]
        return "".join(path.read_text() for path in said)

    def last_words(self) -> str:
        """The ends of what xend and the guests have said, for who looks for why a test has failed."""
        logs = self.root / "var/log/xenia"
        ends = {path: path.read_bytes()[-_LAST_WORDS:] for path in sorted(logs.glob("*.log"))}
        return "\n".join(f"{path.name}: {end.decode(errors='backslashreplace')}" for path, end in ends.items())

    def guests(self) -> dict[str, list[int]]:
        """The QEMU processes of this root by the UUID among their words, found as a stranger would: by open files."""
        found: dict[str, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if b"-uuid" in words and _has_open(entry, self.root):
                        found.setdefault(words[words.index(b"-uuid") + 1].decode(), []).append(int(entry.name))
        return found

    def nothing_left(self) -> None:
        """Waits until no guest runs and no file of one is left in the run folders."""
        until(lambda: not self.guests(), "QEMU has ended")
        until(lambda: not self.run_folders, "the run folders are removed")
        until(lambda: not self.temporary(), "every file that was being written has its name")

    def temporary(self) -> list[Path]:
        """Files without a name of their own yet: xend may be writing one (the end of a job) when its caller is told."""
        found: list[Path] = []
        for top in ("run", "var/lib/xenia", "etc"):
            for folder, _, names in os.walk(self.root / top):
                found += [Path(folder, name) for name in names if name.startswith(".")]
        return found

    def close(self) -> None:
        """Whatever a test has left running ends."""
        if self.xend is not None:
            self.stop()
        for pid in [pid for pids in self.guests().values() for pid in pids]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not self.guests(), "QEMU has ended")


def give(folder: Path, user: int) -> None:
    """`folder` with all in it belongs to `user`."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def until(true: Callable[[], object], what: str, seconds: float = LIMIT, *, every: float = 0.02) -> None:
    """Wait for what can only be looked at, `every` so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not seen within {seconds:g} s: {what}"
        time.sleep(every)


@contextmanager
def live_host(*, user: int | None = None, settings: str = ACCELERATED) -> Iterator[LiveHost]:
    """A root with a short name: the path of a unix socket has only 107 bytes. Its xend is not started yet."""
    root = Path(tempfile.mkdtemp(prefix="xl"))
    root.chmod(0o755)
    host = LiveHost(root, user)
    try:
        host.setting(settings)
        if user is not None:
            give(root, user)
        yield host
    finally:
        host.close()
        shutil.rmtree(root)


def _has_open(process: Path, root: Path) -> bool:
    """Whether a process holds a file below `root`."""
    return any(Path(target).is_relative_to(root) for _, target in descriptors_of(process))
