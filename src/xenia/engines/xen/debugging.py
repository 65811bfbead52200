"""Looking into domains and Xen itself: signals, the monitor of a device model, debug keys, Xen's own messages."""

from __future__ import annotations

from pathlib import Path

from xenia.engines.xen.guest import Guest
from xenia.engines.xen.xl import Xl
from xenia.model.domain import Kind
from xenia.model.errors import conflict, invalid
from xenia.model.signal import Trigger

_MONITORS = Path("/run/xen")
"""libxl keeps the monitor of a device model in it, as qmp-libxl-DOMID."""
_BUTTONS = frozenset({Trigger.POWER, Trigger.SLEEP, Trigger.S3RESUME})


async def send(xl: Xl, guest: Guest, trigger: Trigger, vcpu: int | None) -> str:
    """As SendsSignals.trigger. Xen has no INIT on x86 (arch/x86/domctl.c, XEN_DOMCTL_sendtrigger)."""
    if trigger is Trigger.INIT:
        raise invalid(
            "Xen sends no INIT to a virtual CPU on x86", "xm reset starts the guest over; xm trigger DOMAIN nmi"
        )
    if trigger in _BUTTONS and guest.kind is not Kind.HVM:
        raise invalid(
            f"domain '{guest.name}' is a {guest.kind} guest: it has no ACPI buttons, and no sleep to wake up from",
            f"xm shutdown {guest.name} asks its Xen drivers",
        )
    await xl.run("trigger", str(guest.domid), trigger.value, str(vcpu or 0))
    return ""


async def ask_device_model(xl: Xl, guest: Guest, command: str) -> str:
    """As HasMonitor.monitor_command."""
    if not (_MONITORS / f"qmp-libxl-{guest.domid}").exists():
        raise conflict(
            f"domain '{guest.name}' has no device model: Domain-0's kernel serves it its disks and cards",
            "xl network-list and xl block-list show those",
        )
    return await xl.run("qemu-monitor-command", str(guest.domid), command)


async def send_debug_keys(xl: Xl, keys: str) -> None:
    await xl.run("debug-keys", keys)


async def read_log(xl: Xl, *, clear: bool) -> str:
    return await xl.run("dmesg", *(["-c"] if clear else []))
