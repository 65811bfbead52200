"""A guest that has ended lets go of what another guest is to have, and becomes another domain.

Its backends are removed from xenstore, and the drivers of Domain-0 close what they have open: asking the guest's own
drivers first, as xl does, would only wait for what is dead.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from xenia.engines.xen.ends import end_device_model
from xenia.engines.xen.hypervisor import Hypervisor
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.errors import timed_out

_KINDS = ("vbd", "qdisk", "vif", "vkbd", "vfb")
_USERDATA = Path("/var/lib/xen")
_DRIVEN = Path("/sys/bus/xen-backend/devices")
_LOOK_AGAIN = 0.05
_SECONDS = 10.0


async def let_go(domid: int, store: Xenstore) -> None:
    """Disks, cards, display and whatever emulates them. Raises engine_failed, unavailable, timed_out."""
    disks = [await _device(domid, number, store) for number in await store.directory(_backend("vbd", domid))]
    end_device_model(domid)
    for kind in _KINDS:
        for path in (_backend(kind, domid), f"/local/domain/{domid}/device/{kind}", f"/libxl/{domid}/device/{kind}"):
            await store.remove(path)
    await _until_closed(domid, {disk for disk in disks if disk})


async def become(domid: int, old: str, new: str, store: Xenstore, hypervisor: Hypervisor) -> None:
    """Give the domain, whose UUID is `old`, the UUID `new`: in xenstore, in libxl's own files, in the hypervisor last.

    Raises engine_failed, unavailable.
    """
    await store.write(f"/vm/{new}/uuid", new)
    await store.write(f"/local/domain/{domid}/vm", f"/vm/{new}")
    for path in _USERDATA.glob(f"userdata-?.{domid}.{old}.*"):
        with suppress(FileNotFoundError):
            path.rename(path.with_name(path.name.replace(old, new)))
    await hypervisor.set_handle(domid, UUID(new).bytes)


def _backend(kind: str, domid: int) -> str:
    return f"/local/domain/0/backend/{kind}/{domid}"


async def _device(domid: int, number: str, store: Xenstore) -> str:
    return await store.read(f"{_backend('vbd', domid)}/{number}/physical-device-path") or ""


async def _until_closed(domid: int, disks: set[str]) -> None:
    """The drivers remove their devices in their own time, and the loop devices below go with them. Nothing tells."""
    for _ in range(int(_SECONDS / _LOOK_AGAIN)):
        if not any(_DRIVEN.glob(f"v[bi]*-{domid}-*")) and not any(map(_is_loop, disks)):
            return
        await asyncio.sleep(_LOOK_AGAIN)
    raise timed_out(f"the drivers of Domain-0 do not let go of the devices of domain {domid}")


def _is_loop(device: str) -> bool:
    """Whether it still is a loop device over a file."""
    return device.startswith("/dev/loop") and Path(f"/sys/block/{Path(device).name}/loop").exists()
