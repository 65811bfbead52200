"""The memory of a guest, written to a file by xl."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from xenia.engines.xen.ends import end_processes
from xenia.engines.xen.xl import Xl, reachable
from xenia.lib.aio import Tasks

_SECONDS = 3600.0
_LOOK_AGAIN = 0.5


async def dump(domid: int, core: int, size: int, xl: Xl, tell: Callable[[float], None]) -> None:
    """Have xl write the memory of a domain, some `size` bytes, to the open file `core`. Raises engine_failed,
    timed_out.
    """
    watching = Tasks()
    watching.start(_watch(core, size, tell), name=f"the core of domain {domid}")
    try:
        await xl.run("dump-core", str(domid), reachable(core), seconds=_SECONDS)
    finally:
        await watching.close()


def end_dumps() -> None:
    """End every xl that writes a core into a file of a xend that is dead."""
    end_processes(lambda words: words[1:2] == [b"dump-core"] and words[-1].startswith(b"/proc/"))


async def _watch(core: int, size: int, tell: Callable[[float], None]) -> None:
    """xl does not say how far it is, but the file does."""
    while True:
        await asyncio.sleep(_LOOK_AGAIN)
        tell(min(1.0, os.fstat(core).st_size / size))
