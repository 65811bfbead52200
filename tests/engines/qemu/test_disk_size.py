"""Disks that grow under a QEMU that runs."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host

from xenia.model.disk import Disk, DiskBus, DiskFormat
from xenia.model.errors import ErrorKind, XeniaError

pytestmark = pytest.mark.qemu

MIB = 1 << 20


def qemu_img(*words: str) -> str:
    return subprocess.run(["qemu-img", *words], capture_output=True, text=True, check=True).stdout


async def test_raw_and_qcow2_disks_grow_and_the_guest_is_told_unless_they_are_ide(host: Host) -> None:
    config = host.config(sectors.saying(""))
    raw, qcow2 = host.folder / "a.raw", host.folder / "b.qcow2"
    for path, form in ((raw, "raw"), (qcow2, "qcow2")):
        qemu_img("create", "-q", "-f", form, str(path), "4M")
    disks = (
        config.disks[0],
        Disk("xvda", str(raw), item=1),
        Disk("xvdb", str(qcow2), format=DiskFormat.QCOW2, item=2),
        Disk("sda", str(host.image(bytes(MIB))), bus=DiskBus.SCSI, item=3),
    )
    started = await host.start(replace(config, disks=disks))
    told = {disk.target: await host.engine.grow_disk(started, disk.target, 8 * MIB) for disk in disks}
    assert told == {"hda": False, "xvda": True, "xvdb": True, "sda": True}
    assert raw.stat().st_size == 8 * MIB
    assert "8388608 bytes" in qemu_img("info", "-U", str(qcow2))
    for inserted in [each["inserted"] for each in await _blocks(host, started.uuid) if "inserted" in each]:
        assert inserted["image"]["virtual-size"] == 8 * MIB


async def _blocks(host: Host, uuid: str) -> list[dict[str, dict[str, dict[str, int]]]]:
    found: list[dict[str, dict[str, dict[str, int]]]] = await host.engine._known(uuid).execute("query-block")
    return found


async def test_what_cannot_grow_stays_as_it_is(host: Host) -> None:
    started = await host.start(host.config(sectors.saying("")))
    with pytest.raises(XeniaError) as raised:
        await host.engine.grow_disk(started, "xvdz", 8 * MIB)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
