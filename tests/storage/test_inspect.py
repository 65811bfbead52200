from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xenia.engines.qemu.kernel import prepare_boot
from xenia.lib.worker import Worker
from xenia.model.boot import Boot
from xenia.model.disk import Disk, DiskFormat
from xenia.model.domain import DomainConfig
from xenia.storage.inspect import INSPECTIONS, Inspect
from xenia.storage.kernel import close_boot
from xenia.storage.open import Storage
from xenia.storage.paths import Roots

from .kernels import PVH, elf, gz


@pytest.fixture
async def real() -> AsyncIterator[Inspect]:
    worker = Worker(INSPECTIONS, seconds=10, memory_mib=512, uid=65534 if os.geteuid() == 0 else None)
    await worker.start()
    yield worker.call
    await worker.close()


def create(path: Path, *backing: str) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", *backing, str(path), "8M"], check=True)


async def test_an_image_is_opened_with_the_real_worker(tmp_path: Path, real: Inspect, anything: Roots) -> None:
    create(tmp_path / "base")
    create(tmp_path / "top", "-b", "base", "-F", "qcow2")
    storage = Storage(real)
    opened = await storage.open_disk(Disk("xvda", str(tmp_path / "top"), format=DiskFormat.QCOW2), anything)
    storage.close(opened)
    assert [Path(layer.path).name for layer in opened.layers] == ["top", "base"]


async def test_a_kernel_is_expanded_by_the_real_worker(tmp_path: Path, real: Inspect, anything: Roots) -> None:
    kernel = elf(64, notes=PVH) + os.urandom(3 << 20)
    (tmp_path / "vmlinux.gz").write_bytes(gz(kernel))
    config = DomainConfig("guest", boot=Boot(kernel=str(tmp_path / "vmlinux.gz")))
    prepared = await prepare_boot(config, anything, (), real)
    assert prepared is not None
    try:
        assert os.pread(prepared.kernel, len(kernel) + 1, 0) == kernel
    finally:
        close_boot(prepared)
