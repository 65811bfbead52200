"""An image opened for one guest: descriptors instead of paths, and the locks on them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource
from xenia.model.errors import ErrorKind, XeniaError, denied, invalid, not_found
from xenia.storage.ceph import key_of
from xenia.storage.image import format_by_magic
from xenia.storage.inspect import Inspect
from xenia.storage.lock import holder_key, lock
from xenia.storage.network_disk import driver_of
from xenia.storage.paths import Place, Roots, find, shell_word
from xenia.storage.qcow2 import conversion, find_backing, read_backing_header, read_header
from xenia.storage.volumes.device import real_path

SECTOR = 512
DEPTH_LIMIT = 64
"""Files in one chain of backing files."""


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """One file of an image's chain.

    `descriptor` is open (read-write for a writable top, else read-only) and, where the disk asks for it, locked.

    `size` is the virtual size in bytes; `block_device` tells /dev/sdb from a file.
    """

    path: str
    format: DiskFormat
    descriptor: int
    writable: bool
    size: int
    block_device: bool = False


@dataclass(frozen=True, slots=True)
class OpenedDisk:
    """`layers` from the top down to the last backing file; empty for a drive without a medium, and for a disk on the
    network: that is `network`, QEMU's options for it, which nobody has opened or locked. `key`, in base64, opens it
    where it is one of Ceph.

    `notes` say what the author of the guest file should know about this image.
    """

    disk: Disk
    layers: tuple[ImageLayer, ...] = ()
    notes: tuple[str, ...] = ()
    network: Mapping[str, Any] | None = None
    key: str | None = field(default=None, repr=False)

    @property
    def filled(self) -> bool:
        """Whether there is something in the drive."""
        return bool(self.layers) or self.network is not None


class Storage:
    """Opens the images of guests. Made once; keeps nothing between calls."""

    def __init__(self, inspect: Inspect) -> None:
        self._inspect = inspect

    async def open_disk(self, disk: Disk, roots: Roots) -> OpenedDisk:
        """Open and lock the image of one disk with all its backing files, in the format that the guest file claims.
        What the guest file names in the place of an overlay may be one of these, wherever it is.

        The descriptors belong to the caller, who ends with `close`. Raises invalid, not_found, denied, conflict (the
        image is in use) or unavailable; then nothing stays open.
        """
        _refuse_unsupported(disk)
        if disk.source is DiskSource.EMPTY or (disk.cdrom and not disk.path):
            return OpenedDisk(disk)
        if disk.source is DiskSource.NETWORK:
            return _on_the_network(disk, roots)
        layers: list[ImageLayer] = []
        try:
            with _find_image(disk, roots) as place:
                await self._open_image(disk, place, _with_named(disk, roots), layers)
                notes = (*_notes(layers[0]), *([place.note] if place.note else []))
        except BaseException:
            _close(layers)
            raise
        return OpenedDisk(disk, tuple(layers), notes)

    def close(self, opened: OpenedDisk) -> None:
        """Close what `open_disk` opened; a lock lasts on where a guest has inherited its descriptor. Called once."""
        _close(opened.layers)

    async def _open_image(self, disk: Disk, place: Place, roots: Roots, layers: list[ImageLayer]) -> None:
        """Fill `layers`, each added as soon as it is open, so that the caller can close what there is."""
        write = disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
        _refuse_wrong_kind(place, device=disk.source is DiskSource.BLOCK)
        if write:
            refuse_protected(place)
        layers.append(_open_layer(place, disk.format, write=write, claim=disk.mode is not DiskMode.SHARED))
        if disk.mode is not DiskMode.SHARED:
            lock(layers[0].descriptor, write=write, path=place.path)
        if disk.format is DiskFormat.QCOW2:
            await self._open_chain(place, roots, layers)
        else:
            _refuse_odd_size(layers[0])

    async def _open_chain(self, place: Place, roots: Roots, layers: list[ImageLayer]) -> None:
        header = await read_header(self._inspect, layers[0].descriptor, place.path)
        layers[0] = replace(layers[0], size=header.size)
        seen = {holder_key(layers[0].descriptor)}
        real = place.real
        while header.backing is not None:
            if len(layers) == DEPTH_LIMIT:
                raise invalid(f"'{place.path}' has more than {DEPTH_LIMIT} files in its chain of backing files")
            with find_backing(header, layers[-1].path, real, roots) as below:
                _refuse_wrong_kind(below, device=False)
                layers.append(_open_layer(below, DiskFormat.RAW, write=False))
                real = below.real
            layer = layers[-1]
            if holder_key(layer.descriptor) in seen:
                raise invalid(f"the backing files of '{place.path}' form a loop: '{layer.path}' is met twice")
            seen.add(holder_key(layer.descriptor))
            lock(layer.descriptor, write=False, path=layer.path)
            below_header = await read_backing_header(self._inspect, header, layer.descriptor, layer.path)
            if below_header is None:
                return
            header = below_header
            layers[-1] = replace(layer, format=DiskFormat.QCOW2, size=header.size)


def _with_named(disk: Disk, roots: Roots) -> Roots:
    """With what the guest file names in the place of an overlay. A block device has the overlay not beside it."""
    if disk.named is None:
        return roots
    real = real_path(disk.as_named.absolute(roots.folder).path)
    return replace(roots, paths=(*roots.paths, real)) if roots.allow(real) else roots


def _refuse_unsupported(disk: Disk) -> None:
    if not disk.path and disk.source is not DiskSource.EMPTY and not disk.cdrom:
        raise invalid(f"disk {disk.target} names no image", "write its file or device before the first comma")
    if disk.script and disk.source is not DiskSource.NETWORK:
        raise invalid(
            f"disk {disk.target} is set up by the block script {disk.script}, which is not run here",
            "set the device up before, and name it: phy:/dev/...",
        )
    if disk.format not in (DiskFormat.RAW, DiskFormat.QCOW2):
        raise invalid(
            f"disk {disk.target} is in the format {disk.format}; only raw and qcow2 can be used",
            conversion(disk.path),
        )


def _on_the_network(disk: Disk, roots: Roots) -> OpenedDisk:
    """What the host can reach is not for everybody."""
    network = driver_of(disk.path)
    if not roots.unrestricted:
        raise denied(f"disk {disk.target} is on the network: only an administrator may give such a one to a guest")
    note = f"{disk.path} is locked by nobody: see to it that one guest alone writes to it"
    writes = disk.mode is DiskMode.WRITE and not disk.cdrom
    key = key_of(network) if network["driver"] == "rbd" else None
    return OpenedDisk(disk, notes=(note,) if writes else (), network=network, key=key)


def _name(disk: Disk) -> str:
    if disk.source is DiskSource.BLOCK and not disk.path.startswith("/"):
        return f"/dev/{disk.path}"
    return disk.path


def _find_image(disk: Disk, roots: Roots) -> Place:
    try:
        return find(_name(disk), roots)
    except XeniaError as error:
        makeable = disk.source is DiskSource.FILE and disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
        if error.kind is not ErrorKind.NOT_FOUND or not makeable or "*" in disk.path:
            raise
        path = Path(roots.folder, disk.path)
        command = f"xm disk create -f {disk.format} {shell_word(str(path))} 10g"
        raise not_found(error.message, f"make it: {command}") from error


def _refuse_wrong_kind(place: Place, *, device: bool) -> None:
    if stat.S_ISDIR(place.mode):
        raise invalid(
            f"'{place.path}' is a folder, not an image", f"look what is in it: ls -l {shell_word(place.path)}"
        )
    if place.block_device or (stat.S_ISREG(place.mode) and not device):
        return
    if device and stat.S_ISREG(place.mode):
        raise invalid(f"'{place.path}' is a file, not a block device", f"write file:{place.path}")
    raise invalid(f"'{place.path}' is neither a file nor a block device")


def refuse_protected(place: Place) -> None:
    """Raises denied for a file that its mode lets nobody write to, not even root: so the base of others is marked."""
    if stat.S_ISREG(place.mode) and not place.mode & 0o222:
        raise denied(
            f"'{place.path}' is write-protected, as is what other images are based on",
            f"xm disk info {shell_word(place.path)} tells; if none is: chmod u+w {shell_word(place.path)}",
        )


def _open_layer(place: Place, form: DiskFormat, *, write: bool, claim: bool = True) -> ImageLayer:
    descriptor = place.open(write=write, claim=claim)
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return ImageLayer(place.path, form, descriptor, write, size, place.block_device)


def _refuse_odd_size(layer: ImageLayer) -> None:
    if layer.size == 0:
        hint = None if layer.block_device else f"make it larger: xm disk resize {shell_word(layer.path)} 10g"
        raise invalid(f"'{layer.path}' is empty", hint)
    if layer.writable and layer.size % SECTOR:
        if doubts := _notes(layer):
            raise invalid(doubts[0])
        raise invalid(
            f"'{layer.path}' has {layer.size} bytes: a disk consists of whole sectors of {SECTOR} bytes",
            f"fill up its last one: truncate -s %{SECTOR} {shell_word(layer.path)}",
        )


def _notes(top: ImageLayer) -> tuple[str, ...]:
    """A raw disk whose content begins like an image stays a raw disk: its guest may have written that itself."""
    if top.format is not DiskFormat.RAW:
        return ()
    found = format_by_magic(os.pread(top.descriptor, SECTOR, 0))
    if found == "raw":
        return ()
    way = "say so in the guest file (tap:qcow2:PATH or format=qcow2)" if found == "qcow2" else conversion(top.path)
    return (f"'{top.path}' is given to the guest as a raw disk, but begins like a {found} image; if it is one: {way}",)


def _close(layers: Iterable[ImageLayer]) -> None:
    for layer in layers:
        os.close(layer.descriptor)
