"""Whether an RDP server answers somewhere: the first exchange of the protocol and no more ([MS-RDPBCGR] 1.3.1.1).

A request to connect (X.224 Connection Request in a TPKT, RFC 1006) is answered by any RDP server before it knows who
comes; what is a guest's answer is a stranger's word: bounded, in length and in time.
"""

from __future__ import annotations

import socket
import struct
import time

PORT = 3389

_TPKT = struct.Struct(">BxH")
"""Version 3, then the length of all of it."""
_VERSION = 3
_LONGEST = 512
_REQUEST, _CONFIRM = 0xE0, 0xD0
_PROTOCOLS = 0x0B
"""What is offered ([MS-RDPBCGR] 2.2.1.1.1): TLS, CredSSP, its later form. A server takes one, or none of them."""


class NoDesktop(Exception):
    """Why there is none: `why` in words. `listens`: there is something, but no RDP server."""

    def __init__(self, why: str, *, listens: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.listens = listens


def request() -> bytes:
    """The X.224 Connection Request with an RDP Negotiation Request."""
    negotiation = struct.pack("<BBHI", 1, 0, 8, _PROTOCOLS)
    tpdu = struct.pack(">BHHB", _REQUEST, 0, 0, 0) + negotiation
    return _TPKT.pack(_VERSION, _TPKT.size + 1 + len(tpdu)) + bytes([len(tpdu)]) + tpdu


def knock(address: str, port: int, seconds: float) -> None:
    """Return when an RDP server answers at `port` of `address` within `seconds`. Raises NoDesktop."""
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((address, port), timeout=seconds) as connection:
            try:
                connection.sendall(request())
                version, length = _TPKT.unpack(_read(connection, _TPKT.size, deadline))
                if version != _VERSION or not 11 <= length <= _LONGEST:
                    raise NoDesktop("what answers is no RDP server", listens=True)
                said = _read(connection, length - _TPKT.size, deadline)
            except TimeoutError:
                raise NoDesktop(f"no RDP server answers within {seconds:g} s", listens=True) from None
            except (EOFError, ConnectionError):
                raise NoDesktop("what listens there hangs up", listens=True) from None
    except TimeoutError:
        raise NoDesktop(f"nothing answers within {seconds:g} s") from None
    except ConnectionRefusedError:
        raise NoDesktop("nothing listens there") from None
    except (OSError, UnicodeError) as error:
        raise NoDesktop(getattr(error, "strerror", None) or str(error)) from None
    if said[1] != _CONFIRM:
        raise NoDesktop("what answers is no RDP server", listens=True)


def _read(connection: socket.socket, length: int, deadline: float) -> bytes:
    received = b""
    while len(received) < length:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        data = connection.recv(length - len(received))
        if not data:
            raise EOFError
        received += data
    return received
