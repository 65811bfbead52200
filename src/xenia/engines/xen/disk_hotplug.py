"""Disks that come and go while a guest runs.

What xenstore says counts, never a list of ours: so a xend that was killed in between finds what is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from xenia.engines.xen.devices import Device, add, devices, is_asked_for, is_used, release, remove, until, withdraw
from xenia.engines.xen.disks import backends
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.prepared import DiskBackend
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.sharing import refuse_shared
from xenia.engines.xen.vdev import number_of, vdevs_of
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.disk import DiskBus, DiskMode
from xenia.model.domain import DomainConfig, Kind, Started
from xenia.model.errors import conflict, engine_failed, invalid
from xenia.storage.loop import is_bound
from xenia.storage.open import OpenedDisk

_KIND = "vbd"
_TARGET, _PLUGGED = "xenia-target", "xenia-plugged"
"""Ours, in the back of a disk: its name in the guest file, where Xen knows it by another one; and whether it was
plugged in while the guest ran.
"""
_OPENED_SECONDS = 5.0


async def started(store: Xenstore, guest: Guest, config: DomainConfig, moved: Mapping[str, str]) -> None:
    """Write down which disk of the guest file is which one of Xen's, while that can be told. `moved` are those that are
    another one than a start would choose.
    """
    for target, vdev in {**vdevs_of(config), **moved}.items():
        if vdev is not None and vdev != target:
            back = await store.read(f"/libxl/{guest.domid}/device/{_KIND}/{number_of(vdev)}/backend")
            if back is not None:
                await store.write(f"{back}/{_TARGET}", target)
    guest.disks = frozenset(disk.target for disk in config.disks)


async def places(store: Xenstore, guest: Guest) -> dict[str, str]:
    """The virtual device of each disk, by its target."""
    found = {}
    for device in await devices(store, guest.domid, _KIND):
        found[await _target(store, device)] = await store.read(f"{device.back}/dev") or ""
    return found


async def look(store: Xenstore, guest: Guest, config: DomainConfig) -> None:
    """Learn which disks there are, and finish or take back what an xend that died has begun to unplug."""
    there = {target for target, vdev in vdevs_of(config).items() if vdev is None}  # they never were
    for device in await devices(store, guest.domid, _KIND):
        if await is_asked_for(store, device) and not (await is_used(store, device) and await withdraw(store, device)):
            await remove(store, device)
            continue
        target = await _target(store, device)
        there.add(target)
    guest.disks = frozenset(there)


async def attach(store: Xenstore, guest: Guest, started: Started, opened: OpenedDisk, settings: XenSettings) -> None:
    """Plug in the last disk of a domain. Raises invalid for one that cannot be, a conflict for a name or an image that
    is taken, ResourceError, and what `add` raises.
    """
    disk, vdev = opened.disk, _vdev(started.config)
    await refuse_shared([opened], store)
    with ExitStack() as held:
        (backend,) = backends([opened], settings, held, trusted=started.trusted)
        if not backend.block:
            await _need_qemu(store, guest, backend)
        device = Device(guest.domid, _KIND, "vbd" if backend.block else "qdisk", number_of(vdev))
        kind = "cdrom" if disk.cdrom else "disk"
        front = {"virtual-device": str(device.number), "device-type": kind, "trusted": "1"}
        await add(store, device, {**_back(backend, vdev), "device-type": kind}, front)
        if backend.block and not await until(_opened_by_kernel(device).exists, _OPENED_SECONDS):
            await remove(store, device)
            raise engine_failed(f"the host's kernel cannot open {backend.target} for the guest", "what it says: dmesg")
    guest.disks = (guest.disks or frozenset()) | {disk.target}


def _vdev(config: DomainConfig) -> str:
    """What the last disk is to Xen. Raises invalid for one that cannot be plugged in, a conflict for a taken name."""
    *others, disk = config.disks
    vdev = vdevs_of(config)[disk.target]
    if vdev is None or (config.kind is Kind.HVM and (disk.cdrom or disk.bus not in (DiskBus.XEN, DiskBus.VIRTIO))):
        where = f"{disk.target} would be emulated" if vdev is not None else f"there is no place for {disk.target}"
        raise invalid(
            f"{where}, and only paravirtual disks are plugged into a guest that runs", "call it xvde, or what follows"
        )
    if vdev in vdevs_of(replace(config, disks=tuple(others))).values():
        raise conflict(f"the guest has a disk {vdev} already", "choose another letter")
    return vdev


def _back(backend: DiskBackend, vdev: str) -> Mapping[str, str]:
    disk = backend.disk
    writable = disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
    if backend.block:
        numbers = Path(backend.target).stat().st_rdev
        own = {
            "type": "phy",
            "params": backend.target,
            "script": backend.script or "",
            "physical-device": f"{numbers >> 8 & 0xFFF:x}:{numbers & 0xFF | numbers >> 12 & 0xFFF00:x}",
            "physical-device-path": backend.target,
            "hotplug-status": "connected",
        }
    else:
        own = {"type": "qdisk", "params": f"{backend.format}:{backend.target}"}
    return {
        **own,
        "specification": "xen",
        "removable": str(int(disk.cdrom)),
        "bootable": "1",
        "dev": vdev,
        "mode": "w" if writable else "r",
        "discard-enable": str(int(writable)),
        _TARGET: disk.target,
        _PLUGGED: "1",
    }


async def _need_qemu(store: Xenstore, guest: Guest, backend: DiskBackend) -> None:
    """Xen's tools start one beside a guest only where it needs it from its start on."""
    if await store.read(f"/local/domain/{guest.domid}/image/device-model-pid") is None:
        path = backend.disk.path
        raise invalid(
            f"'{path}' is a {backend.format} image, which needs a QEMU beside the guest, and there is none beside "
            f"'{guest.name}'",
            f"convert it: xm disk convert -f raw {path} {path}.raw; or name it in the guest file, for the next start",
        )


def _opened_by_kernel(device: Device) -> Path:
    """blkback makes this when it has opened the image (drivers/block/xen-blkback/xenbus.c, xenvbd_sysfs_addif)."""
    return Path(f"/sys/bus/xen-backend/devices/{device.backend}-{device.domid}-{device.number}/physical_device")


async def detach(store: Xenstore, guest: Guest, target: str) -> None:
    """Have the guest let go of a disk. Raises a conflict for one that is emulated, and what `release` raises."""
    device = await find(store, guest, target)
    if (
        guest.kind is Kind.HVM
        and not await is_used(store, device)
        and await store.read(f"{device.back}/{_PLUGGED}") is None
    ):
        raise conflict(
            f"the guest uses {target} as an emulated drive, which stays as long as it runs",
            "a guest with Xen's drivers lets go of it; or take it out of the guest file, for the next start",
        )
    path = await store.read(f"{device.back}/params") or ""
    await release(store, device, target)
    if device.backend == "vbd":  # the image is locked as long as its loop device has it
        await until(lambda: not is_bound(path), _OPENED_SECONDS)
    guest.disks = (guest.disks or frozenset()) - {target}


async def find(store: Xenstore, guest: Guest, target: str) -> Device:
    """The disk `target`. Raises engine_failed where Xen knows none."""
    for device in await devices(store, guest.domid, _KIND):
        if await _target(store, device) == target:
            return device
    raise engine_failed(f"Xen knows no disk {target} of domain '{guest.name}'", "xl block-list shows what it knows")


async def _target(store: Xenstore, device: Device) -> str:
    return await store.read(f"{device.back}/{_TARGET}") or await store.read(f"{device.back}/dev") or ""
