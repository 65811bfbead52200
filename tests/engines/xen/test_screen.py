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
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind, State
from xenia.model.errors import ErrorKind, XeniaError


class Qemu:
    """A monitor that takes a descriptor and speaks RFB on it, as `add_client` has QEMU do."""

    def __init__(self, listener: socket.socket, *, refuses: str = "") -> None:
        self.listener = listener
        self.refuses = refuses
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
            return b'{"error": {"desc": "no"}}\n'
        if request["execute"] == "add_client":
            os.write(taken[-1], b"RFB 003.008\n")
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
