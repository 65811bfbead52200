"""A real listener that answers as an RDP server does, or otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

REQUEST = bytes.fromhex("0300 0013 0e e0 0000 0000 00 01 00 0800 0b000000")
"""[MS-RDPBCGR] 4.1.1, without a cookie: TPKT, X.224 Connection Request, RDP Negotiation Request."""
CONFIRM = bytes.fromhex("0300 0013 0e d0 0000 1234 00 02 01 0800 02000000")
"""4.1.2: X.224 Connection Confirm, RDP Negotiation Response."""
PLAIN_CONFIRM = bytes.fromhex("0300 000b 06 d0 0000 1234 00")
"""What a Windows XP answers, which negotiates nothing."""


@contextmanager
def rdp_server(answer: bytes = CONFIRM) -> Iterator[tuple[int, list[bytes]]]:
    """Its port, and what was asked of it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(len(REQUEST), socket.MSG_WAITALL))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
    assert not thread.is_alive()
