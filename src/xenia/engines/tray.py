"""The tray of a CD-ROM drive that QEMU emulates, on either engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from xenia.model.errors import XeniaError, conflict

UNLOCK_SECONDS = 2.0
_UNLOCK_PAUSE = 0.1
_LOCKED = "is locked"
"""What QEMU says (qmp_blockdev_open_tray) of a drive that the guest has locked; it has asked the guest then."""


async def open_tray(target: str, ask: Callable[[], Awaitable[object]]) -> None:
    """Have QEMU open the tray of the drive `target`; `ask` sends it blockdev-open-tray.

    A guest that has locked the drive is asked to give it free, and has a moment for that. Raises a conflict where it
    does not, and what else `ask` raises.
    """
    deadline = asyncio.get_running_loop().time() + UNLOCK_SECONDS
    while True:
        try:
            await ask()
            return
        except XeniaError as error:
            if _LOCKED not in error.message:
                raise
            if asyncio.get_running_loop().time() > deadline:
                raise conflict(
                    f"the guest has locked the drive {target}: it has the medium mounted",
                    "unmount it there, or take it away all the same with --force",
                ) from error
        await asyncio.sleep(_UNLOCK_PAUSE)
