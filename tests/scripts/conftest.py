import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

PYTHON = """
case $* in
*"import sys"*) exit 0 ;;
*-V) echo Python 3.11.2 ;;
"-m venv .venv")
    mkdir -p .venv/bin
    cp "$FAKES/venv-python" .venv/bin/python
    for name in xm xend; do cp "$FAKES/$name" .venv/bin/$name; done ;;
esac
"""


class Checkout:
    """The scripts of this repository in a folder of their own, with fakes that note how they were called."""

    def __init__(self, folder):
        self.folder = folder / "checkout"
        self.fakes = folder / "fakes"
        self.asked = folder / "asked"
        self.root = folder / "root"
        self.fakes.mkdir()
        for name in ("run", "check", "scripts", "requirements", "pyproject.toml"):
            source, target = REPOSITORY / name, self.folder / name
            target.parent.mkdir(exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        self.provide("python3", PYTHON)
        self.provide("dpkg-query", 'shift 2; for p; do printf "ii %s " "$p"; done')
        for name in ("venv-python", "xm", "xend", "apt-get"):
            self.provide(name, "")

    def provide(self, name, text):
        """Put a command `name` with the shell text `text` first in PATH."""
        path = self.fakes / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >>{self.asked}\n{text}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def call(self, *command):
        """Run `command` in the checkout to its end."""
        environment = os.environ | {
            "PATH": f"{self.fakes}:{os.environ['PATH']}",
            "FAKES": str(self.fakes),
            "XENIA_PYTHON": "python3",
            "XENIA_RUN_ROOT": str(self.root),
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def bootstrap(self, words):
        return self.call("sh", "-euc", f". scripts/bootstrap.sh; bootstrap {words}")

    def calls(self, name):
        """How the command `name` was called so far."""
        lines = self.asked.read_text().splitlines() if self.asked.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.split()[0] == name]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)
