"""The images of a guest as block devices that Xen's kernel driver serves, or as files that QEMU does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from xenia.engines.xen.prepared import DiskBackend
from xenia.engines.xen.settings import XenSettings
from xenia.model.disk import DiskFormat
from xenia.model.errors import ResourceError, XeniaError, denied
from xenia.storage.lock import unlock
from xenia.storage.loop import attach
from xenia.storage.open import OpenedDisk


def backends(
    disks: Sequence[OpenedDisk], settings: XenSettings, held: ExitStack, *, trusted: bool
) -> tuple[DiskBackend, ...]:
    """A backend for each disk. `held` keeps what must stay until the guest has its disks.

    A raw file becomes a loop device over the very descriptor that was opened and locked, so that the lock lasts as long
    as the guest. A qcow2 image is opened by QEMU once more, by its name and as root: only for what an administrator has
    named. Raises ResourceError.
    """
    return tuple(_backend(opened, settings, held, trusted=trusted) for opened in disks)


def _backend(opened: OpenedDisk, settings: XenSettings, held: ExitStack, *, trusted: bool) -> DiskBackend:
    disk = opened.disk
    if not opened.layers:
        return DiskBackend(disk)
    top, script = opened.layers[0], os.fspath(settings.hotplug / "vbd")
    if disk.format is DiskFormat.QCOW2:
        if not trusted:
            raise ResourceError(f"disk[{disk.item}]", _untrusted(top.path))
        for layer in opened.layers:
            unlock(layer.descriptor)  # QEMU takes the same locks itself, on descriptors of its own
        return DiskBackend(disk, os.path.realpath(top.path), disk.format)
    if top.block_device:
        return DiskBackend(disk, os.path.realpath(top.path), disk.format, block=True, script=script)
    device = attach(top.descriptor, write=top.writable, name=top.path)
    held.callback(os.close, device.descriptor)
    return DiskBackend(disk, device.path, disk.format, block=True, script=script)


def _untrusted(path: str) -> XeniaError:
    return denied(
        f"'{path}' is a qcow2 image, which Xen's QEMU opens as root: only an administrator may start guests with it",
        f"convert it: xm disk convert -f raw {path} {path}.raw",
    )
