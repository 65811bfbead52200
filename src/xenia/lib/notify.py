"""Telling a service manager how far xend is (sd_notify(3), without its library)."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send `state` (`READY=1`, `STOPPING=1`) to where NOTIFY_SOCKET points; nothing where it does not."""
    manager = service_manager()
    if manager is not None:
        with suppress(OSError), manager:
            manager.send(state.encode())


def service_manager() -> socket.socket | None:
    """A connection to where NOTIFY_SOCKET points, for a process that will not see it any more when it is ready; None
    where it points nowhere.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return None
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        manager.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
    except OSError:
        manager.close()
        return None
    return manager
