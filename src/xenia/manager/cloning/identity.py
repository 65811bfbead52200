"""What a clone has of its own: no two domains share a name, an address or a display. Without I/O."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from xenia.manager.snapshots.current import writable
from xenia.model.disk import Disk, DiskFormat, DiskSource
from xenia.model.domain import DomainConfig
from xenia.model.errors import invalid
from xenia.model.vif import Vif


def names(source: str, wanted: str, count: int, taken: frozenset[str]) -> Iterator[str]:
    """The names of `count` clones of `source`: `wanted` for the only one, else that (or the source's) with a number."""
    if count == 1 and wanted:
        yield wanted
        return
    stem, number = wanted or source, 0
    for _ in range(count):
        number += 1
        while f"{stem}-{number}" in taken:
            number += 1
        yield f"{stem}-{number}"


def image_of(folder: str, target: str, name: str, form: DiskFormat) -> str:
    """Where the image of a clone lies in the folder for it."""
    ending = ".qcow2" if form is DiskFormat.QCOW2 else ".img"
    return str(Path(folder, f"{name}-{target}{ending}"))


def config_of(
    source: DomainConfig, folder: str, name: str, images: Mapping[str, tuple[str, DiskFormat]]
) -> DomainConfig:
    """What the guest file of a clone says. `images` are those of its disks, by target; others it has in common with the
    source, which only reads them. `folder` is where relative paths of the source begin.
    """
    disks = tuple(
        _disk(disk, *images[disk.target]) if disk.target in images else disk.absolute(folder) for disk in source.disks
    )
    boot = replace(
        source.boot, kernel=_absolute(source.boot.kernel, folder), ramdisk=_absolute(source.boot.ramdisk, folder)
    )
    display = replace(source.display, vnc_display=None, vnc_unused=True)
    vifs = tuple(map(_vif, source.vifs))
    return replace(source, name=name, uuid=None, boot=boot, disks=disks, vifs=vifs, display=display)


def _absolute(path: str | None, folder: str) -> str | None:
    return os.path.join(folder, path) if path else path


def _disk(disk: Disk, path: str, form: DiskFormat) -> Disk:
    return replace(disk, path=path, source=DiskSource.FILE, format=form, named=None)


def _vif(vif: Vif) -> Vif:
    """On the same network, with another address."""
    return replace(vif, mac=None, vifname=None, ip=())


def refuse_devices(name: str, config: DomainConfig) -> None:
    """Raises invalid for a block device among the disks: an image that is based on one is opened for nobody but the
    domain that has the device.
    """
    devices = [disk for disk in config.disks if writable(disk) and disk.as_named.source is DiskSource.BLOCK]
    if devices:
        raise invalid(
            f"the disk {devices[0].target} of '{name}' is a block device, on which no image of another domain "
            "can be based",
            "copy it: xm clone --full",
        )


def silent(config: DomainConfig) -> DomainConfig:
    """With all cables pulled out: what the guest remembers of its cards is the source's."""
    return replace(config, vifs=tuple(replace(vif, linked=False) for vif in config.vifs))
