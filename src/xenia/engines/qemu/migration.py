"""QEMU's migration, to a file and from one, through a pipe.

QEMU never gets a descriptor of a save, in which xend writes down what to trust. When xend is gone, the pipe is, and
QEMU gives up.
"""

from __future__ import annotations

import asyncio
from typing import Any

from xenia.engines.qemu.pci import Qemu

_NAME = "save"
"""What QEMU calls its end of the pipe."""
_MOST_BANDWIDTH = 1 << 40
_LOOK_AGAIN = 0.005
_OVER = frozenset({"none", "completed", "failed", "cancelled"})


async def leave_memory_out(qemu: Qemu, *, wanted: bool) -> None:
    """Whether a migration is without the memory that QEMU shares (x-ignore-shared). Raises engine_failed."""
    await _set(qemu, {"x-ignore-shared": wanted, "background-snapshot": False})


async def let_run_on(qemu: Qemu) -> None:
    """A migration is one of a guest that runs on, with its memory in it. Raises engine_failed where QEMU finds that it
    may not protect the memory of this guest.
    """
    await _set(qemu, {"x-ignore-shared": False, "background-snapshot": True})


async def _set(qemu: Qemu, capabilities: dict[str, bool]) -> None:
    wanted = [{"capability": name, "state": state} for name, state in capabilities.items()]
    await qemu.execute("migrate-set-capabilities", {"capabilities": wanted})
    await qemu.execute("migrate-set-parameters", {"max-bandwidth": _MOST_BANDWIDTH})


async def migrate(qemu: Qemu, writer: int) -> None:
    """Have QEMU begin to write its state to `writer`. Raises engine_failed."""
    await _hand_over(qemu, writer)
    await qemu.execute("migrate", {"uri": f"fd:{_NAME}"})


async def migrate_from(qemu: Qemu, reader: int) -> None:
    """Have a QEMU that waits for it take in what comes from `reader`. Raises engine_failed."""
    await _hand_over(qemu, reader)
    await qemu.execute("migrate-incoming", {"uri": f"fd:{_NAME}"})


async def _hand_over(qemu: Qemu, descriptor: int) -> None:
    qemu.send(descriptor)
    await qemu.execute("getfd", {"fdname": _NAME})


async def until_over(qemu: Qemu) -> str:
    """Until no migration is under way; "" where the last has ended well, else why not. Raises engine_failed."""
    told = await _told(qemu)
    while told["status"] not in _OVER:  # its events may have come while no xend listened
        await asyncio.sleep(_LOOK_AGAIN)
        told = await _told(qemu)
    return "" if told["status"] == "completed" else str(told.get("error-desc", f"its migration has {told['status']}"))


async def under_way(qemu: Qemu) -> bool:
    """Whether a migration has not ended yet. Raises engine_failed."""
    return (await _told(qemu))["status"] not in _OVER


async def until_taken_in(qemu: Qemu) -> str:
    """As `until_over`, after `migrate_from`: QEMU knows of no migration before it has looked into the pipe, which may
    hold all of it by then.
    """
    told = await _told(qemu)
    while told["status"] == "none":
        await asyncio.sleep(_LOOK_AGAIN)
        told = await _told(qemu)
    return await until_over(qemu)


async def _told(qemu: Qemu) -> dict[str, Any]:
    told: dict[str, Any] = await qemu.execute("query-migrate")
    return {"status": "none"} | told


async def give_up(qemu: Qemu, *, background: bool) -> None:
    """End a save that an earlier xend has died in; the guest stands still then, where it was none in the `background`.
    Of that one the end is waited for, by who empties its pipe (background_pipe). Raises engine_failed.
    """
    if await under_way(qemu):
        if not background:
            await qemu.execute("migrate_cancel")
        await until_over(qemu)
