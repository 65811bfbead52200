"""Who has an image, among all domains of this Xen: those of xend, and those that others have started.

Locks on files do not reach block devices, and xl takes none; but xenstore tells what every disk backend uses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from xenia.engines.xen.xenstore import Xenstore
from xenia.model.disk import DiskMode
from xenia.model.errors import ResourceError, conflict
from xenia.storage.lock import holder_key
from xenia.storage.loop import LOOP_MAJOR, backing_of
from xenia.storage.open import OpenedDisk

_BACKENDS = ("vbd", "qdisk")
_NUMBERS = re.compile(r"([0-9a-f]+):([0-9a-f]+)")

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Holder:
    """A domain that has an image; `writes` tells how."""

    domid: int
    writes: bool


async def refuse_shared(disks: Sequence[OpenedDisk], store: Xenstore) -> None:
    """Raises ResourceError (a conflict) for an image that another domain writes to, or that would be written under
    another domain's feet. Disks of mode `w!` are shared on purpose.
    """
    claims = [opened for opened in disks if opened.layers and opened.disk.mode is not DiskMode.SHARED]
    held = await _holders(store) if claims else {}
    for opened in claims:
        top = opened.layers[0]
        key = _behind(holder_key(top.descriptor))
        for holder in held.get(key, ()) if key is not None else ():
            if holder.writes or top.writable:
                name = await store.read(f"/local/domain/{holder.domid}/name") or "?"
                message = f"'{top.path}' is in use: domain '{name}' (id {holder.domid}) has it"
                raise ResourceError(
                    f"disk[{opened.disk.item}]", conflict(message, f"end that one first: xm shutdown {name}")
                )


async def _holders(store: Xenstore) -> dict[Key, list[Holder]]:
    held: dict[Key, list[Holder]] = {}
    for kind in _BACKENDS:
        folder = f"/local/domain/0/backend/{kind}"
        for domid in await store.directory(folder):
            for device in await store.directory(f"{folder}/{domid}"):
                path = f"{folder}/{domid}/{device}"
                key = await (_of_vbd(store, path) if kind == "vbd" else _of_qdisk(store, path))
                if key is not None:
                    mode = await store.read(f"{path}/mode") or "w"
                    held.setdefault(key, []).append(Holder(int(domid), mode != "r"))
    return held


async def _of_vbd(store: Xenstore, path: str) -> Key | None:
    match = _NUMBERS.fullmatch(await store.read(f"{path}/physical-device") or "")
    if match is None:
        return None
    return _behind((os.makedev(int(match[1], 16), int(match[2], 16)), 0))


async def _of_qdisk(store: Xenstore, path: str) -> Key | None:
    """Its params are `FORMAT:PATH`."""
    image = (await store.read(f"{path}/params") or "").partition(":")[2]
    try:
        descriptor = os.open(image, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC) if image else -1
    except OSError:
        return None
    if descriptor < 0:
        return None
    try:
        return _behind(holder_key(descriptor))
    finally:
        os.close(descriptor)


def _behind(key: Key) -> Key | None:
    """A loop device is the file behind it (None: it has none any more), any other image is itself."""
    device, inode = key
    if inode == 0 and os.major(device) == LOOP_MAJOR:
        return backing_of(f"/dev/loop{os.minor(device)}")
    return key
