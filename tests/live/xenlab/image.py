"""The files that a Xen host is started from."""

from __future__ import annotations

import gzip
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.live.xenlab import guests, kernels, rootfs
from tests.live.xenlab.recipe import XEN
from tests.live.xenlab.words import call

_SIZE = "3G"


@dataclass(frozen=True)
class Image:
    """`xen`, `kernel` and `ramdisk` are what is booted, `disk` is dom0's root (raw), `key` opens ssh to it."""

    folder: Path

    @property
    def xen(self) -> Path:
        return self.folder / "xen"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinux"

    @property
    def ramdisk(self) -> Path:
        return self.folder / "ramdisk"

    @property
    def disk(self) -> Path:
        return self.folder / "dom0.img"

    @property
    def key(self) -> Path:
        return self.folder / "id_ed25519"


def build(image: Image, work: Path) -> None:
    """Make all files of `image`, with `work` to work in. Takes a minute or two, most of them for Debian's packages.

    Raises LabError.
    """
    root = work / "root"
    with ThreadPoolExecutor() as pool:
        packages = pool.submit(rootfs.debian, root)
        installing = pool.submit(rootfs.python, work)
        own, of_guests = kernels.unpacked(work)
        image.kernel.write_bytes(kernels.vmlinux(own.image.read_bytes()))
        packages.result()
        image.ramdisk.write_bytes(kernels.first_ramdisk(own, (root / "bin/busybox").read_bytes()))
        image.xen.write_bytes(gzip.decompress((root / f"boot/xen-{XEN}-amd64.gz").read_bytes()))
        kernels.put_modules(own, root / "opt/xenia/lab/modules")
        guests.put(of_guests, root, work)
        shutil.copytree(installing.result(), root, dirs_exist_ok=True)
    rootfs.settle(root)
    shutil.copy(root / "root/.ssh/id_ed25519", image.key)
    _make_disk(image.disk, root)


def _make_disk(disk: Path, root: Path) -> None:
    """An ext4 file system with the content of `root`. Without a journal: no run's disk outlives it."""
    features = "^has_journal,^metadata_csum"
    call(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-O", features, "-E", "lazy_itable_init=1", "-d", root, disk, _SIZE],
        "make dom0's disk",
    )
