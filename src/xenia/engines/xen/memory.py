"""Whether a guest fits into the host's memory, and what Domain-0 may give up for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from xenia.engines.xen.hypervisor import Hypervisor
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.xl import Xl
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import XeniaError, engine_failed, unavailable

_BALLOON_SECONDS = 30.0
_RESIZE_SECONDS = 5.0
_LOOK_AGAIN = 0.2
_NEAR = 16
"""MiB: in what Xen counts for a guest there are also its video memory and a few pages of its device model."""


def needed(config: DomainConfig) -> int:
    """MiB that Xen takes for a guest: its memory, what libxl reserves for page tables (1 MiB a CPU and 8 KiB for each
    MiB, libxl__get_required_paging_memory), and some for itself.
    """
    most = max(config.memory, config.max_memory or 0)
    paging = config.vcpus + most * 8 // 1024 if config.kind is not Kind.PV else 0
    return config.memory + paging + 3


async def make_room(config: DomainConfig, settings: XenSettings, hypervisor: Hypervisor, xl: Xl) -> None:
    """Raises unavailable, with the numbers, when the guest does not fit.

    Where the setting allows it, Domain-0 gives up what is missing, but never below its minimum.
    """
    wanted, told = needed(config), await hypervisor.host()
    free = _free(told)
    if free >= wanted:
        return
    own = (await hypervisor.domains())[0].mem_kb // 1024
    missing, spare = wanted - free, own - settings.dom0_min_mem
    if not settings.dom0_ballooning or missing > spare:
        raise _too_little(config, settings, wanted, free, own)
    await xl.run("mem-set", "0", f"{own - missing}m")
    try:
        async with asyncio.timeout(_BALLOON_SECONDS):
            while _free(await hypervisor.host()) < wanted:  # noqa: ASYNC110  # Xen tells nobody
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        raise _too_little(config, settings, wanted, _free(await hypervisor.host()), own) from None


async def resize(domid: int, size: int, hypervisor: Hypervisor, xl: Xl) -> int:
    """Have a guest come to `size` MiB; what it has when it is there, or after some seconds.

    Raises unavailable where the host does not have what it is to get, engine_failed.
    """
    more, free = size - await _has(domid, hypervisor), _free(await hypervisor.host())
    if more > free:
        raise unavailable(
            f"{more} MiB more are wanted, and {free} MiB of the host's memory are free", "end another guest"
        )
    await xl.run("mem-set", str(domid), f"{size}m")
    with suppress(TimeoutError):
        async with asyncio.timeout(_RESIZE_SECONDS):
            while abs(await _has(domid, hypervisor) - size) > _NEAR:  # noqa: ASYNC110  # Xen tells nobody
                await asyncio.sleep(_LOOK_AGAIN)
    has = await _has(domid, hypervisor)
    return size if abs(has - size) <= _NEAR else has


async def _has(domid: int, hypervisor: Hypervisor) -> int:
    """Raises engine_failed when it is gone."""
    for info in await hypervisor.domains():
        if info.domid == domid:
            return info.mem_kb // 1024
    raise engine_failed("there is no such domain any more")


def _free(told: dict[str, Any]) -> int:
    return int(told["free_memory"] + told.get("scrub_memory", 0)) // 1024


def _too_little(config: DomainConfig, settings: XenSettings, wanted: int, free: int, own: int) -> XeniaError:
    spare = max(own - settings.dom0_min_mem, 0)
    if settings.dom0_ballooning:
        hint = f"give it less, or end another guest; Domain-0 has {own} MiB and keeps {settings.dom0_min_mem} of them"
    else:
        hint = (
            f"give it less, or end another guest; or let Domain-0 give up what it can ({spare} of its {own} MiB): "
            "dom0_ballooning = true in xend.toml"
        )
    return unavailable(
        f"domain '{config.name}' needs {wanted} MiB of the host's memory (its own {config.memory}, the rest for Xen), "
        f"and {free} MiB are free",
        hint,
    )
