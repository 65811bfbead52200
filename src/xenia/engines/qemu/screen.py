"""The screen of a guest, to be seen and typed into: a connection to QEMU's VNC server, past its password and port."""

from __future__ import annotations

import socket

from xenia.engines.qemu.guest import Guest
from xenia.model.errors import invalid

_NAME = "screen"
"""What QEMU calls its end while it is handed over."""


async def open_screen(guest: Guest) -> socket.socket:
    """As engines.base.OpensScreens."""
    if not guest.has_screen:
        raise invalid(
            f"domain '{guest.name}' has no screen", "vnc = 1 in its guest file gives it one; its console: xm console"
        )
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            guest.send(theirs.fileno())
            await guest.execute("getfd", {"fdname": _NAME})
        await guest.execute("add_client", {"protocol": "vnc", "fdname": _NAME, "skipauth": True})
    except BaseException:
        ours.close()
        raise
    ours.setblocking(False)
    return ours
