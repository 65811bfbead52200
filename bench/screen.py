"""A guest's screen over TLS: what it costs xenia-web and xend, beside socat in front of QEMU's own port."""

from __future__ import annotations

import argparse
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _console import ThroughXenia, Way
from _table import Row, main
from _xend import create, destroy, xend
from web import SETTINGS, xenia_web

from xenia.client.console import Console
from xenia.client.remote import Place, Remote, look

SECONDS = 5.0
"""For which all of the screen is asked for, again and again; QEMU answers some 30 times a second."""
ENCODING_RAW = 0

_INIT = struct.Struct(">HHBBBBHHHBBBxxxI")
_UPDATE_REQUEST = struct.Struct(">BBHHHH")
_RECTANGLE = struct.Struct(">HHHHi")
MIB = 1 << 20

GUEST = """
name = "screen"
builder = "hvm"
memory = 32
vnc = 1
"""


class Tls:
    """To socat."""

    def __init__(self, port: int) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = context.wrap_socket(plain)

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def receive(self) -> bytes:
        return self._connection.recv(1 << 16)


class Viewer:
    """RFB 3.8 without a password (RFC 6143)."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._rest = b""
        self.received = 0
        self._way.send(self._take(12))
        self._take(self._take(1)[0])
        self._way.send(b"\x01")
        assert self._take(4) == bytes(4)
        self._way.send(b"\x01")
        self._width, self._height, bits, *_, name = _INIT.unpack(self._take(_INIT.size))
        self._take(name)
        self._bytes = bits // 8
        self._way.send(struct.pack(">BxHi", 2, 1, ENCODING_RAW))

    def look(self) -> None:
        """All of the screen, once."""
        self._way.send(_UPDATE_REQUEST.pack(3, 0, 0, 0, self._width, self._height))
        kind = self._take(1)
        assert kind == b"\0", kind
        for _ in range(struct.unpack(">xH", self._take(3))[0]):
            _, _, width, height, encoding = _RECTANGLE.unpack(self._take(_RECTANGLE.size))
            assert encoding == ENCODING_RAW, encoding
            self._take(width * height * self._bytes)

    def _take(self, count: int) -> bytes:
        pieces, length = [self._rest], len(self._rest)
        while length < count:
            pieces.append(self._way.receive())
            length += len(pieces[-1])
        self.received += count
        whole = b"".join(pieces)
        self._rest = whole[count:]
        return whole[:count]


@contextmanager
def socat(root: Path, port: int) -> Iterator[tuple[int, int]]:
    """In front of `port`, by TLS: its own port and process id."""
    chain, key = root / "var/lib/xenia/web/certificate.pem", root / "var/lib/xenia/web/key.pem"
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = free.getsockname()[1]
    words = f"OPENSSL-LISTEN:{own},bind=127.0.0.1,cert={chain},key={key},verify=0,reuseaddr"
    process = subprocess.Popen(["socat", "-b", "262144", words, f"TCP:127.0.0.1:{port},nodelay"])
    try:
        time.sleep(0.5)  # nothing tells that it listens, and a look at it would be its only visitor
        yield own, process.pid
    finally:
        process.kill()
        process.wait()


def bench(_options: argparse.Namespace) -> list[Row]:
    if shutil.which("socat") is None:
        raise SystemExit("this needs socat: apt-get install socat")
    with xend(settings=SETTINGS) as (client, root, pid), xenia_web(root) as (connect, web):
        secret = client.post("/tokens", {"label": "bench"})["secret"]
        create(client, GUEST)
        display = client.get("/domains/screen")["domain"]["vnc"]
        with connect() as visitor:
            place = Place("127.0.0.1", visitor.getpeername()[1])
        remote = Remote(place, secret=secret, fingerprint=look(place)[0])
        console = Console.connect(remote, "screen", door="vncviewer")
        ours = _cost(Viewer(ThroughXenia(console)), pid, web)
        console.close()
        with socat(root, 5900 + int(display.rpartition(":")[2])) as (port, relay):
            theirs = _cost(Viewer(Tls(port)), relay)
        destroy(client, "screen")
    ratio = ours[1] / theirs[1]
    return [
        Row("screen, all of it again and again", "MiB/s", ours[0], theirs[0], "socat"),
        Row("CPU time of a MiB, xend and xenia-web", "ms", ours[1], theirs[1], "socat", "within 15 %", ratio < 1.15),
        Row("so much could go through one core", "MiB/s", 1000 / ours[1], 1000 / theirs[1], "socat", "200 MB/s"),
    ]


def _cost(viewer: Viewer, *pids: int) -> tuple[float, float]:
    """MiB in a second, and the milliseconds of CPU time that the processes use for one."""
    viewer.look()
    before, received, begun = sum(map(_cpu_seconds, pids)), viewer.received, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        viewer.look()
    seconds, mib = time.perf_counter() - begun, (viewer.received - received) / MIB
    return mib / seconds, (sum(map(_cpu_seconds, pids)) - before) / mib * 1000


def _cpu_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main(bench, __doc__ or "")
