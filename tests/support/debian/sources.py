"""Xenia itself as a disk of a guest, with a program of the tests that runs there."""

from __future__ import annotations

import tarfile
from importlib.util import find_spec
from pathlib import Path

_CHECKOUT = Path(__file__).parents[3]


def write_sources(target: Path, *files: str) -> None:
    """An archive with the packages xenia and pyroute2, and with these files of the checkout."""
    pyroute2 = find_spec("pyroute2")
    assert pyroute2 is not None
    assert pyroute2.origin is not None
    with tarfile.open(target, "w") as archive:
        archive.add(_CHECKOUT / "src/xenia", "xenia")
        archive.add(Path(pyroute2.origin).parent, "pyroute2")
        for name in ("tests/support/__init__.py", *files):
            archive.add(_CHECKOUT / name, name)


def run_there(program: str) -> str:
    """What is typed to the guest, whose second disk that archive is, to run one of the files; it says `ended CODE.`"""
    return f"modprobe tun; mkdir /x; cd /x; tar xf /dev/vdb; PYTHONPATH=/x python3 {program}; echo ended $?.\r"
