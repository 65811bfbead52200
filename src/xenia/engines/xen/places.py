"""Where a domain's consoles, display and cards are, as xenstore tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from xenia.engines.base import ConsoleKind
from xenia.engines.xen.xenstore import Xenstore

_FIRST_PORT = 5900
_CONSOLE_SECONDS = 10.0
_LOGS = Path("/var/log/xen/console")
"""Where xenconsoled writes unless it is told otherwise (tools/console/daemon/main.c in Xen)."""
_TTYS = {ConsoleKind.PARAVIRTUAL: "console/tty", ConsoleKind.SERIAL: "serial/0/tty"}


async def consoles(store: Xenstore, domid: int, *, serial: bool) -> Mapping[ConsoleKind, Path]:
    """The terminals of a domain's text consoles: xenconsoled's for the paravirtual one, QEMU's for the serial one.

    An HVM guest (`serial`) speaks on the serial one; the other is there for guests that know Xen. xenconsoled takes a
    moment to make its terminal; one that it has not made within 10 seconds is missing.
    """
    found = {}
    for kind in (ConsoleKind.SERIAL, ConsoleKind.PARAVIRTUAL) if serial else (ConsoleKind.PARAVIRTUAL,):
        tty = await store.wait_for(f"/local/domain/{domid}/{_TTYS[kind]}", _CONSOLE_SECONDS)
        if tty is not None and tty.startswith("/dev/"):
            found[kind] = Path(tty)
    return found


def kept_log(name: str) -> Path | None:
    """Where xenconsoled logs the console of a domain; None for a name that is none of a file."""
    return None if "/" in name or "\0" in name else _LOGS / f"guest-{name}.log"


async def vnc(store: Xenstore, domid: int) -> str | None:
    """`address:display`; None where VNC is not open, or only by a socket of its own."""
    port = await store.read(f"/local/domain/{domid}/console/vnc-port")
    listen = await store.read(f"/local/domain/{domid}/console/vnc-listen")
    if port is None or not port.isdigit() or listen is None or listen.startswith("unix:"):
        return None
    return f"{listen or '127.0.0.1'}:{int(port) - _FIRST_PORT}"


async def start_time(store: Xenstore, uuid: str) -> float | None:
    """When libxl has started a domain, in seconds since the epoch; None where it does not say."""
    text = await store.read(f"/vm/{uuid}/start_time") or ""
    return float(text) if re.fullmatch(r"\d{1,12}(?:\.\d*)?", text) else None


async def vifs(store: Xenstore, domid: int) -> tuple[str, ...]:
    """The host's ends of its cards, in their order. A name of the guest file's own counts."""
    numbers = await store.directory(f"/local/domain/0/backend/vif/{domid}")
    names = []
    for number in sorted((number for number in numbers if number.isdigit()), key=int):
        given = await store.read(f"/local/domain/0/backend/vif/{domid}/{number}/vifname")
        names.append(given or f"vif{domid}.{number}")
    return tuple(names)
