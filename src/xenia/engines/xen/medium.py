"""The medium of a CD-ROM drive of an HVM guest, changed by its QEMU while the guest runs.

Not by xl: it takes no loop device, knows no force, and has Debian's QEMU (7.2) end with a segmentation fault where the
drive was empty at the start. The image that was in a drive at the start stays open, read-only, as long as the guest
runs: QEMU has opened it once more for Xen's own side of the drive.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress

from xenia.engines.tray import open_tray
from xenia.engines.xen import qmp
from xenia.engines.xen.disks import backends
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.qmp import Qmp
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.sharing import refuse_shared
from xenia.engines.xen.vdev import number_of, vdevs_of
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.disk import DiskFormat
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import XeniaError, invalid
from xenia.storage.open import OpenedDisk


def started(guest: Guest, config: DomainConfig) -> None:
    guest.drives = drives_of(config)
    guest.media = {disk.target: bool(disk.path) for disk in config.disks if disk.target in guest.drives}


async def look(guest: Guest, config: DomainConfig) -> None:
    """Learn which drives have a medium. A QEMU that does not answer leaves that unknown."""
    guest.drives, guest.media = drives_of(config), {}
    if guest.drives:
        try:
            async with qmp.connect(guest.domid) as qemu:
                guest.media = await _media(qemu, guest.drives)
        except XeniaError:
            guest.media = None


def drives_of(config: DomainConfig) -> dict[str, str]:
    """The drives whose medium can be changed, by target, and what they are to QEMU (libxl_dm.c)."""
    if config.kind is not Kind.HVM:
        return {}
    vdevs = vdevs_of(config)
    places = {disk.target: vdevs[disk.target] for disk in config.disks if disk.cdrom}
    return {target: f"ide-{number_of(vdev)}" for target, vdev in places.items() if vdev is not None}


async def _media(qemu: Qmp, drives: Mapping[str, str]) -> dict[str, bool]:
    full = {each["device"] for each in await qemu.execute("query-block") if "inserted" in each}
    return {target: drive in full for target, drive in drives.items()}


async def change(store: Xenstore, guest: Guest, opened: OpenedDisk, settings: XenSettings, *, force: bool) -> None:
    """Put another medium into a drive, or none. Raises invalid, a conflict, ResourceError, engine_failed."""
    disk = opened.disk
    drive = guest.drives.get(disk.target)
    if drive is None:
        raise invalid(
            f"{disk.target} is no drive whose medium can be changed", "on Xen those are the CD-ROM drives of HVM guests"
        )
    if opened.layers and disk.format is not DiskFormat.RAW:
        raise invalid(f"'{disk.path}' is a {disk.format} image, and a medium is a raw one", "an ISO image is raw")
    await refuse_shared([opened], store)
    with ExitStack() as held:
        (backend,) = backends([opened], settings, held, trusted=True)
        async with qmp.connect(guest.domid) as qemu:
            try:
                await open_tray(disk.target, lambda: qemu.execute("blockdev-open-tray", id=drive, force=force))
                if opened.layers:
                    medium = {"filename": backend.target, "format": "raw", "read-only-mode": "read-only"}
                    await qemu.execute("blockdev-change-medium", id=drive, **medium)
                else:
                    await qemu.execute("eject", id=drive, force=force)
            finally:
                with suppress(XeniaError):
                    await qemu.execute("blockdev-close-tray", id=drive)
                guest.media = await _media(qemu, guest.drives)
