"""Xenia itself as a disk of a guest, with a program of the tests that runs there."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.support.debian.libraries import compile_for_guest, libraries

_CHECKOUT = Path(__file__).parents[3]


def write_sources(target: Path, *files: str) -> None:
    """An archive with the packages xenia and pyroute2, and with these files of the checkout."""
    pyroute2 = find_spec("pyroute2")
    assert pyroute2 is not None
    assert pyroute2.origin is not None
    with tarfile.open(target, "w") as archive:
        archive.add(_CHECKOUT / "src/xenia", "xenia")
        archive.add(Path(pyroute2.origin).parent, "pyroute2")
        _add(archive, *files)


def write_whole_sources(target: Path, *files: str) -> None:
    """As write_sources, with all that xend needs to run there, and compiled."""
    with tempfile.TemporaryDirectory() as name, tarfile.open(target, "w") as archive:
        copy = Path(name, "xenia")
        shutil.copytree(_CHECKOUT / "src/xenia", copy, ignore=shutil.ignore_patterns("__pycache__"))
        compile_for_guest(copy)
        archive.add(copy, "xenia")
        archive.add(libraries(), ".")
        _add(archive, *files)


def _add(archive: tarfile.TarFile, *files: str) -> None:
    for file in ("tests/support/__init__.py", *files):
        archive.add(_CHECKOUT / file, file)


def run_there(program: str) -> str:
    """What is typed to the guest, whose second disk that archive is, to run one of the files; it says `ended CODE.`"""
    return f"modprobe tun; mkdir /x; cd /x; tar xf /dev/vdb; PYTHONPATH=/x python3 {program}; echo ended $?.\r"
