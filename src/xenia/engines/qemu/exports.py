"""A disk that is offered over NBD as it was at one moment, while its guest writes on.

Between drive and image lies a filter: what the guest is about to overwrite is put into another image before, the
fleecing image. A node beside it shows both as the disk of that moment, and QEMU's own NBD server offers that, at a
socket of xend's. A QEMU has one such server, and so offers one disk at a time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from socket import socket
from typing import Any

from xenia.engines.qemu.bitmaps import put_beside
from xenia.engines.qemu.block_jobs import SLOW, forget
from xenia.engines.qemu.descriptors import copied
from xenia.engines.qemu.disk import device_name
from xenia.engines.qemu.nodes import FILTER, STORE, drives_of, exported, exported_by, tops_of
from xenia.engines.qemu.pci import Qemu
from xenia.engines.qemu.process import Process
from xenia.engines.qemu.sets import next_sets
from xenia.lib.aio import undisturbed
from xenia.model.errors import XeniaError, conflict, engine_failed, unavailable
from xenia.storage.open import OpenedDisk

_SHOWN = "moment-"
_EXPORT = "export"

_LONGEST = 20
"""Seconds that the guest waits for what it overwrites to be kept; its own drivers lose patience after 30."""

_CLIENTS = 16


async def size_of(qemu: Qemu, target: str) -> int:
    """What the guest sees of a disk, in bytes. Raises engine_failed."""
    inserted = (await drives_of(qemu)).get(target)
    if inserted is None:
        raise _no_image(target)
    return int(inserted["image"]["virtual-size"])


async def begin(qemu: Qemu, process: Process, store: OpenedDisk, listener: socket, bitmap: str) -> None:
    """As engines.base.ExportsDisks.begin_export."""
    target = store.disk.target
    if not await _keeps_the_guest_running(qemu):
        raise unavailable(
            "the QEMU of this guest cannot offer a disk without holding up the guest: QEMU 7.1 and newer can",
            "make a snapshot, and back up what lies below it",
        )
    if other := await exported(qemu):
        raise conflict(f"the disk {other} is exported already, and QEMU offers one disk of a guest at a time")
    top = (await tops_of(qemu)).get(target)
    if top is None:
        raise _no_image(target)
    sets = await next_sets(qemu)
    path = sets.fdset([each.descriptor for each in store.layers], "fleecing image", f"{STORE}{target}")
    try:
        await sets.hand_over()
        for node in _filter(target, top, path):
            await qemu.execute("blockdev-add", node)
        await _have(qemu, target, f"{FILTER}{top}")
        shown = {"driver": "snapshot-access", "node-name": f"{_SHOWN}{target}", "file": f"{FILTER}{top}"}
        await qemu.execute("blockdev-add", {**shown, "read-only": True})
        if bitmap:  # after that moment, so that it has all that was changed until then
            await put_beside(qemu, target, bitmap, f"{STORE}{target}")
        await _offer(qemu, target, listener, bitmap)
    except BaseException:
        with contextlib.suppress(XeniaError):
            await undisturbed(end(qemu, process, target))
        raise


def _filter(target: str, top: str, path: str) -> Iterator[dict[str, Any]]:
    store = f"{STORE}{target}"
    file = {"driver": "file", "filename": path, "locking": "off", "discard": "unmap"}
    yield {"driver": "qcow2", "node-name": store, "backing": None, "discard": "unmap", "file": file}
    filters = {"driver": "copy-before-write", "node-name": f"{FILTER}{top}", "file": top, "target": store}
    yield {**filters, "on-cbw-error": "break-snapshot", "cbw-timeout": _LONGEST}


async def _have(qemu: Qemu, target: str, node: str) -> None:
    """Have the drive of a disk use this node."""
    drive = {"path": f"/machine/peripheral/{device_name(target)}", "property": "drive", "value": node}
    await qemu.execute("qom-set", drive, seconds=SLOW)


async def _offer(qemu: Qemu, target: str, listener: socket, bitmap: str) -> None:
    qemu.send(listener.fileno())
    await qemu.execute("getfd", {"fdname": _EXPORT})
    try:
        address = {"type": "fd", "data": {"str": _EXPORT}}
        await qemu.execute("nbd-server-start", {"addr": address, "max-connections": _CLIENTS})
    except BaseException:
        with contextlib.suppress(XeniaError):
            await qemu.execute("closefd", {"fdname": _EXPORT})
        raise
    bitmaps = [{"node": f"{STORE}{target}", "name": bitmap}] if bitmap else []
    export = {"type": "nbd", "id": _EXPORT, "node-name": f"{_SHOWN}{target}", "name": "", "bitmaps": bitmaps}
    await qemu.execute("block-export-add", export)


async def end(qemu: Qemu, process: Process, target: str) -> None:
    """As engines.base.ExportsDisks.end_export. Raises engine_failed."""
    with contextlib.suppress(XeniaError):  # there is none
        await qemu.execute("nbd-server-stop", seconds=SLOW)
    await forget(qemu, [f"{_SHOWN}{target}"], ())
    drives = await drives_of(qemu)
    name = str(drives.get(target, {}).get("node-name", ""))
    if name.startswith(FILTER):
        await _have(qemu, target, name.removeprefix(FILTER))
    await forget(qemu, [*await _filters(qemu, target), f"{STORE}{target}"], ())
    for each in await qemu.execute("query-fdsets"):
        if any(fd.get("opaque") == f"{STORE}{target}" for fd in each["fds"]):
            for fd in each["fds"]:
                _empty(process, fd["fd"])
            await forget(qemu, (), [each["fdset-id"]])


def _empty(process: Process, number: int) -> None:
    """QEMU closes a descriptor only while its guest runs: what is in the image is given back at once."""
    with contextlib.suppress(XeniaError, OSError), copied(process, number) as copy:
        os.ftruncate(copy, 0)


async def settle(qemu: Qemu, process: Process) -> None:
    """End what an earlier xend has died in. Raises engine_failed."""
    nodes = await qemu.execute("query-named-block-nodes", {"flat": True})
    sets = await qemu.execute("query-fdsets")
    owners = [fd.get("opaque", "") for each in sets for fd in each["fds"]]
    for target in {exported_by(name) for name in (*(str(each["node-name"]) for each in nodes), *owners)} - {""}:
        await end(qemu, process, target)


async def _filters(qemu: Qemu, target: str) -> list[str]:
    told = await qemu.execute("query-named-block-nodes", {"flat": True})
    names = (str(each["node-name"]) for each in told)
    return [name for name in names if name.startswith(FILTER) and exported_by(name) == target]


async def _keeps_the_guest_running(qemu: Qemu) -> bool:
    """Whether QEMU gives up what it offers rather than the guest's writes; it may be older than the installed one."""
    schema = await qemu.execute("query-qmp-schema", seconds=SLOW)
    return any(_has_member(each, "on-cbw-error") for each in schema)


def _has_member(entity: Mapping[str, Any], name: str) -> bool:
    return any(member.get("name") == name for member in entity.get("members", ()) if isinstance(member, Mapping))


def _no_image(target: str) -> XeniaError:
    return engine_failed(f"QEMU has no image in {target} any more")
