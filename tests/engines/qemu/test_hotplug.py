"""Disks that are plugged into a guest that knows nothing of it: a boot sector never lets go of one.

The firmware's reset of the board does: QEMU carries out then what it was asked for.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host, opened
from tests.support.waiting import until

from xenia.engines.qemu import ends, pci
from xenia.lib.descriptors import descriptors_of
from xenia.model.disk import Disk, DiskBus, DiskMode, DiskSource
from xenia.model.domain import Started
from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.open import OpenedDisk

pytestmark = pytest.mark.qemu


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pci, "UNPLUG_SECONDS", 0.2)


async def plug(host: Host, started: Started, disk: Disk) -> Started:
    """Give it one more disk; it with the disk."""
    config = replace(started.config, disks=(*started.config.disks, disk))
    changed = replace(started, config=config)
    with opened(config) as disks:
        await host.engine.attach_disk(changed, disks[-1])
    return changed


def holds(host: Host, started: Started, disk: Disk) -> int:
    """How many descriptors of the image its QEMU has."""
    return sum(target == disk.path for _, target in descriptors_of(Path(f"/proc/{host.pid(started)}")))


def data_disk(host: Host, target: str = "xvdb", **changes: object) -> Disk:
    disk = Disk(target, str(host.image(bytes(1 << 20))))
    return replace(disk, **changes)


async def test_a_guest_that_lets_go_late_is_told_of_and_nothing_is_left(host: Host) -> None:
    started = await host.run(sectors.obedient())
    disk = data_disk(host)
    changed = await plug(host, started, disk)
    assert holds(host, started, disk) > 0
    for _ in range(2):
        with pytest.raises(XeniaError, match="did not let go of xvdb within") as raised:
            await host.engine.detach_disk(started.uuid, "xvdb")
        assert raised.value.kind is ErrorKind.TIMED_OUT
        assert host.observed(started).disks == {"hda", "xvdb"}
    await host.engine.reset(started.uuid)
    while (event := await host.event()).unplugged is None:
        pass
    assert (event.uuid, event.unplugged) == (started.uuid, "xvdb")
    assert host.observed(started).disks == {"hda"}
    assert holds(host, started, disk) == 0
    await plug(host, started, changed.config.disks[-1])
    assert holds(host, started, disk) > 0


async def test_a_disk_that_went_while_no_xend_ran_is_gone_for_the_next_one(host: Host) -> None:
    started = await host.run(sectors.obedient())
    disk = data_disk(host)
    await plug(host, started, disk)
    with pytest.raises(XeniaError):
        await host.engine.detach_disk(started.uuid, "xvdb")
    await host.engine.close()
    await reset_by_hand(host, started, until_event="DEVICE_DELETED")
    (observed,) = await host.new_engine()
    assert observed.disks == {"hda"}
    assert holds(host, started, disk) == 0


async def reset_by_hand(host: Host, started: Started, *, until_event: str) -> None:
    reader, writer = await asyncio.open_unix_connection(ends.monitor_of(host.run_folder(started)))
    for command in ("qmp_capabilities", "system_reset"):
        writer.write(json.dumps({"execute": command}).encode())
    async with asyncio.timeout(30):
        while until_event.encode() not in await reader.readline():
            pass
    writer.close()
    await writer.wait_closed()


async def test_a_disk_of_the_start_can_be_unplugged_as_well(host: Host) -> None:
    disk = data_disk(host)
    started = await host.run(sectors.obedient(), disks=(Disk("hda", str(host.image(sectors.obedient()))), disk))
    with pytest.raises(XeniaError):
        await host.engine.detach_disk(started.uuid, "xvdb")
    await host.engine.reset(started.uuid)
    await until(lambda: holds(host, started, disk) == 0)


@pytest.mark.parametrize(
    ("target", "bus", "where"),
    [
        ("hdb", DiskBus.IDE, "primary IDE slave"),
        ("sda", DiskBus.SCSI, "SCSI target 0"),
        ("fda", DiskBus.FLOPPY, "floppy drive 0"),
        ("xvdzz", DiskBus.XEN, ""),
    ],
)
async def test_what_cannot_be_plugged_in_is_refused_and_leaves_nothing(
    host: Host, target: str, bus: DiskBus, where: str
) -> None:
    started = await host.run(sectors.obedient())
    disk = data_disk(host, target, bus=bus)
    if where:
        with pytest.raises(XeniaError, match=where) as raised:
            await plug(host, started, disk)
        assert raised.value.kind is ErrorKind.INVALID
        assert holds(host, started, disk) == 0
    else:
        await plug(host, started, disk)
        assert host.observed(started).disks == {"hda", "xvdzz"}


async def test_an_empty_drive_cannot_be_plugged_in(host: Host) -> None:
    started = await host.run(sectors.obedient())
    empty = Disk("xvdb", source=DiskSource.EMPTY, cdrom=True, mode=DiskMode.READ_ONLY)
    with pytest.raises(XeniaError) as raised:
        await plug(host, started, empty)
    assert raised.value.kind is ErrorKind.INVALID


async def test_qemus_refusal_leaves_nothing(host: Host) -> None:
    started = await host.run(sectors.obedient())
    disk = data_disk(host)
    changed = await plug(host, started, disk)
    other = data_disk(host)
    with pytest.raises(XeniaError) as raised:
        await plug(host, replace(changed, config=started.config), other)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    assert holds(host, started, other) == 0
    assert holds(host, started, disk) > 0, "the disk of that name is still whole"


async def test_a_guest_has_room_for_as_many_as_its_board(host: Host) -> None:
    started = await host.run(sectors.obedient())
    for number in range(16):
        started = await plug(host, started, data_disk(host, f"xvd{chr(ord('b') + number)}"))
    with pytest.raises(XeniaError) as raised:
        await plug(host, started, data_disk(host, "xvdz"))
    assert raised.value.kind in (ErrorKind.CONFLICT, ErrorKind.INVALID)


async def test_the_medium_of_an_ide_drive_is_changed_and_its_image_closed(host: Host) -> None:
    first, second = data_disk(host), data_disk(host)
    drive = Disk("hdc", first.path, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True)
    started = await host.run(sectors.obedient(), disks=(Disk("hda", str(host.image(sectors.obedient()))), drive))
    assert holds(host, started, first) > 0
    config = replace(started.config, disks=(replace(drive, path=second.path),))
    with opened(config) as disks:
        await host.engine.change_medium(started.uuid, disks[0], force=False)
    assert (holds(host, started, first), holds(host, started, second) > 0) == (0, True)
    await host.engine.change_medium(started.uuid, OpenedDisk(drive.empty), force=True)
    assert holds(host, started, second) == 0
    assert host.observed(started).media == {"hdc": False}
    with pytest.raises(XeniaError, match="no drive whose medium can be changed") as raised:
        await host.engine.change_medium(started.uuid, OpenedDisk(Disk("hda")), force=True)
    assert raised.value.kind is ErrorKind.INVALID
