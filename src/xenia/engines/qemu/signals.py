"""Signals for a guest: keys of Magic SysRq, the buttons and interrupts of its machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from xenia.model.errors import invalid
from xenia.model.signal import Trigger

Execute = Callable[..., Awaitable[Any]]

_NOT_HERE = {
    Trigger.INIT: ("QEMU sends no INIT to a virtual CPU", "xm reset starts the guest over; xm trigger DOMAIN nmi"),
    Trigger.SLEEP: ("the machines of QEMU have no sleep button", "xm pause stops the guest's CPUs"),
    Trigger.S3RESUME: (
        "a guest on QEMU cannot suspend itself to memory: its machine is made without that",
        "xm unpause lets a paused guest run on",
    ),
}


async def press_sysrq(execute: Execute, key: str) -> None:
    """Alt, SysRq and `key` on the guest's keyboard. Raises engine_failed."""
    keys = [{"type": "qcode", "data": code} for code in ("alt", "sysrq", key)]
    await execute("send-key", {"keys": keys})


async def send(execute: Execute, trigger: Trigger, vcpu: int | None) -> str:
    """As SendsSignals.trigger."""
    if trigger in _NOT_HERE:
        raise invalid(*_NOT_HERE[trigger])
    if trigger is Trigger.POWER:
        await execute("system_powerdown")
        return ""
    await execute("inject-nmi")  # on x86 to each CPU (hw/i386/x86.c, x86_nmi)
    return "" if vcpu is None else "QEMU gives an NMI to all virtual CPUs of a guest at once"
