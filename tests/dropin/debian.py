"""Debian packages, unpacked and not installed: programs that are run as they are, without their services."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path

from xenia.images.kernel import default_cache


def unpacked(package: str) -> Path:
    """The folder with the files of `package`, of this machine's Debian; fetched once, then kept in Xenia's cache.

    A package that apt cannot fetch fails the test, with apt's words: what is proved here is not skipped in silence.
    """
    top = default_cache() / "debian"
    top.mkdir(parents=True, exist_ok=True)
    target = top / package
    with open(top / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=top) as work:
                _fetch(package, Path(work))
                (file,) = Path(work).glob("*.deb")
                subprocess.run(["dpkg-deb", "-x", file, f"{work}/files"], check=True)
                shutil.move(f"{work}/files", target)
    return target


def _fetch(package: str, folder: Path) -> None:
    download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
    done = subprocess.run(download, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        subprocess.run(["apt-get", "-q", "update"], capture_output=True, check=False)
        done = subprocess.run(download, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(download)}: {done.stderr.strip()}"
