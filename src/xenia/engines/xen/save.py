"""Saving a guest: xl writes it into a pipe, which xend empties into the save.

A guest is saved with the help of its own drivers, which let go of what the host would have to remember of them; only
an HVM guest without such drivers is stopped by Xen alone. When xend is gone the pipe is, and xl lets the guest run on.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from xenia.engines.base import SaveSink
from xenia.engines.xen.devices import devices, until
from xenia.engines.xen.ends import end_processes
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.hypervisor import DomainInfo, Hypervisor
from xenia.engines.xen.xenstore import Xenstore
from xenia.engines.xen.xl import Xl, reachable
from xenia.lib.aio import to_end, together
from xenia.lib.pipe import pipe
from xenia.model.domain import Kind, Started
from xenia.model.errors import XeniaError, conflict
from xenia.model.pci import devices_of
from xenia.model.usb import is_hosts, usb_words

_SECONDS = 24 * 3600.0
"""xl itself gives up on a guest that does not let itself be saved, after a minute or two."""
_WRITTEN_SECONDS = 5.0
_NO_KERNEL = "p2m frame list"
"""In what libxc says of a PV guest that has just begun to boot."""
_CALLBACK_IRQ = 0
"""HVM_PARAM_CALLBACK_IRQ (Xen public/hvm/params.h): by which interrupt Xen's drivers want to be called; 0: there are
none.
"""
_STATES = Path("/var/lib/xen")
"""libxl has QEMU write its state to a file in it, which it leaves there."""


async def refuse(guest: Guest, started: Started, info: DomainInfo, hypervisor: Hypervisor) -> None:
    """Raises a conflict for a guest that cannot be saved as it is."""
    config = started.config
    if devices_of(config.other.get("pci", ())) or any(map(is_hosts, usb_words(config.platform.usb_devices))):
        raise conflict(
            f"domain '{guest.name}' has a device of the host, whose state cannot be saved",
            f"take it away first: xm pci-list {guest.name}, xm usb-list {guest.name}",
        )
    if info.paused and (guest.kind is not Kind.HVM or await hypervisor.hvm_param(guest.domid, _CALLBACK_IRQ)):
        raise conflict(
            f"domain '{guest.name}' is paused, and its own drivers take part when it is saved on Xen",
            f"let it run first: xm unpause {guest.name}",
        )


async def save(guest: Guest, sink: SaveSink, xl: Xl, *, size: int, paused: bool) -> None:
    """Have xl put the guest, which has `size` bytes of memory and may be `paused`, into `sink`; its CPUs stand still
    then.

    Raises engine_failed, a conflict for one that has just begun to boot, and OSError where the sink takes no more: then
    it is `suspended.run_on` that lets it go on.
    """
    reader, writer = pipe()

    async def write() -> None:
        try:  # -c leaves the CPUs of a guest as they are: Xen counts how often one was paused
            words = ("-c" if paused else "-p", str(guest.domid), reachable(writer))
            await xl.run("save", *words, seconds=_SECONDS)
        except XeniaError as error:
            if _NO_KERNEL in error.message:
                raise _too_early(guest, error) from error
            raise
        finally:
            os.close(writer)

    try:
        await together(sink.state(reader, memory=0, expected=size), write())
    finally:
        os.close(reader)
        (_STATES / f"qemu-save.{guest.domid}").unlink(missing_ok=True)


async def write_out(domid: int, store: Xenstore) -> None:
    """Have on the host's disks what a guest that stands still has written. Raises OSError."""
    for device in await devices(store, domid, "vbd"):
        path = await store.read(f"{device.back}/params") or ""
        if device.backend == "vbd":
            await until(partial(_is_idle, Path(path).name), _WRITTEN_SECONDS)
        else:
            path = path.partition(":")[2]  # behind the format
        if path:
            await to_end(_flush, path)


def _too_early(guest: Guest, error: XeniaError) -> XeniaError:
    return conflict(
        f"domain '{guest.name}' cannot be saved yet: its kernel has not told Xen where its memory is ({error.message})",
        "save it when its system is up",
    )


def _is_idle(device: str) -> bool:
    """Whether no request is on its way (Linux Documentation/block/stat.rst, inflight)."""
    try:
        return not any(map(int, Path(f"/sys/class/block/{device}/inflight").read_text().split()))
    except OSError:
        return True


def _flush(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def end_saves() -> set[int]:
    """End every xl that writes into the pipe of a xend that is dead; the ids of the domains that they were saving."""
    ended = set()

    def meant(words: list[bytes]) -> bool:
        is_one = words[1:2] == [b"save"] and words[-1].startswith(b"/proc/") and words[-2].isdigit()
        if is_one:
            ended.add(int(words[-2]))
        return is_one

    end_processes(meant)
    return ended
