"""The screen of a guest, to be seen and typed into: a connection to the VNC server of its device model. Where that
listens, on this host alone, it is one to its port; where it does not, the server is handed one over the monitor.
"""

from __future__ import annotations

import asyncio
import socket

from xenia.engines.xen import qmp
from xenia.engines.xen.guest import Guest
from xenia.model.errors import engine_failed, invalid

_FIRST_PORT = 5900
_SECONDS = 10.0
_NAME = "screen"
"""What QEMU calls its end while it is handed over."""


async def open_screen(guest: Guest) -> socket.socket:
    """As engines.base.OpensScreens."""
    if guest.vnc is not None:
        return await _connect(guest, guest.vnc)
    if not guest.has_screen:
        raise invalid(
            f"domain '{guest.name}' has no screen", "vnc = 1 in its guest file gives it one; its console: xm console"
        )
    ours, theirs = socket.socketpair()
    try:
        async with qmp.connect(guest.domid) as qemu:
            with theirs:
                qemu.send(theirs.fileno())
                await qemu.execute("getfd", fdname=_NAME)
            await qemu.execute("add_client", protocol="vnc", fdname=_NAME, skipauth=True)
    except BaseException:
        theirs.close()
        ours.close()
        raise
    ours.setblocking(False)
    return ours


async def _connect(guest: Guest, place: str) -> socket.socket:
    """To the port at `place` (address:display)."""
    address, _, display = place.rpartition(":")
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # keys that are typed go out at once
    where = (address.strip("[]"), _FIRST_PORT + int(display))
    try:
        async with asyncio.timeout(_SECONDS):
            await asyncio.get_running_loop().sock_connect(connection, where)
    except (OSError, TimeoutError) as error:
        connection.close()
        raise engine_failed(f"the screen of domain '{guest.name}' cannot be reached: {error}") from error
    return connection
