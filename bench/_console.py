"""A guest's console: ways to it, and a key with its echo."""

from __future__ import annotations

import select
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from _xend import create

from xenia.client.console import Console
from xenia.client.http import Client
from xenia.images.demo import DemoGuest, make

PATIENCE = 180.0
"""Seconds: QEMU may have to emulate the guest."""


class Way(Protocol):
    def send(self, data: bytes) -> None: ...

    def receive(self) -> bytes: ...


class Direct:
    """QEMU's own end of a console, with nothing between."""

    def __init__(self, path: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(path))

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def receive(self) -> bytes:
        ready, _, _ = select.select([self._connection], [], [], PATIENCE)
        assert ready, "the guest says nothing"
        return self._connection.recv(1 << 16)


class ThroughXenia:
    """A console or screen that xend or xenia-web shows; its own calls never wait."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def send(self, data: bytes) -> None:
        self._console.send(data)

    def receive(self) -> bytes:
        while not (data := self._console.receive()):
            assert self._console.end is None, self._console.end
            ready, _, _ = select.select([self._console], [], [], PATIENCE)
            assert ready, "the guest says nothing"
        return data


class Keys:
    """Somebody who types one `digit` into the shell of the small guest; who else looks at it types another. Digits: the
    shell itself says none."""

    def __init__(self, way: Way, digit: bytes) -> None:
        self._way = way
        self._digit = digit
        self._heard = b""
        self._until(b" is up")
        self._until(b"# ")
        self._way.send(b"\recho 'xenia:'typed\r")
        self._until(b"xenia:typed\r\n")
        self._until(b"# ")

    def press(self) -> float:
        """Seconds until the guest's terminal has repeated it."""
        begun = time.perf_counter()
        self._way.send(self._digit)
        self._until(self._digit)
        return time.perf_counter() - begun

    def _until(self, said: bytes) -> None:
        while said not in self._heard:
            piece = self._way.receive()
            assert piece, "the console has ended"
            self._heard += piece
        self._heard = self._heard.partition(said)[2]


def guest(client: Client, folder: Path) -> DemoGuest:
    """The small guest, with a shell, started by xend; it is `echo`."""
    guest = make(folder, name="echo")
    create(client, guest.file.read_text())
    return guest


@contextmanager
def alone(guest: DemoGuest, folder: Path) -> Iterator[Path]:
    """The same guest in a QEMU that nobody manages: the socket of its console."""
    path = folder / "console"
    words = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-m", "128", "-no-reboot"]
    words += ["-kernel", str(guest.kernel), "-initrd", str(guest.ramdisk), "-append", "console=hvc0"]
    words += ["-chardev", f"socket,id=console,path={path},server=on,wait=off", "-device", "virtio-serial"]
    process = subprocess.Popen([*words, "-device", "virtconsole,chardev=console"])
    try:
        while not path.exists():
            assert process.poll() is None, "QEMU has ended"
            time.sleep(0.02)
        yield path
    finally:
        process.kill()
        process.wait()
