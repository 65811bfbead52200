"""Ending domains, so that nothing of them is left: no device model, no entry in xenstore, no xl still at work."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from xenia.engines.xen.hypervisor import Hypervisor
from xenia.engines.xen.xenstore import Xenstore
from xenia.engines.xen.xl import Xl
from xenia.lib.steps import warn
from xenia.model.errors import XeniaError

log = logging.getLogger(__name__)

_GONE_SECONDS = 20.0
_LOOK_AGAIN = 0.05
_BACKEND_FOLDER = "/local/domain/0/backend"


async def destroy(domid: int, hypervisor: Hypervisor, store: Xenstore, xl: Xl) -> None:
    """End a domain at once and return when nothing of it is left. Raises engine_failed when it cannot be ended."""
    try:
        await xl.run("destroy", str(domid))
    except XeniaError:
        if await _is_there(domid, hypervisor):
            raise
    await _until_gone(domid, hypervisor)
    end_device_model(domid)
    await _sweep(domid, store)


async def _is_there(domid: int, hypervisor: Hypervisor) -> bool:
    return any(info.domid == domid and not info.dying for info in await hypervisor.domains())


async def _until_gone(domid: int, hypervisor: Hypervisor) -> None:
    """One that is dying still waits for drivers to give its memory back; it can do nothing any more."""
    for _ in range(int(_GONE_SECONDS / _LOOK_AGAIN)):
        if all(info.domid != domid for info in await hypervisor.domains()):
            return
        await asyncio.sleep(_LOOK_AGAIN)  # the last step is told by no event
    warn(log, "domain %d is ended, but Xen still holds memory of it: a driver has not given it back", domid)


async def _sweep(domid: int, store: Xenstore) -> None:
    """What an xl that was killed has not removed. An id is not given again before the host has had 32,000 domains."""
    for kind in await store.directory(_BACKEND_FOLDER):
        if str(domid) in await store.directory(f"{_BACKEND_FOLDER}/{kind}"):
            await store.remove(f"{_BACKEND_FOLDER}/{kind}/{domid}")
    vm = await store.read(f"/local/domain/{domid}/vm") or ""
    if vm.startswith("/vm/"):
        await store.remove(vm)
    for path in (f"/local/domain/{domid}", f"/local/domain/0/device-model/{domid}", f"/libxl/{domid}"):
        await store.remove(path)


def end_xl_of(configs: Iterable[Path]) -> None:
    """End every xl that reads one of `configs`: it belongs to a xend that is dead, and would go on starting a guest."""
    names = {os.fspath(path).encode() for path in configs}
    end_processes(lambda words: words[1:2] in ([b"create"], [b"restore"]) and not names.isdisjoint(words))


def end_device_model(domid: int) -> None:
    """End the QEMU that emulates devices for a domain."""
    end_processes(lambda words: _is_device_model(words, domid))


def end_processes(meant: Callable[[list[bytes]], bool]) -> None:
    """SIGKILL to every process whose words are `meant`, and to what it has started with it."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if meant(words):
                pid = int(process.name)
                if os.getpgid(pid) == pid:
                    os.killpg(pid, signal.SIGKILL)
                else:
                    os.kill(pid, signal.SIGKILL)


def _is_device_model(words: list[bytes], domid: int) -> bool:
    """libxl starts a QEMU with `-xen-domid N`."""
    places = [index for index, word in enumerate(words) if word == b"-xen-domid"]
    return any(words[index + 1 : index + 2] == [str(domid).encode()] for index in places) and domid != 0
