from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable

from tests.cli.fake_xend import UUID, FakeXend, WebSocket, domain, problem

SCREEN = f"GET /domains/{UUID}/vncviewer"


def test_a_program_that_xend_refuses_is_told_by_the_end_and_the_next_one_is_let_in(
    xend: FakeXend, start_xm: Callable[..., subprocess.Popen[bytes]]
) -> None:
    def show(websocket: WebSocket) -> None:
        websocket.send(b"RFB 003.008\n")
        websocket.receive()

    xend.console = show
    xend.routes["GET /domains/web"] = {"domain": domain()}
    xm = start_xm("vncviewer", "-n", "web")
    assert xm.stdout is not None
    assert xm.stderr is not None
    address, _, port = xm.stdout.readline().decode().strip().rpartition(":")
    xend.routes[SCREEN] = problem("xend is full", "too_many", 503)
    with socket.create_connection((address, int(port)), timeout=30) as refused:
        assert refused.recv(12) == b""
    assert xm.stderr.readline() == b"xm: xend is full\n"
    del xend.routes[SCREEN]
    with socket.create_connection((address, int(port)), timeout=30) as shown:
        assert shown.recv(12) == b"RFB 003.008\n"
    xm.terminate()
