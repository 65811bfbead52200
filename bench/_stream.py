"""Both ends of a stream between two guests: `receive ADDRESS` tells that it is ready; `send ADDRESS MIB` and
`datagrams ADDRESS COUNT` tell the seconds it took.
"""

from __future__ import annotations

import socket
import sys
import time

_PORT = 5001
_MIB = 1 << 20
_SMALL = bytes(64)


def receive(address: str) -> None:
    """Take streams, one at a time, each until its end, and say so to the sender; leave datagrams unread."""
    place = bytearray(_MIB)
    with (
        socket.create_server((address, _PORT)) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf,
    ):
        deaf.bind((address, _PORT))
        print("ready", flush=True)
        while True:
            stream, _ = listener.accept()
            with stream:
                while stream.recv_into(place):
                    pass
                stream.send(b".")


def send(address: str, mib: int) -> float:
    content = bytes(_MIB)
    begun = time.perf_counter()
    with socket.create_connection((address, _PORT)) as stream:
        for _ in range(mib):
            stream.sendall(content)
        stream.shutdown(socket.SHUT_WR)
        stream.recv(1)
        return time.perf_counter() - begun


def datagrams(address: str, count: int) -> float:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((address, _PORT))
        begun = time.perf_counter()
        for _ in range(count):
            sender.send(_SMALL)
        return time.perf_counter() - begun


if __name__ == "__main__":
    verb, target, *amount = sys.argv[1:]
    if verb == "receive":
        receive(target)
    print((send if verb == "send" else datagrams)(target, int(amount[0])), flush=True)
