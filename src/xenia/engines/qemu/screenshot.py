"""A picture of what a guest's screen shows."""

from __future__ import annotations

from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.sets import next_sets


async def screenshot(guest: Guest, picture: int) -> bool:
    """Have QEMU write it to the open file `picture`, as PNG; False for a guest without a screen. Raises engine_failed.

    QEMU opens a file by its name only: the name of a set of descriptors.
    """
    if not guest.has_screen:
        return False
    sets = await next_sets(guest)
    name = sets.fdset([picture], "picture", "picture")
    await sets.hand_over()
    try:
        await guest.execute("screendump", {"filename": name, "format": "png"})
    finally:
        for number in sets.numbers:
            await guest.execute("remove-fd", {"fdset-id": number})
    return True
