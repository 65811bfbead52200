"""What was made ready for one start, in the words that xl has for it."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.disk import Disk, DiskFormat
from xenia.model.vif import Vif


@dataclass(frozen=True, slots=True)
class DiskBackend:
    """`target` is the absolute path that Xen's tools open, "" for an empty drive.

    `block`: it is a block device, which the host's kernel serves (phy); all else is served by a QEMU (qdisk) in
    `format`. `script` is the block script that sets it up, without which `target` is used as it is. `vdev` is the
    virtual device that it is, where that is not what `vdevs_of` chooses.
    """

    disk: Disk
    target: str = ""
    format: DiskFormat = DiskFormat.RAW
    block: bool = False
    script: str | None = None
    vdev: str | None = None


@dataclass(frozen=True, slots=True)
class VifBackend:
    """`mac` is decided. `vifname` None means Xen's own name for the host's end, vifDOMID.NUMBER; `script` None means
    Xen's own script, vif-bridge, and `bridge` None its default, xenbr0. `devid` is the number that Xen gives it, None
    its place in the list.
    """

    vif: Vif
    mac: str
    bridge: str | None = None
    vifname: str | None = None
    script: str | None = None
    devid: int | None = None


@dataclass(frozen=True, slots=True)
class VncDoor:
    """Where VNC listens. `display` None means any; `unused` lets a taken number move on to the first free one."""

    listen: str
    display: int | None = None
    unused: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """`kernel` and `ramdisk` are paths that Xen's tools can open (/proc/PID/fd/N). `disks` and `vifs` stand in list
    order; a disk without a place in the guest may be missing. `vnc` None: there is no door to the display.
    """

    kernel: str | None = None
    ramdisk: str | None = None
    command_line: str | None = None
    disks: tuple[DiskBackend, ...] = ()
    vifs: tuple[VifBackend, ...] = ()
    vnc: VncDoor | None = None
