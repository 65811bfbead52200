"""A guest that was stopped to be saved, and is to go on here: what xl does itself, unless it is cut off."""

from __future__ import annotations

from xenia.engines.xen import qmp
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.hypervisor import Hypervisor
from xenia.engines.xen.transaction import Transaction
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.domain import Kind

_LATE_SECONDS = 60.0
"""How long a guest that has begun to suspend itself may take for it (Linux gives up freezing a task after 20)."""


async def run_on(guest: Guest, hypervisor: Hypervisor, store: Xenstore) -> None:
    """Let a guest go on, wherever its xl was cut off. One that suspends itself later, being on its way, is known by
    `Guest.runs_on`. Raises engine_failed, unavailable.
    """
    await _withdraw(guest.domid, store)
    guest.run_on_for(_LATE_SECONDS)
    if any(info.domid == guest.domid and info.suspended for info in await hypervisor.domains()):
        await resume(guest, hypervisor, store)


async def resume(guest: Guest, hypervisor: Hypervisor, store: Xenstore) -> None:
    """Let a guest that is suspended go on; one that is paused as well stays so. Raises engine_failed, unavailable."""
    if guest.kind is Kind.HVM:
        async with qmp.connect(guest.domid) as qemu:
            await qemu.execute("cont")
    await hypervisor.resume(guest.domid)
    await store.resume(guest.domid)


async def _withdraw(domid: int, store: Xenstore) -> None:
    """Ask a guest that has not begun to suspend itself no longer to do so."""
    folder = f"/local/domain/{domid}/control"

    async def write(changes: Transaction) -> None:
        if await changes.read(f"{folder}/shutdown") == "suspend":
            await changes.write(folder, {"shutdown": ""})

    await store.atomically(write)
