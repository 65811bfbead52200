"""The Python packages that Xenia needs, for the Python of a Debian guest: installed once, then kept below the cache."""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import py_compile
import shutil
from pathlib import Path

from tests.live.xenlab.rootfs import install_wheels
from tests.live.xenlab.wheel import compiles_for_dom0

from xenia.images.kernel import default_cache

_REQUIREMENTS = Path(__file__).parents[3] / "requirements/run.txt"


def libraries() -> Path:
    """A folder for PYTHONPATH, made if need be, which takes half a minute. Raises LabError."""
    cache = default_cache() / "debian-12"
    cache.mkdir(parents=True, exist_ok=True)
    found = cache / f"python-{hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for other in cache.glob("python-*"):  # of another list, or not whole
            if other != found:
                shutil.rmtree(other)
        if not found.is_dir():
            making = cache / "python-making"
            install_wheels(making, _REQUIREMENTS)
            compile_for_guest(making)
            making.rename(found)
    return found


def compile_for_guest(folder: Path) -> None:
    """Emulation takes long to do that."""
    if compiles_for_dom0():
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(folder, quiet=2, workers=2, invalidation_mode=mode)
