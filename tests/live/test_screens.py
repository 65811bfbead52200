"""The screens of guests, seen with clients that are none of ours, through xend."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from tests.live.test_vga import GRUB, installer, viewer
from tests.support.live import LIMIT, LiveHost

pytestmark = [
    pytest.mark.qemu,
    # The cipher that VNC passwords are made of is out of fashion in the client's library.
    pytest.mark.filterwarnings("ignore:.*TripleDES"),
]

PNG = b"\x89PNG\r\n\x1a\n"


@asynccontextmanager
async def tunnel(host: LiveHost, name: str) -> AsyncIterator[str]:
    """Where `xm vncviewer -n` says that a viewer may connect."""
    process = await asyncio.create_subprocess_exec(
        *host.command("vncviewer", "-n", name),
        env=host.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        said = (await process.stdout.readline()).decode().strip()
        assert said, (await process.communicate())[1]
        address, _, port = said.rpartition(":")
        yield f"{address}:{int(port) - 5900}"
    finally:
        process.terminate()
        await process.wait()


async def test_a_screen_is_seen_past_its_password_and_without_a_port(host: LiveHost) -> None:
    vnc = await asyncio.to_thread(installer, host, "winxp", GRUB)
    async with tunnel(host, "winxp") as through, viewer(vnc) as direct, viewer(through, None) as tunnelled:
        assert (direct.video.width, direct.video.height) == (tunnelled.video.width, tunnelled.video.height)
    picture = host.root / "winxp.png"
    await asyncio.to_thread(host.ok, "screenshot", "winxp", str(picture))
    assert picture.read_bytes().startswith(PNG)


def test_one_without_vnc_is_shown_and_one_without_a_card_is_not(host: LiveHost) -> None:
    host.hvm("quiet")
    host.ok("create", "quiet")
    host.ok("screenshot", "quiet", str(host.root / "quiet.png"))
    assert (host.root / "quiet.png").read_bytes().startswith(PNG)
    host.linux()
    host.ok("create", "demo")
    said = host.xm("vncviewer", "-n", "demo")
    assert (said.code, "has no screen" in said.err, "vnc = 1" in said.err) == (1, True, True), said
    said = host.xm("screenshot", "demo", str(host.root / "demo.png"))
    assert (said.code, "has no screen" in said.err) == (1, True), said
    assert not (host.root / "demo.png").exists()
    said = host.xm("vncviewer", "--viewer", "/nowhere/viewer", "quiet")
    assert (said.code, "cannot start /nowhere/viewer" in said.err) == (1, True), said


def test_the_end_of_the_guest_ends_the_connection_of_the_viewer(host: LiveHost) -> None:
    host.hvm("quiet")
    host.ok("create", "quiet")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(host.command("vncviewer", "-n", "quiet"), env=host.environment, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address, _, port = process.stdout.readline().decode().strip().rpartition(":")
        with socket.create_connection((address, int(port)), timeout=LIMIT) as viewer:
            assert viewer.recv(12) == b"RFB 003.008\n"
            host.ok("destroy", "quiet")
            assert viewer.recv(12) == b""
        assert b"the screen has ended: the guest is gone" in process.stderr.readline()
        process.terminate()


VIEWER = """\
#!/usr/bin/python3
import os, socket, sys
host, port = sys.argv[1].split("::")
with socket.create_connection((host, int(port)), timeout=60) as screen, open(os.environ["SEEN"], "w") as seen:
    print(os.environ["DISPLAY"], screen.recv(12).decode(), flush=True, file=seen)
    screen.recv(1)
"""


def test_a_window_outlives_xm_and_its_end_is_that_of_the_guest(host: LiveHost) -> None:
    programs = host.root / "programs"
    programs.mkdir()
    (programs / "vncviewer").write_text(VIEWER)
    (programs / "vncviewer").chmod(0o755)
    os.mkfifo(host.root / "seen")
    host.environment |= {"PATH": str(programs), "DISPLAY": ":7", "SEEN": str(host.root / "seen")}
    host.hvm("web", "sdl = 1\nvnc = 0\ndisplay = ':8'\n")
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit((host.root / "seen").read_text)
        said = host.ok("create", "web")
        assert "Started domain web" in said
        assert host.domain("web")["vnc"] is None
        assert not seen.done()  # until the viewer ends
        host.ok("destroy", "web")
        assert seen.result(LIMIT) == ":8 RFB 003.008\n\n"
