"""A Python with Xenia that every user of this machine may start, wherever the checkout lies."""

from __future__ import annotations

import atexit
import re
import shutil
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path

import xenia

REQUIREMENTS = Path(__file__).parents[2] / "requirements/run.txt"


@cache
def python_for_all() -> tuple[str, tuple[str, ...]]:
    """The program and its import path: this Python itself or, where others cannot look into its folder or into that of
    the checkout, the one that it was made from with copies of all that xm and xend import.

    Skips the test where that one is out of their sight as well.
    """
    program, package = Path(sys.executable), Path(xenia.__file__).parent
    if _is_open(program) and _is_open(program.resolve()) and _is_open(package):
        return sys.executable, tuple(filter(None, sys.path))
    if not _is_open(program.resolve()):
        import pytest  # noqa: PLC0415 - a guest of the tests has none, and needs none

        pytest.skip(f"other users may not start {program.resolve()}")
    folder = Path(tempfile.mkdtemp(prefix="xp", dir="/tmp"))
    atexit.register(shutil.rmtree, folder)
    shutil.copytree(package, folder / "xenia", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("xenia", *re.findall(r"^([\w.-]+)==", REQUIREMENTS.read_text(), re.MULTILINE)):
        _copy(name, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return str(program.resolve()), (str(folder),)


def _is_open(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _copy(name: str, folder: Path) -> None:
    """The installed files of the distribution `name`, if there is one on this platform."""
    try:
        files = metadata.files(name) or ()
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if ".." not in file.parts and file.suffix not in (".pyc", ".pth"):
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)
