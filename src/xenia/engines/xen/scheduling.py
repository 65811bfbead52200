"""Shares of CPU time, as xl sched-credit and sched-credit2 tell and set them (xl_sched.c)."""

from __future__ import annotations

import asyncio
import re

from xenia.engines.xen.xl import Xl
from xenia.model.scheduling import Share

SCHEDULERS = ("credit2", "credit")
"""Those with weights, Xen's default first."""

_LINE = re.compile(r".*?\s(?P<domid>\d+)\s+(?P<weight>\d+)\s+(?P<cap>\d+)\s*")


async def read_shares(xl: Xl) -> dict[int, Share]:
    """By domain id; each of the two commands lists the domains that its scheduler runs. Raises engine_failed."""
    told = await asyncio.gather(*(xl.run(f"sched-{scheduler}") for scheduler in SCHEDULERS))
    pairs = zip(SCHEDULERS, told, strict=True)
    return {domid: share for scheduler, text in pairs for domid, share in read_list(text, scheduler).items()}


def read_list(text: str, scheduler: str) -> dict[int, Share]:
    """By domain id. What is no line of a domain is passed over: a heading for each CPU pool."""
    lines = (_LINE.fullmatch(line) for line in text.splitlines())
    return {int(line["domid"]): Share(scheduler, int(line["weight"]), int(line["cap"])) for line in lines if line}


async def set_share(domid: int, share: Share, xl: Xl) -> None:
    """Raises engine_failed."""
    await xl.run(f"sched-{share.scheduler}", "-d", str(domid), "-w", str(share.weight), "-c", str(share.cap))
