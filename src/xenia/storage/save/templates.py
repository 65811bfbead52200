"""The memory of saves that many guests go on from: in a file in memory that all of them map, each for itself.

It is sealed (memfd_create(2), F_SEAL_WRITE): whoever has it open, a QEMU too, can neither change it nor cut it off, so
no guest reaches another through it. A guest shares with the others what it has not written to.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from dataclasses import dataclass, replace

from xenia.lib.meminfo import available_memory
from xenia.storage.save.reader import OpenedSave

SECONDS = 60.0
"""How long the memory is kept after it was last asked for; the next clone finds it ready."""

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
_NAME = "xenia-template"


@dataclass(slots=True)
class _Kept:
    descriptor: int
    timer: asyncio.TimerHandle


class Templates:
    """Those that are kept, by the names of their saves."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._turn = asyncio.Lock()

    async def of(self, save: OpenedSave) -> OpenedSave:
        """`save`, with its memory in such a file, checked to the last byte, and open for as long as a start takes. As
        it is where there is no memory in it, or too little for it on the host. Raises as OpenedSave.fill.
        """
        if not save.memory:
            return save
        async with self._turn:
            known = self._kept.pop(save.info.id, None)
            if known is not None:
                known.timer.cancel()
                descriptor = known.descriptor
            elif available_memory() < 2 * save.memory:
                return save
            else:
                descriptor = await _template(save)
            timer = asyncio.get_running_loop().call_later(SECONDS, self._forget, save.info.id)
            self._kept[save.info.id] = _Kept(descriptor, timer)
        return replace(save, template=descriptor)

    def _forget(self, identity: str) -> None:
        kept = self._kept.pop(identity, None)
        if kept is not None:
            os.close(kept.descriptor)

    def close(self) -> None:
        """Let go of all; guests keep what they have mapped."""
        for identity, kept in tuple(self._kept.items()):
            kept.timer.cancel()
            self._forget(identity)


async def _template(save: OpenedSave) -> int:
    descriptor = os.memfd_create(_NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, save.memory)
        await save.fill(descriptor)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
