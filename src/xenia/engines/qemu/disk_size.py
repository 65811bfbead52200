"""A disk that becomes larger while its guest has it."""

from __future__ import annotations

from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.nodes import tops_of
from xenia.engines.qemu.slots import slots_of
from xenia.model.domain import DomainConfig
from xenia.model.errors import engine_failed

_TELL_NOBODY = frozenset({"ide-hd", "floppy"})
"""Drives whose size a guest asks for once."""


async def grow(guest: Guest, config: DomainConfig, target: str, size: int) -> bool:
    """As engines.base.WorksOnDisks.grow_disk. Raises engine_failed."""
    top = (await tops_of(guest)).get(target)
    if top is None:
        raise engine_failed(f"QEMU has no image in {target} any more")
    await guest.execute("block_resize", {"node-name": top, "size": size})
    slot = next((slot for disk, slot in slots_of(config) if disk.target == target), None)
    return slot is not None and slot.driver not in _TELL_NOBODY
