"""This checkout as dom0 gets it: Xenia's wheel, unpacked and compiled, its programs, and its tests."""

from __future__ import annotations

import compileall
import io
import py_compile
import shutil
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from tests.live.xenlab.recipe import CHECKOUT, LIB, SITE
from tests.live.xenlab.words import call

from xenia.cli.commands import TABLE

TESTS = "/opt/xenia/checkout"
"""The folder in dom0 that holds `tests`, for pytest."""

PYTHON_PATH = f"{SITE}:{LIB}"

PYTHON = "/usr/bin/python3"
DOM0_PYTHON = (3, 11)

# -S and a path of its own: a start costs seconds under emulation, and dom0's own packages are none of its business.
_PROGRAM = f"""\
#!{PYTHON} -SP
import os
import sys

os.environ["PYTHONPATH"] = "{PYTHON_PATH}"
sys.path[:0] = "{PYTHON_PATH}".split(":")

from {{module}} import {{name}}

sys.exit({{name}}())
"""


PROGRAMS = {"xm": "xenia.cli.main:main", "xend": "xenia.daemon.main:main"}
"""The function that each is."""

WARM = {
    "xm": (
        *("argparse", "difflib", "http.client", "json", "person", "xenia.cli.main", "xenia.client.console"),
        *sorted({f"xenia.cli.{each.module}" for each in TABLE if each.module}),
    ),
    "xend": (
        *("argparse", "asyncio", "difflib", "hashlib", "http.client", "logging.handlers", "sqlite3", "tomllib", "uuid"),
        *("fastapi", "pydantic", "qemu.qmp", "uvicorn", "uvicorn.protocols.http.h11_impl"),
        *("uvicorn.protocols.websockets.websockets_sansio_impl", "websockets.sync.client", "xenia.daemon.main"),
        "pytest",
    ),
}
"""What each needs not import any more when it is started. A person is started as xm is, pytest as xend."""


@cache
def programs() -> bytes:
    """Xenia with xm and xend, as a tar to be unpacked at dom0's root. Raises LabError when there is no wheel of it."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as name, tarfile.open(fileobj=packed, mode="w") as tar:
        site = Path(name) / "site"
        _unpack_wheel(site)
        if compiles_for_dom0():
            compileall.compile_dir(
                site,
                quiet=1,
                stripdir=str(site),
                prependdir=SITE,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        tar.add(site, SITE, filter=_plain)
        for program, function in PROGRAMS.items():
            module, _, name = function.partition(":")
            _add(tar, f"usr/local/bin/{program}", _PROGRAM.format(module=module, name=name))
    return packed.getvalue()


@cache
def tests() -> bytes:
    """The tests and what they read of the checkout, as a tar to be unpacked at dom0's root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for file in ("tests", "pyproject.toml", "requirements"):
            tar.add(CHECKOUT / file, f"{TESTS}/{file}", filter=_source)
    return packed.getvalue()


def compiles_for_dom0() -> bool:
    """Whether this Python's bytecode is that of dom0's Python."""
    return sys.version_info[:2] == DOM0_PYTHON


def _unpack_wheel(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        build = ["-m", "hatchling", "build", "-t", "wheel", "-d", name]
        call([sys.executable, *build], "build Xenia's wheel", folder=CHECKOUT)
        (wheel,) = Path(name).glob("*.whl")
        shutil.unpack_archive(wheel, target, "zip")


def _add(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o755
    tar.addfile(entry, io.BytesIO(text.encode()))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """As root's; readable by all, for what xend starts without rights."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode |= 0o755 if entry.isdir() else 0o644
    return entry


def _source(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name else _plain(entry)
