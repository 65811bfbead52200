"""Disks that come and go in a real xenstore, over real block devices; the drivers are those of the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.xen.drivers import BACKEND, Drivers

from xenia.engines.xen import disk_hotplug
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.vdev import number_of
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import Definition, DomainConfig, Kind, Started, State
from xenia.model.errors import ErrorKind, ResourceError, XeniaError
from xenia.storage.open import ImageLayer, OpenedDisk

Open = Callable[[Disk], OpenedDisk]

XVDB = f"{BACKEND}/vbd/0/51728"


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens what it is told to at once."""
    monkeypatch.setattr(disk_hotplug, "_opened_by_kernel", lambda _device: Path("/"))


@pytest.fixture
def settings(tmp_path: Path) -> XenSettings:
    return XenSettings(tmp_path)


@pytest.fixture
def opened() -> Iterator[Open]:
    descriptors = []

    def call(disk: Disk) -> OpenedDisk:
        write = disk.mode is not DiskMode.READ_ONLY
        descriptors.append(os.open(disk.path, os.O_RDWR if write else os.O_RDONLY))
        block = disk.source is DiskSource.BLOCK
        return OpenedDisk(disk, (ImageLayer(disk.path, disk.format, descriptors[-1], write, 1 << 20, block),))

    yield call
    for descriptor in descriptors:
        os.close(descriptor)


def guest(kind: Kind = Kind.PV) -> Guest:
    return Guest("uuid", 0, "web", kind, State.RUNNING, disks=frozenset())


def started(*disks: Disk, kind: Kind = Kind.PV, trusted: bool = True) -> Started:
    config = DomainConfig("web", kind, disks=disks)
    return Started("uuid", 0, config, Definition(), (), "xen", 1.0, trusted=trusted)


def xvdb(device: str, **words: object) -> Disk:
    return replace(Disk("xvdb", device, DiskSource.BLOCK), **words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vdev", "number"),
    [
        ("xvda", 51712), ("xvdb1", 51729), ("xvdp", 51952), ("xvdq", 268439552), ("hda", 768), ("hdb2", 834),
        ("hdc", 5632), ("sda", 2048), ("sdb3", 2067), ("51728", 51728), ("0xca10", 51728), ("d1p0", 51728),
        ("d20p1", 268440577),
    ],
)  # fmt: skip
def test_numbers_are_those_of_libxl(vdev: str, number: int) -> None:
    assert number_of(vdev) == number


@pytest.mark.usefixtures("drivers")
async def test_a_disk_comes_is_found_again_and_goes(
    store: Xenstore, settings: XenSettings, opened: Open, disk: str, drivers: Drivers
) -> None:
    web, image = guest(), xvdb(disk)
    await disk_hotplug.attach(store, web, started(image), opened(image), settings)
    numbers = Path(disk).stat().st_rdev
    told = {name: await store.read(f"{XVDB}/{name}") for name in ("dev", "mode", "params", "physical-device", "type")}
    physical = f"{os.major(numbers):x}:{os.minor(numbers):x}"
    assert told == {"dev": "xvdb", "mode": "w", "params": disk, "physical-device": physical, "type": "phy"}
    await drivers.take(XVDB)
    again = guest()
    await disk_hotplug.look(store, again, started(image).config)
    assert web.disks == again.disks == {"xvdb"}
    await disk_hotplug.detach(store, web, "xvdb")
    assert web.disks == set()
    assert await store.directory("/libxl/0/device/vbd") == []


@pytest.mark.usefixtures("drivers")
async def test_a_disk_that_others_have_is_not_plugged_in(
    store: Xenstore, settings: XenSettings, opened: Open, disk: str
) -> None:
    image = xvdb(disk)
    await disk_hotplug.attach(store, guest(), started(image), opened(image), settings)
    await store.write("/local/domain/0/name", "web")
    other = replace(image, target="xvdc")
    with pytest.raises(ResourceError, match=r"is in use: domain 'web' \(id 0\) has it"):
        await disk_hotplug.attach(store, guest(), started(other), opened(other), settings)


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        (Kind.HVM, {"target": "hdb", "bus": DiskBus.IDE}, "hdb would be emulated, and only paravirtual disks"),
        (Kind.HVM, {"cdrom": True}, "xvdb would be emulated"),
        (Kind.PV, {"target": "fda", "bus": DiskBus.FLOPPY}, "there is no place for fda"),
    ],
)
async def test_what_has_no_place_in_a_guest_that_runs_is_refused(
    store: Xenstore, settings: XenSettings, opened: Open, disk: str, kind: Kind, words: dict[str, object], said: str
) -> None:
    image = xvdb(disk, **words)
    with pytest.raises(XeniaError, match=said) as raised:
        await disk_hotplug.attach(store, guest(kind), started(image, kind=kind), opened(image), settings)
    assert raised.value.kind is ErrorKind.INVALID


async def test_a_name_that_is_another_disks_to_xen_is_taken(
    store: Xenstore, settings: XenSettings, opened: Open, disk: str
) -> None:
    """vda is xvda on Xen."""
    there, image = Disk("vda", "/x", bus=DiskBus.VIRTIO), xvdb(disk, target="xvda")
    with pytest.raises(XeniaError, match="has a disk xvda already") as raised:
        await disk_hotplug.attach(store, guest(), started(there, image), opened(image), settings)
    assert raised.value.kind is ErrorKind.CONFLICT


async def test_a_qcow2_image_needs_a_qemu(
    store: Xenstore, settings: XenSettings, opened: Open, tmp_path: Path, drivers: Drivers
) -> None:
    path = tmp_path / "a.qcow2"
    path.write_bytes(b"QFI\xfb")
    image = Disk("xvdb", str(path), format=DiskFormat.QCOW2)
    with pytest.raises(XeniaError, match="needs a QEMU beside the guest, and there is none beside 'web'"):
        await disk_hotplug.attach(store, guest(), started(image), opened(image), settings)
    await store.write("/local/domain/0/image/device-model-pid", "77")
    with pytest.raises(ResourceError, match="only an administrator"):
        await disk_hotplug.attach(store, guest(), started(image, trusted=False), opened(image), settings)
    await disk_hotplug.attach(store, guest(), started(image), opened(image), settings)
    assert await store.read(f"{BACKEND}/qdisk/0/51728/params") == f"qcow2:{path}"


async def test_a_kernel_that_does_not_open_it_leaves_nothing(
    store: Xenstore,
    settings: XenSettings,
    opened: Open,
    disk: str,
    drivers: Drivers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk_hotplug, "_opened_by_kernel", lambda _device: Path("/nonexistent"))
    monkeypatch.setattr(disk_hotplug, "_OPENED_SECONDS", 0.05)
    image = xvdb(disk)
    with pytest.raises(XeniaError, match=f"kernel cannot open {disk}"):
        await disk_hotplug.attach(store, guest(), started(image), opened(image), settings)
    assert await store.directory("/libxl/0/device/vbd") == []


async def made_at_start(store: Xenstore, vdev: str, **values: str) -> str:
    """A disk as xl makes it."""
    back = f"{BACKEND}/qdisk/0/{number_of(vdev)}"
    for name, value in ({"dev": vdev, "state": "4", "online": "1"} | values).items():
        await store.write(f"{back}/{name.replace('_', '-')}", value)
    await store.write(f"/libxl/0/device/vbd/{number_of(vdev)}/backend", back)
    return back


async def test_names_that_xen_does_not_know_are_kept_beside_its_own(store: Xenstore) -> None:
    """Also when the disk that had the first place is gone, and they would be told otherwise."""
    config = started(Disk("sr0", "/a", cdrom=True), Disk("sr1", "/b", cdrom=True)).config
    await made_at_start(store, "xvda")
    await made_at_start(store, "xvdb")
    await disk_hotplug.started(store, guest(), config, {})
    await store.remove("/libxl/0/device/vbd/51712")
    web = guest()
    await disk_hotplug.look(store, web, replace(config, disks=config.disks[1:]))
    assert web.disks == {"sr1"}


async def test_what_was_never_there_is_not_missed(store: Xenstore) -> None:
    web = guest()
    await disk_hotplug.look(store, web, started(Disk("hdc", source=DiskSource.EMPTY, cdrom=True)).config)
    assert web.disks == {"hdc"}


@pytest.mark.parametrize(("front", "left"), [("4", {"xvda"}), ("6", set()), ("1", set())])
async def test_what_an_xend_has_left_half_unplugged_is_taken_back_or_finished(
    store: Xenstore, front: str, left: set[str]
) -> None:
    back = await made_at_start(store, "xvda", online="0", state="5")
    await store.write("/local/domain/0/device/vbd/51712/state", front)
    web = guest()
    await disk_hotplug.look(store, web, started().config)
    assert web.disks == left
    assert await store.read(f"{back}/online") == ("1" if left else None)


async def test_an_emulated_drive_stays(store: Xenstore) -> None:
    await made_at_start(store, "hda")
    with pytest.raises(XeniaError, match="uses hda as an emulated drive, which stays as long as it runs") as raised:
        await disk_hotplug.detach(store, guest(Kind.HVM), "hda")
    assert raised.value.kind is ErrorKind.CONFLICT
    with pytest.raises(XeniaError, match="Xen knows no disk hdb of domain 'web'"):
        await disk_hotplug.detach(store, guest(Kind.HVM), "hdb")
