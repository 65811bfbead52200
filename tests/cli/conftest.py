from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.fake_xend import FakeXend

from xenia.cli.main import main

Xm = Callable[..., int]


@pytest.fixture
def root() -> Iterator[Path]:
    """A root with a short name: the path of a unix socket has only 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="xm"))
    (folder / "etc/xen").mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def xend(root: Path) -> Iterator[FakeXend]:
    server = FakeXend(root)
    yield server
    server.close()


@pytest.fixture
def xm(root: Path, monkeypatch: pytest.MonkeyPatch) -> Xm:
    """xm in this process."""
    monkeypatch.setenv("XENIA_ROOT", str(root))
    monkeypatch.chdir(root)
    return lambda *words: main(list(words))


@pytest.fixture
def start_xm(root: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """xm as a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, **options: object) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "XENIA_ROOT": str(root), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "xenia.cli.main", *words]
        process = subprocess.Popen(command, env=environment, **{**pipes, **options})  # type: ignore[call-overload]
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()
