"""Overlays and merges of simulated guests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from xenia.engines.simulated.host import SimulatedGuest, SimulatedHost
from xenia.model.domain import State
from xenia.model.layers import Merge
from xenia.storage.open import OpenedDisk


async def put_overlays(host: SimulatedHost, guest: SimulatedGuest, overlays: Sequence[OpenedDisk]) -> None:
    await host.step("put overlays")
    for opened in overlays:
        guest.disks[opened.disk.target] = opened.disk.path
        guest.bitmaps.pop(opened.disk.target, None)
    await host.step("overlays put")


async def merge(
    host: SimulatedHost,
    guest: SimulatedGuest,
    wanted: Merge,
    switched: Callable[[], Awaitable[None]],
    tell: Callable[[float], None],
) -> None:
    await host.step("merge")
    tell(0.5)
    written = guest.disks[wanted.target]
    if written == wanted.lower:
        await switched()
        return
    host.merge(wanted.upper, wanted.lower)
    await host.step("merge begun")
    if written != wanted.upper:
        for image in host.images.values():
            if image.base == wanted.upper:
                image.base = wanted.lower
                image.changed += 1
        await switched()
        return
    runs = guest.state is State.RUNNING
    guest.state = State.PAUSED if runs else guest.state
    host.merge(wanted.upper, wanted.lower)
    guest.disks[wanted.target] = wanted.lower
    await host.step("merged")
    await switched()
    if runs:
        guest.state = State.RUNNING
