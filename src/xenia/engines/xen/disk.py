"""vbd: the disks of a guest in the words of xl-disk-configuration(5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xenia.engines.remarks import error, note, warning
from xenia.engines.xen.prepared import DiskBackend
from xenia.engines.xen.vdev import ide_drive, vdevs_of
from xenia.engines.xen.xlcfg import Settings, unwritable, words
from xenia.lib.text import printable
from xenia.model.complaint import Complaint
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import DOMAIN_0_NAME, DomainConfig, Kind
from xenia.model.errors import invalid

FORMATS = frozenset({DiskFormat.RAW, DiskFormat.QCOW2, DiskFormat.QCOW, DiskFormat.VHD, DiskFormat.QED})
"""The formats that Xen's tools know (xl-disk-configuration(5), format)."""

_HERE = ("", "0", DOMAIN_0_NAME)


def disk_settings(config: DomainConfig, disks: Sequence[DiskBackend]) -> Settings:
    """`disk`: every disk that has a place in the guest.

    Raises invalid for a path that Xen's tools would take for something else.
    """
    vdevs = vdevs_of(config)
    places = [(backend, backend.vdev or vdevs[backend.disk.target]) for backend in disks]
    items = [_item(config, backend, vdev) for backend, vdev in places if vdev is not None]
    return {"disk": items} if items else {}


def _item(config: DomainConfig, backend: DiskBackend, vdev: str) -> str:
    disk, empty = backend.disk, not backend.target
    writable = disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
    # libxl refuses a CD-ROM of an HVM guest that no QEMU serves: only QEMU can change its medium.
    phy = backend.block and not empty and not (disk.cdrom and config.kind is Kind.HVM)
    item = words(
        {
            "format": "empty" if empty else backend.format.value,
            "vdev": vdev,
            "access": "rw" if writable else "ro",
            "devtype": "cdrom" if disk.cdrom else None,
            "backendtype": "phy" if phy else "qdisk",
            "script": backend.script if phy else None,
        }
    )
    if empty:
        if not disk.cdrom:
            raise invalid(_not_empty(disk))
        return item
    if problem := _path_problem(config.kind, backend.target):
        raise invalid(*problem)
    if backend.format not in FORMATS:
        raise invalid(_no_format(backend.format))
    return f"{item},target={backend.target}"  # it takes all that follows, commas too: nothing may stand behind it


def _path_problem(kind: Kind, path: str) -> tuple[str, str] | None:
    """Why Xen's tools would not find the file at `path`, and what to do; None where they do."""
    way = "rename the file, or name a link to it"
    if unwritable(path):
        return f"'{printable(path)}' has control characters, which are kept out of the files of Xen's tools", way
    if kind is Kind.HVM and "," in path:
        return f"'{path}' has a comma, with which libxl would begin another option of QEMU", way
    if path.endswith(","):
        return f"'{path}' ends in a comma, which Xen's tools take away", way
    if not path.startswith("/"):
        return f"'{path}' is no absolute path, and Xen's tools would look for it in /dev", "write it out from /"
    return None


def _not_empty(disk: Disk) -> str:
    return f"{disk.target} has no image, and on Xen only a CD-ROM drive can be empty"


def _no_format(format: DiskFormat) -> str:
    return f"Xen's tools know no images in the format {format}"


def explain_disks(config: DomainConfig) -> Iterator[Complaint]:
    """Disks that have no place, change their name, or cannot be had on Xen."""
    vdevs = vdevs_of(config)
    drives: dict[int, Disk] = {}
    for disk in config.disks:
        item, vdev = f"disk[{disk.item}]", vdevs[disk.target]
        if vdev is None:
            yield _without_place(config, item, disk)
            continue
        yield from _explain_source(config, item, disk)
        if vdev != disk.target:
            yield note(item, f"{disk.target} is {vdev} on Xen, which knows no {disk.target}")
        if config.kind is Kind.HVM:
            yield from _explain_emulated(item, disk, vdev, drives)
        if disk.mode is DiskMode.SHARED:
            yield note(
                item,
                "mode w! is rw on Xen's side, which has no word for shared disks",
                "make sure that all guests that write it share a file system made for that",
            )


def _without_place(config: DomainConfig, item: str, disk: Disk) -> Complaint:
    target = disk.target
    if disk.bus is DiskBus.FLOPPY:
        return warning(item, f"{target} is left out: Xen's tools give no guest a floppy drive", "use a CD-ROM image")
    if disk.source is DiskSource.EMPTY:
        return note(
            item, f"the empty drive {target} is left out: Xen can change the medium of an {Kind.HVM} guest only"
        )
    places = "hda to hdd, sda to sdp and xvda, xvdb ... have one"
    return error(item, f"there is no place for {target} in an {config.kind} guest on Xen", places)


def _explain_source(config: DomainConfig, item: str, disk: Disk) -> Iterator[Complaint]:
    if disk.source is DiskSource.NETWORK:
        yield error(item, f"{disk.path} is a network disk, which cannot be used yet", _ATTACH)
    elif not disk.path and not disk.cdrom:
        yield error(item, _not_empty(disk))
    elif disk.path and (problem := _path_problem(config.kind, shown_path(disk))):
        yield error(item, *problem)
    if disk.format not in FORMATS:
        yield error(item, _no_format(disk.format), "xm disk convert makes another one of it")
    if (disk.backend or "") not in _HERE:
        yield error(
            item, f"{disk.target} is served by the domain {disk.backend}: driver domains cannot be used yet", _ATTACH
        )


_ATTACH = "attach it to the host, and name its device: phy:/dev/..."


def _explain_emulated(item: str, disk: Disk, vdev: str, drives: dict[int, Disk]) -> Iterator[Complaint]:
    """What is special of the drives that firmware and unmodified systems see (libxl_dm.c)."""
    drive = ide_drive(vdev)
    if drive is None:
        if disk.cdrom:
            yield error(item, f"{disk.target} cannot be a CD-ROM: those of an HVM guest are hda to hdd on Xen")
        elif not vdev.startswith("sd"):
            yield note(item, f"{disk.target} is there for Xen's own drivers only: a PC has four IDE disks")
        return
    if drive in drives:
        yield error(item, f"{disk.target} is the same IDE drive as {drives[drive].target}", "choose another letter")
    drives.setdefault(drive, disk)
    if disk.mode is DiskMode.READ_ONLY and not disk.cdrom:
        yield error(
            item,
            f"{disk.target} cannot be read-only: the IDE disks of Xen's QEMU never are",
            "make it writable (w), a CD-ROM (:cdrom) or a SCSI disk (sda ...)",
        )


def shown_path(disk: Disk) -> str:
    """The path of an image as a plan shows it: absolute, whatever a relative one will start from."""
    if not disk.path or disk.path.startswith("/"):
        return disk.path
    return f"/dev/{disk.path}" if disk.source is DiskSource.BLOCK else f"/<folder of the guest file>/{disk.path}"
