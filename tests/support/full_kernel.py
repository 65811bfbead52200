"""Debian's kernel for all machines, as the small guest wants it: what the one for clouds leaves out, it has."""

from __future__ import annotations

import fcntl
import re
import subprocess
import tempfile
from pathlib import Path

from xenia.images import demo, kernel

_META_PACKAGE = "linux-image-amd64"


def use_full_kernel(guest: demo.DemoGuest) -> None:
    """Have the guest start from it."""
    full = full_kernel()
    guest.kernel.write_bytes(full.image.read_bytes())
    guest.ramdisk.write_bytes(demo.ramdisk(full))


def full_kernel() -> kernel.Kernel:
    """The one that is kept, or one that is fetched without installing it and kept from then on."""
    folder = kernel.default_cache() / "full-kernel"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return kernel.kept(folder) or _fetched(folder)


def _fetched(folder: Path) -> kernel.Kernel:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as name:
        work = Path(name)
        shown = _run(["apt-cache", "show", "--no-all-versions", _META_PACKAGE], work)
        (package,) = re.findall(r"^Depends:.*?(linux-image-\d[\w.+~-]*)", shown, re.MULTILINE)
        _run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package], work)
        (file,) = work.glob("*.deb")
        _run(["dpkg-deb", "-x", str(file), "tree"], work)
        (image,) = work.glob("tree/boot/vmlinuz-*")
        (modules,) = work.glob("tree/**/lib/modules/*")
        return kernel.keep(folder, image, modules)


def _run(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
