"""xenia-web: lists, small reads, events and a console over TLS, beside xend's own socket and QEMU's."""

from __future__ import annotations

import argparse
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from _console import Direct, Keys, ThroughXenia, alone, guest
from _table import Row, interleaved, main, median_ms
from _xend import BIN, create, xend

from xenia.client.console import Console
from xenia.client.http import Client
from xenia.client.remote import Place, Remote, look

MANY = 1_000
READS = 2_000
AT_ONCE = 8

SETTINGS = """\
[web]
address = "127.0.0.1"
port = 0
"""


class Connection:
    """One that is kept, as a browser's is; `socket` leads to xend itself or, by TLS, to xenia-web."""

    def __init__(self, connection: socket.socket, secret: str = "") -> None:
        self._connection = connection
        known = f"Authorization: Bearer {secret}\r\n" if secret else ""
        self._head = f"HTTP/1.1\r\nHost: a\r\n{known}\r\n"

    def get(self, path: str) -> bytes:
        self._connection.sendall(f"GET {path} {self._head}".encode())
        answer = bytearray()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._connection.recv(1 << 18)
        length = re.search(rb"(?i)content-length: (\d+)", answer[:end])
        assert answer.startswith(b"HTTP/1.1 200"), bytes(answer)
        assert length is not None, bytes(answer)
        while len(answer) < end + 4 + int(length[1]):
            answer += self._connection.recv(1 << 18)
        return bytes(answer[end + 4 :])

    def lines(self, path: str) -> Iterator[bytes]:
        """The lines of an answer without an end, as they come."""
        self._connection.sendall(f"GET {path} {self._head}".encode())
        rest = b""
        while piece := self._connection.recv(1 << 16):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole


@contextmanager
def xenia_web(root: Path) -> Iterator[tuple[Callable[[], socket.socket], int]]:
    """A running one, for the xend below `root`: how to connect to it, and its process id."""
    output = root / "web.out"
    with output.open("wb") as out:
        process = subprocess.Popen([BIN / "xenia-web", "--root", root], stdout=out, stderr=out)
    try:
        while not (found := re.search(r"127\.0\.0\.1:(\d+)", output.read_text())):
            assert process.poll() is None, output.read_text()
            time.sleep(0.02)
        trusts = ssl.create_default_context(cafile=root / "var/lib/xenia/web/certificate.pem")
        port = int(found[1])

        def connect() -> socket.socket:
            plain = socket.create_connection(("127.0.0.1", port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return trusts.wrap_socket(plain, server_hostname="127.0.0.1")

        yield connect, process.pid
    finally:
        process.terminate()
        process.wait()


def bench(options: argparse.Namespace) -> list[Row]:
    with xend("--engine", "simulated", settings=SETTINGS) as (client, root, pid), xenia_web(root) as (connect, web):
        secret = client.post("/tokens", {"label": "bench"})["secret"]
        through, direct = Connection(connect(), secret), Connection(_to_xend(client))
        reads = _reads(lambda: Connection(connect(), secret), (pid, web))
        ours = _reads(lambda: Connection(_to_xend(client)), (pid,))
        event = _events(client, through, options.rounds)
        for number in range(MANY):
            create(client, f'name = "many{number}"\nbuilder = "hvm"\nmemory = 1\n')
        through, direct = Connection(connect(), secret), Connection(_to_xend(client))
        lists = interleaved(options.rounds, lambda: _list(through), lambda: _list(direct))
    listed, of_xend = (median_ms(each) for each in lists)
    echo, of_qemu, local = _echoes(options.rounds)
    return [
        Row(f"list of {MANY} domains", "ms", listed, of_xend, "xend's socket", "under 30 ms", listed < 30),
        Row("an event reaches a listener", "ms", event, goal="under 20 ms", ok=event < 20),
        Row(f"small reads, {AT_ONCE} at once", "/s", reads[0], ours[0], "xend's socket", "2,000/s", reads[0] >= 2000),
        Row("CPU time of one of them, xend and xenia-web", "ms", reads[1], ours[1], "xend's socket"),
        Row("a key's echo from a guest's console", "ms", echo, of_qemu, "QEMU's", "20 ms more", echo - of_qemu < 20),
        Row("the same on the host itself", "ms", local, of_qemu, "QEMU's"),
    ]


def _echoes(rounds: int) -> tuple[float, float, float]:
    """Milliseconds through xenia-web, from QEMU with nothing between, and through xend alone."""
    with xend(settings=SETTINGS) as (client, root, _), xenia_web(root) as (connect, _):
        secret = client.post("/tokens", {"label": "bench"})["secret"]
        with connect() as visitor:
            place = Place("127.0.0.1", visitor.getpeername()[1])
        remote = Remote(place, secret=secret, fingerprint=look(place)[0])
        small = guest(client, root / "var/lib/xen/echo")
        with alone(small, root) as path:
            direct = Direct(path)  # at once: nobody keeps for it what the guest says
            keys = (
                Keys(ThroughXenia(Console.connect(remote, "echo")), b"1"),
                Keys(direct, b"2"),
                Keys(ThroughXenia(Console.connect(client, "echo")), b"3"),
            )
            ours, theirs, local = interleaved(rounds, *(each.press for each in keys))
    return median_ms(ours), median_ms(theirs), median_ms(local)


def _to_xend(client: Client) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(client.socket_path)
    return connection


def _list(connection: Connection) -> float:
    begun = time.perf_counter()
    content = connection.get("/v1/domains")
    seconds = time.perf_counter() - begun
    assert len(json.loads(content)["domains"]) == MANY + 1
    return seconds


def _reads(connect: Callable[[], Connection], pids: tuple[int, ...]) -> tuple[float, float]:
    """Small reads in a second, and the milliseconds of CPU time that the processes use for one."""
    connections = [connect() for _ in range(AT_ONCE)]
    each = READS // AT_ONCE
    for connection in connections:
        connection.get("/v1/domains/0")
    threads = [
        threading.Thread(target=lambda connection=connection: [connection.get("/v1/domains/0") for _ in range(each)])
        for connection in connections
    ]
    before, begun = sum(map(_cpu_seconds, pids)), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    return each * AT_ONCE / seconds, (sum(map(_cpu_seconds, pids)) - before) / (each * AT_ONCE) * 1000


def _events(client: Client, through: Connection, rounds: int) -> float:
    """Milliseconds from the request that makes something happen to its event at a listener."""
    create(client, 'name = "events"\nbuilder = "hvm"\nmemory = 1\n')
    lines = through.lines("/v1/events")
    while not next(lines).startswith(b":"):
        pass
    taken = []
    for number in range(rounds):
        begun = time.perf_counter()
        client.post(f"/domains/events/{'unpause' if number % 2 else 'pause'}", {})
        while not next(lines).startswith(b"data:"):
            pass
        taken.append(time.perf_counter() - begun)
    client.post("/domains/events/destroy?wait=10", {})
    return median_ms(taken)


def _cpu_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main(bench, __doc__ or "")
