"""The screen of a guest whose VNC is not open: QEMU's server is handed a connection over the monitor."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from xenia.engines.xen import qmp
from xenia.engines.xen.display import has_screen
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.screen import open_screen
from xenia.engines.xen.screenshot import screenshot
from xenia.lib.png import png_of
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind, State
from xenia.model.errors import ErrorKind, XeniaError


class Qemu:
    """A monitor that takes a descriptor and speaks RFB on it, as `add_client` has QEMU do."""

    def __init__(self, listener: socket.socket, *, refuses: str = "") -> None:
        self.listener = listener
        self.refuses = refuses
        self.words = "no"
        self.dumps = b"P6\n2 1\n255\n" + bytes(6)
        self.asked: list[dict[str, Any]] = []

    def serve(self) -> None:
        connection, _ = self.listener.accept()
        taken: list[int] = []
        with connection:
            connection.sendall(b'{"QMP": {}}\n')
            rest = b""
            while True:
                data, descriptors, _, _ = socket.recv_fds(connection, 65536, 4)
                if not data:
                    break
                taken += descriptors
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    connection.sendall(self._answer(json.loads(line), taken))
        for descriptor in taken:
            os.close(descriptor)

    def _answer(self, request: dict[str, Any], taken: list[int]) -> bytes:
        self.asked.append(request)
        if request["execute"] == self.refuses:
            return json.dumps({"error": {"desc": self.words}}).encode() + b"\n"
        if request["execute"] == "add_client":
            os.write(taken[-1], b"RFB 003.008\n")
        if request["execute"] == "add-fd":
            return b'{"return": {"fdset-id": 3, "fd": 20}}\n'
        if request["execute"] == "screendump":
            os.write(taken[-1], self.dumps)
        return b'{"return": {}}\n'


@pytest.fixture
async def qemu(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Qemu]:
    with tempfile.TemporaryDirectory(prefix="qm") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/qmp-libxl-7")
        listener.listen()
        connect = qmp.connect
        monkeypatch.setattr(qmp, "connect", lambda domid: connect(domid, Path(folder)))
        yield Qemu(listener)


def guest(**others: Any) -> Guest:
    return Guest("u", 7, "web", Kind.HVM, State.RUNNING, **{"has_screen": True, **others})


async def test_a_screen_without_a_port_is_handed_over(qemu: Qemu) -> None:
    served = asyncio.get_running_loop().run_in_executor(None, qemu.serve)
    with await open_screen(guest()) as screen:
        assert not screen.getblocking()
        assert await asyncio.get_running_loop().sock_recv(screen, 100) == b"RFB 003.008\n"
        await served
        assert await asyncio.get_running_loop().sock_recv(screen, 100) == b"", "QEMU alone has the other end"
    assert [each["execute"] for each in qemu.asked] == ["qmp_capabilities", "getfd", "add_client"]
    assert qemu.asked[2]["arguments"] == {"protocol": "vnc", "fdname": "screen", "skipauth": True}


@pytest.mark.parametrize("refuses", ["getfd", "add_client"])
async def test_a_qemu_that_refuses_is_quoted(qemu: Qemu, refuses: str) -> None:
    qemu.refuses = refuses
    served = asyncio.get_running_loop().run_in_executor(None, qemu.serve)
    with pytest.raises(XeniaError, match=f"QEMU refuses {refuses}: no") as raised:
        await open_screen(guest())
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    await served


async def test_one_without_a_screen_is_told_so() -> None:
    with pytest.raises(XeniaError, match="has no screen"):
        await open_screen(guest(has_screen=False))
    assert not await screenshot(guest(has_screen=False), -1)


async def test_a_picture_is_dumped_and_made_a_png(qemu: Qemu, tmp_path: Path) -> None:
    served = asyncio.get_running_loop().run_in_executor(None, qemu.serve)
    with open(tmp_path / "picture.png", "wb") as picture:
        assert await screenshot(guest(), picture.fileno())
    await served
    assert (tmp_path / "picture.png").read_bytes() == png_of(qemu.dumps)
    asked = [(each["execute"], each["arguments"]) for each in qemu.asked[1:]]
    dumped = ("screendump", {"filename": "/dev/fdset/3"})
    assert asked == [("add-fd", {}), dumped, ("remove-fd", {"fdset-id": 3})]


@pytest.mark.parametrize(
    ("refuses", "dumps", "said"),
    [("screendump", b"", "QEMU refuses screendump: no"), ("", b"P6\n2 1\n255\n.", "QEMU made no picture: ")],
)
async def test_a_picture_that_is_none_is_told(
    qemu: Qemu, tmp_path: Path, refuses: str, dumps: bytes, said: str
) -> None:
    qemu.refuses, qemu.dumps = refuses, dumps
    served = asyncio.get_running_loop().run_in_executor(None, qemu.serve)
    with open(tmp_path / "picture.png", "wb") as picture:
        with pytest.raises(XeniaError, match=said) as raised:
            await screenshot(guest(), picture.fileno())
        assert picture.tell() == 0
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    await served
    assert qemu.asked[-1]["execute"] == "remove-fd"


async def test_one_whose_device_model_is_gone_is_told_so(qemu: Qemu) -> None:
    with pytest.raises(XeniaError, match="cannot be reached"):
        await open_screen(Guest("u", 8, "web", Kind.PV, State.RUNNING, has_screen=True))


@pytest.mark.parametrize(
    ("kind", "display", "shown"),
    [
        (Kind.HVM, Display(VgaModel.CIRRUS, sdl=True), True),
        (Kind.HVM, Display(VgaModel.CIRRUS), True),
        (Kind.HVM, Display(), False),
        (Kind.PV, Display(sdl=True), True),
        (Kind.PV, Display(vnc=True, vnc_password="secret"), True),
        (Kind.PVH, Display(), False),
    ],
)
def test_which_guests_have_a_screen(kind: Kind, display: Display, shown: bool) -> None:
    assert has_screen(DomainConfig("web", kind, display=display)) is shown


async def test_a_framebuffer_that_nobody_uses_yet_is_told(qemu: Qemu) -> None:
    qemu.refuses, qemu.words = "screendump", "There is no console to take a screendump from"
    served = asyncio.get_running_loop().run_in_executor(None, qemu.serve)
    with pytest.raises(XeniaError, match="domain 'web' shows nothing yet") as raised:
        await screenshot(guest(), -1)
    assert raised.value.kind is ErrorKind.CONFLICT
    await served
