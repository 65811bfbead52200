"""The screen of a guest, to be seen and typed into: a connection to the VNC server of its device model, which listens
on this host alone.
"""

from __future__ import annotations

import asyncio
import socket

from xenia.engines.xen.guest import Guest
from xenia.model.errors import engine_failed, invalid

_FIRST_PORT = 5900
_SECONDS = 10.0


async def open_screen(guest: Guest) -> socket.socket:
    """As engines.base.OpensScreens."""
    if guest.vnc is None:
        raise invalid(
            f"domain '{guest.name}' has no screen",
            "vnc = 1 in its guest file gives it one, without vncpasswd: on Xen there is no VNC with a password",
        )
    address, _, display = guest.vnc.rpartition(":")
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # keys that are typed go out at once
    place = (address.strip("[]"), _FIRST_PORT + int(display))
    try:
        async with asyncio.timeout(_SECONDS):
            await asyncio.get_running_loop().sock_connect(connection, place)
    except (OSError, TimeoutError) as error:
        connection.close()
        raise engine_failed(f"the screen of domain '{guest.name}' cannot be reached: {error}") from error
    return connection
