"""Sessions with their real process, and FreeRDP's server as the guest."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.freerdp import shared_desktop
from tests.support.rdcleanpath import Answer, decode, length_of, request
from tests.support.rdp_server import REQUEST
from tests.support.waiting import until

from xenia.desktop.sessions import MOST, DesktopSessions
from xenia.model.errors import XeniaError

UID = 61_000 if os.geteuid() == 0 else None
LIMIT = 60.0
WITH_TLS = REQUEST[:-4] + bytes((1, 0, 0, 0))
"""Without CredSSP, which only who has a password can begin."""


async def begun(connection: socket.socket, asked: bytes) -> Answer:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, asked)
    data = b""
    async with asyncio.timeout(LIMIT):
        while len(data) < 4 or len(data) < length_of(data):
            piece = await loop.sock_recv(connection, 1 << 16)
            assert piece, data
            data += piece
    return decode(data)


def processes() -> list[int]:
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                words = (each / "cmdline").read_bytes().split(b"\0")
                parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if b"xenia.desktop.relay_main" in words and parent == os.getpid():
                found.append(int(each.name))
    return found


async def begun_process() -> int:
    """That of the session. Who has started it hears of that a moment before it has its words (execve(2))."""
    await until(processes)
    (pid,) = processes()
    return pid


async def test_a_real_server_begins_a_session(tmp_path: Path) -> None:
    with shared_desktop(tmp_path) as place:
        guest = socket.socket(socket.AF_UNIX)
        guest.connect(str(place))
        with DesktopSessions(UID).session(guest, "192.0.2.7") as connection:
            found = await begun(connection, request(WITH_TLS))
            assert found.error is None
            assert found.address == "192.0.2.7"
            assert found.x224 is not None
            assert found.x224[15] == 1  # it has chosen TLS
            assert found.chain is not None
            assert "BEGIN CERTIFICATE" in ssl.DER_cert_to_PEM_cert(found.chain[0])


async def test_its_process_has_no_rights_and_ends_with_it() -> None:
    guest, far = socket.socketpair()
    with far, DesktopSessions(UID).session(guest, "192.0.2.7") as connection:
        await begun_process()
        assert (await begun(connection, request(b"nothing"))).error == (1, 400)  # so it is confined by now
    assert processes() == []
    guest, far = socket.socketpair()
    with far, DesktopSessions(UID).session(guest, "192.0.2.7") as connection:
        pid = await begun_process()
        await asyncio.get_running_loop().sock_sendall(connection, request(REQUEST))
        far.settimeout(LIMIT)
        assert await asyncio.to_thread(far.recv, 100) == REQUEST
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        assert status["NoNewPrivs"] == "1"
        if UID is not None:
            assert status["CapEff"] == status["CapPrm"] == "0" * 16
            assert status["Uid"].split() == [str(UID)] * 4
            assert Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
            assert "deleted" in str(Path(f"/proc/{pid}/root").readlink())
    assert processes() == []


async def test_there_are_so_many_and_no_more() -> None:
    sessions = DesktopSessions(UID)
    with ExitStack() as opened:
        for _ in range(MOST):
            guest, far = socket.socketpair()
            opened.enter_context(far)
            opened.enter_context(sessions.session(guest, "192.0.2.7"))
        guest, far = socket.socketpair()
        with far:
            with pytest.raises(XeniaError, match=f"{MOST} desktops are open already"), sessions.session(guest, "::1"):
                pass
            assert guest.fileno() == -1
    guest, far = socket.socketpair()
    with far, sessions.session(guest, "192.0.2.7"):
        pass
