"""An image offered to programs of others over NBD, read-only: what a guest that has it would see.

The socket is xend's own, and so is the folder of the unix ones; what is left of them by an xend that was killed is
removed by the next. Who reads the format has no rights, as always (`qemu_img`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from xenia.lib.text import printable
from xenia.model.errors import engine_failed, invalid, unavailable
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.images.serve import Layer, offered, served

_FOLDER_MODE = 0o711
_LAST_PORT = 65535
_WAITING = 16
"""Clients that may wait to be let in."""


async def export(image: Sequence[Layer], listener: socket.socket, qemu_img: QemuImg) -> None:
    """Offer an image, from the top down, to all who connect to `listener`, until this is cancelled. Raises unavailable
    where a program is missing, engine_failed where the image cannot be read.
    """
    async with served(image) as connections:
        said = await offered(qemu_img.confined(), image, connections, listener)
        raise engine_failed(f"the image cannot be offered: {printable(said)[:500]}")


@contextmanager
def unix_listener(path: Path, owner: int | None) -> Iterator[socket.socket]:
    """A socket that `owner` alone may connect to. It is gone at the end. Raises invalid for one who is no user of this
    host's own, OSError.
    """
    if owner is None:
        raise invalid("a socket of this host is of no use to who comes over the network", "say where: --listen")
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    path.parent.chmod(_FOLDER_MODE)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(path))
            path.chmod(0o600)  # nobody can connect before it listens
            if owner != os.geteuid():
                os.chown(path, owner, -1)
            listener.listen(_WAITING)
            yield listener
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def tcp_listener(address: str) -> Iterator[socket.socket]:
    """A socket that everybody who reaches `address` (HOST:PORT, HOST being a numeric address) may connect to. Raises
    invalid for what is none, unavailable where it is taken.
    """
    host, _, port = address.rpartition(":")
    try:
        if not host or not 0 < int(port) <= _LAST_PORT:
            raise ValueError(address)
        (family, _, _, _, place), *_ = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_PASSIVE
        )
    except (OSError, ValueError, OverflowError) as error:
        raise invalid(f"'{printable(address)}' is no address and port", "for example: 192.0.2.1:10809") from error
    with socket.socket(family) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(_WAITING)
        except OSError as error:
            raise unavailable(
                f"cannot listen at {printable(address)}: {error.strerror}", "choose another port"
            ) from error
        yield listener


def remove_left_over(folder: Path) -> None:
    """Remove the sockets of an xend that was killed."""
    for path in folder.glob("*.sock"):
        path.unlink(missing_ok=True)
