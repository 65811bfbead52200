"""The memory of saves that many guests go on from: in a file in memory that all of them map, each for itself.

It is sealed (memfd_create(2), F_SEAL_WRITE): whoever has it open, a QEMU too, can neither change it nor cut it off, so
no guest reaches another through it. A guest shares with the others what it has not written to.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, replace

from xenia.lib.meminfo import available_memory
from xenia.storage.save.reader import OpenedSave

SECONDS = 60.0
"""How long the memory is kept after it was last asked for; the next clone finds it ready. Longer where clones are held
ready.
"""

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
_NAME = "xenia-template"


@dataclass(slots=True)
class _Kept:
    descriptor: int
    timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


class Templates:
    """Those that are kept, by the names of their saves."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._for_good: frozenset[str] = frozenset()
        self._turn = asyncio.Lock()

    async def of(self, save: OpenedSave, held: ExitStack) -> OpenedSave:
        """`save`, with its memory in such a file, checked to the last byte, and open for as long as `held`. As it is
        where there is no memory in it, or too little for it on the host. Raises as OpenedSave.fill.
        """
        if not save.memory:
            return save
        async with self._turn:
            known = self._kept.pop(save.info.id, None)
            if known is not None:
                known.stop()
                descriptor = known.descriptor
            elif available_memory() < 2 * save.memory:
                return save
            else:
                descriptor = await _template(save)
            self._kept[save.info.id] = _Kept(descriptor)
            self._let_age(save.info.id)
            own = os.dup(descriptor)
        held.callback(os.close, own)
        return replace(save, template=own)

    def keep(self, identities: Collection[str]) -> None:
        """These are kept, once they are there, until this is called without them."""
        gone, self._for_good = self._for_good.difference(identities), frozenset(identities)
        for identity in self._for_good.intersection(self._kept):
            self._kept[identity].stop()
        for identity in gone:
            self._forget(identity)

    def size(self, identity: str) -> int:
        """Bytes of memory that the one of this save takes; 0 where there is none."""
        known = self._kept.get(identity)
        return os.fstat(known.descriptor).st_blocks * 512 if known is not None else 0

    def _let_age(self, identity: str) -> None:
        if identity not in self._for_good:
            self._kept[identity].timer = asyncio.get_running_loop().call_later(SECONDS, self._forget, identity)

    def _forget(self, identity: str) -> None:
        kept = self._kept.pop(identity, None)
        if kept is not None:
            kept.stop()
            os.close(kept.descriptor)

    def close(self) -> None:
        """Let go of all; guests keep what they have mapped."""
        for identity in tuple(self._kept):
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
