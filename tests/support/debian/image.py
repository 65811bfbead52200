"""The image of a Debian 12: built once for each list of packages, then kept below the cache of Xenia."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.live.xenlab.words import LabError, call
from tests.support.debian import rootfs

from xenia.images.kernel import default_cache

_SIZE = "2G"
_KEPT = 6
"""How many images stay: tests with other packages, and other checkouts, do not take each other's away."""

_EARLY_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
"""What the kernel needs to find its root; all others are on the disk."""


@dataclass(frozen=True)
class Image:
    """`disk` (raw, ext4) is the root, to be copied for each guest; `kernel` and `ramdisk` are what is booted."""

    folder: Path

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def ramdisk(self) -> Path:
        return self.folder / "ramdisk"

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"


def image(packages: tuple[str, ...]) -> Image:
    """The image with `packages`, made if need be, which takes a minute. Several processes may ask at once.

    Raises LabError.
    """
    folder = default_cache() / "debian-12"
    folder.mkdir(parents=True, exist_ok=True)
    found = Image(folder / _key(packages))
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.folder.is_dir():
            _make(found, packages)
            _remove_old(folder)
        os.utime(found.folder)
    return found


def _key(packages: tuple[str, ...]) -> str:
    """Names an image: other packages or another way of making it give another key."""
    digest = hashlib.sha256(" ".join(sorted(packages)).encode())
    for file in (Path(__file__), Path(rootfs.__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _make(target: Image, packages: tuple[str, ...]) -> None:
    if os.geteuid() != 0:
        raise LabError("only root can make the image of a Debian guest: run this as root once; it is kept after that")
    for stale in target.folder.parent.glob(".making-*"):  # of a process that was killed: this one holds the lock
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(dir=target.folder.parent, prefix=".making-") as name:
        work = Path(name)
        root, made = work / "root", Image(work / "image")
        made.folder.mkdir()
        rootfs.install(root, target.folder.parent / "packages", packages)
        rootfs.settle(root)
        shutil.copy(next(root.glob("boot/vmlinuz-*")), made.kernel)
        made.ramdisk.write_bytes(rootfs.ramdisk(root, _EARLY_MODULES))
        call(
            [
                *("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal,^metadata_csum"),
                *("-E", "lazy_itable_init=1", "-d", root, made.disk, _SIZE),
            ],
            "make the disk of a Debian guest",
        )
        made.folder.rename(target.folder)


def _remove_old(folder: Path) -> None:
    images = [path for path in folder.iterdir() if len(path.name) == 16]
    for old in sorted(images, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(old)
