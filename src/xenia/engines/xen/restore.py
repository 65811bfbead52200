"""Starting a guest from a save: xl makes its devices as at any start, and takes its memory from a pipe."""

from __future__ import annotations

import os
from pathlib import Path

from xenia.engines.base import SaveSource
from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.xl import Xl, reachable
from xenia.lib.aio import together
from xenia.lib.pipe import pipe
from xenia.model.errors import conflict, denied

_SECONDS = 24 * 3600.0


def traits_of(facts: XenFacts) -> dict[str, str]:
    """What must fit where a guest of this Xen is restored."""
    return {"version": facts.version, "cpu": _host_cpu()}


def _host_cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def refuse_elsewhere(save: SaveSource, facts: XenFacts) -> None:
    """Raises denied for a save that somebody else can have written, a conflict for one that does not go with this Xen
    and this host.
    """
    if not save.trusted:
        raise denied(
            "this save does not belong to root alone, and Xen's tools, which read it as root, trust what is in it",
            "where it is known to be what xm save has written: chown root FILE; chmod 600 FILE",
        )
    saved, own = save.info.traits.get("version", ""), facts.version
    if _numbers(saved) > _numbers(own):
        raise conflict(f"it was saved by Xen {saved}, and this Xen {own} is older", f"install Xen {saved}")
    cpu, here = save.info.traits.get("cpu"), _host_cpu()
    if cpu != here:
        raise conflict(f"it was saved on the CPU {cpu}, and this host has {here}", "restore it on a host with that CPU")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


async def go_on_from(save: SaveSource, config: Path, xl: Xl) -> None:
    """Have xl make the domain of `config` from `save`, paused. Raises invalid for a save that is damaged,
    engine_failed; whatever xl has left behind is for the caller to remove.
    """
    reader, writer = pipe()

    async def feed() -> None:
        try:
            await save.feed(writer)
        finally:
            os.close(writer)

    try:
        await together(feed(), xl.run("restore", "-e", "-p", os.fspath(config), reachable(reader), seconds=_SECONDS))
    finally:
        os.close(reader)
