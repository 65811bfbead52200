"""The relay in front of guests' screens, as Xen's device model needs it: in the clear and in TLS, beside socat."""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from _table import Row, main

from xenia.screen import process
from xenia.settings.certificate import Certificate, certificate_of

MIB = 1 << 20
AMOUNT = 512 * MIB
"""Of a screen, in each round."""
GOAL = 200.0
"""Megabytes in a second."""
_PIECE = bytes(1 << 18)

Connect = Callable[[], socket.socket]
"""A new viewer, who is let in and has heard nothing of the screen."""


def _screen(connection: socket.socket, *, rfb: bool) -> None:
    """A guest's own server, which lets everybody in (RFC 6143) and sends as much as it is let."""
    with connection:
        if rfb:
            connection.sendall(b"RFB 003.008\n\1\1")
            connection.recv(13, socket.MSG_WAITALL)
            connection.sendall(bytes(4))
        connection.recv(1)
        for _ in range(AMOUNT // len(_PIECE)):
            connection.sendall(_PIECE)


@contextmanager
def ours(certificate: Certificate, *, tls: bool) -> Iterator[tuple[Connect, int]]:
    """The relay as xend starts it; how to come in, and its process id."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place, door = listener.getsockname(), listener.dup()
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    relay = process.start(far, None, (certificate.chain, certificate.key))

    def answer() -> None:
        while message := near.recv(1 << 16):
            wanted = json.loads(message).get("wanted")
            if wanted is not None:
                screen, theirs = socket.socketpair()
                threading.Thread(target=_screen, args=(screen,), kwargs={"rfb": True}, daemon=True).start()
                with theirs:
                    socket.send_fds(near, [json.dumps({"screen": wanted}).encode()], [theirs.fileno()])

    def connect() -> socket.socket:
        viewer = socket.create_connection(place)
        return _let_in_by_tls(viewer) if tls else _let_in(viewer)

    order = {"open": "screen", "password": "", "tls": tls, "by_door": False}
    with door:
        socket.send_fds(near, [json.dumps(order).encode()], [door.fileno()])
    threading.Thread(target=answer, daemon=True).start()
    try:
        yield connect, relay.pid
    finally:
        relay.kill()
        relay.wait()
        near.close()


def _let_in(viewer: socket.socket) -> socket.socket:
    viewer.sendall(b"RFB 003.008\n")
    assert viewer.recv(14, socket.MSG_WAITALL) == b"RFB 003.008\n\1\1"
    viewer.sendall(b"\1")
    assert viewer.recv(4, socket.MSG_WAITALL) == bytes(4)
    return viewer


def _let_in_by_tls(viewer: socket.socket) -> socket.socket:
    """By VeNCrypt 0.2, X509None."""
    viewer.sendall(b"RFB 003.008\n\x13")
    assert viewer.recv(16, socket.MSG_WAITALL) == b"RFB 003.008\n\1\x13\0\2"
    viewer.sendall(b"\0\2" + (260).to_bytes(4))
    assert viewer.recv(7, socket.MSG_WAITALL) == b"\0\1" + (260).to_bytes(4) + b"\1"
    inner = _tls().wrap_socket(viewer)
    assert inner.recv(4) == bytes(4)
    return inner


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def socat(folder: Path, certificate: Certificate, *, tls: bool) -> Iterator[tuple[Connect, int]]:
    """For one visitor."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = folder / f"screen-{port}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        where = f"{port},bind=127.0.0.1,reuseaddr"
        words = f"OPENSSL-LISTEN:{where},cert={certificate.chain},key={certificate.key},verify=0"
        words = words if tls else f"TCP-LISTEN:{where}"
        relay = subprocess.Popen(["socat", "-b", str(len(_PIECE)), words, f"UNIX-CONNECT:{place}"])

        def connect() -> socket.socket:
            time.sleep(0.3)  # nothing tells that it listens, and a look at it would be its only visitor
            viewer = socket.create_connection(("127.0.0.1", port))
            viewer = _tls().wrap_socket(viewer) if tls else viewer
            threading.Thread(target=lambda: _screen(listener.accept()[0], rfb=False), daemon=True).start()
            return viewer

        try:
            yield connect, relay.pid
        finally:
            relay.kill()
            relay.wait()


def _measure(connect: Connect, pid: int) -> tuple[float, float]:
    """Megabytes in a second, and milliseconds of CPU time for a MiB."""
    heard, piece = 0, bytearray(len(_PIECE))
    with connect() as viewer:
        used, begun = _cpu_seconds(pid), time.perf_counter()
        viewer.sendall(b"\1")
        while heard < AMOUNT and (count := viewer.recv_into(piece)):
            heard += count
        seconds = time.perf_counter() - begun
        used = _cpu_seconds(pid) - used
    assert heard == AMOUNT, heard
    return AMOUNT / seconds / 1e6, used / (AMOUNT / MIB) * 1000


def _cpu_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def bench(options: argparse.Namespace) -> list[Row]:
    if shutil.which("socat") is None:
        raise SystemExit("this needs socat: apt-get install socat")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = certificate_of("", "", folder)
        for tls, what in ((False, "in the clear"), (True, "in TLS")):
            figures: tuple[list[tuple[float, float]], list[tuple[float, float]]] = [], []
            with ours(certificate, tls=tls) as relay:
                for _ in range(options.rounds):
                    figures[0].append(_measure(*relay))
                    with socat(folder, certificate, tls=tls) as other:
                        figures[1].append(_measure(*other))
            (our_speed, our_cost), (speed, cost) = (map(statistics.median, zip(*each, strict=True)) for each in figures)
            held = our_cost / cost < 1.15
            rows += [
                Row(f"a screen {what}", "MB/s", our_speed, speed, "socat", "200 MB/s", our_speed >= GOAL),
                Row(f"CPU time of 100 MiB, {what}", "ms", our_cost * 100, cost * 100, "socat", "within 15 %", held),
            ]
    return rows


if __name__ == "__main__":
    main(bench, __doc__ or "")
