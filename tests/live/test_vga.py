"""What machines show on VGA, seen through VNC with a client that is none of ours."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncvnc
import pytest
from tests.support.live import LIMIT, LiveHost, until
from tests.support.reading import read

pytestmark = [
    pytest.mark.qemu,
    # The cipher that VNC passwords are made of is out of fashion in the client's library.
    pytest.mark.filterwarnings("ignore:.*TripleDES"),
]

GRUB = Path("/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
MEMTEST = Path("/usr/lib/memtest86+/memtest86+x64.iso")

PASSWORD = "geheim"

INSTALLER = """\
import os, re
arch = os.uname()[4]

kernel = '/usr/lib/xen/boot/hvmloader'
builder = 'hvm'
memory = 64
name = '{name}'
vif = ['type=ioemu, mac=00:16:3e:27:1f:a6']
disk = ['file:{disk},ioemu:hda,w', 'file:{iso},ioemu:hdc:cdrom,r']
boot = 'd'
vnc = 1
{vnc}
sdl = 0
stdvga = 0
serial = 'pty'
usbdevice = 'tablet'
"""


def installer(host: LiveHost, name: str, iso: Path, vnc: str = "vncunused = 1\nvncpasswd = 'geheim'") -> str:
    """A guest file in the guide's shape; the machine is started from it, and its VNC address told."""
    if not iso.exists() or shutil.which("tesseract") is None:
        pytest.skip(f"{iso} or tesseract is not installed: ./check does that")
    disk = host.images / name / "hdimage"
    disk.parent.mkdir(parents=True)
    with disk.open("wb") as file:
        file.truncate(1 << 20)
    host.file(name, INSTALLER.format(name=name, disk=disk, iso=iso, vnc=vnc))
    host.ok("create", name)
    return str(host.domain(name)["vnc"])


@asynccontextmanager
async def viewer(
    vnc: str, password: str | None = PASSWORD, *, seconds: float = LIMIT
) -> AsyncIterator[asyncvnc.Client]:
    address, _, display = vnc.rpartition(":")
    reader, writer = await asyncio.open_connection(address, 5900 + int(display))
    try:
        async with asyncio.timeout(seconds):
            yield await asyncvnc.Client.create(reader, writer, password=password)
    finally:
        writer.close()
        await writer.wait_closed()


async def screen(vnc: str) -> str:
    """What can be read on the screen now; "" while it changes its size, which the client cannot follow."""
    with suppress(TimeoutError):
        async with viewer(vnc, seconds=4) as client:
            return read(await client.screenshot())
    return ""


async def shows(vnc: str, *words: str) -> str:
    """Wait until one of `words` can be read on the screen."""
    deadline = time.monotonic() + LIMIT
    while True:
        text = await screen(vnc)
        if any(word in text for word in words):
            return text
        assert time.monotonic() < deadline, f"none of {words} on the screen, but:\n{text}"


async def test_grub_is_seen_and_obeys_the_keyboard(host: LiveHost) -> None:
    vnc = installer(host, "grub", GRUB)
    await shows(vnc, "GNU GRUB", "Use the")
    with pytest.raises(PermissionError):
        async with viewer(vnc, "falsch"):
            pass
    with pytest.raises(ValueError, match="requires password"):
        async with viewer(vnc, None):
            pass
    async with viewer(vnc) as client:
        client.keyboard.press("c")
        await client.drain()
    await shows(vnc, "grub>", "BASH-like")
    async with viewer(vnc) as client:
        client.keyboard.write("halt")
        client.keyboard.press("Return")
        await client.drain()
        until(lambda: host.names() == [], "GRUB has powered the machine off")
    host.nothing_left()


async def test_memtest_is_seen(host: LiveHost) -> None:
    vnc = installer(host, "memtest", MEMTEST)
    await shows(vnc, "Memtest", "Pass")
    assert json.loads(host.ok("list", "memtest", "-o", "json"))[0]["kind"] == "hvm"


def test_a_display_that_is_taken_is_said_or_the_next_one_used(host: LiveHost) -> None:
    with socket.socket() as taken:
        number = occupy(taken)
        host.hvm("fixed", f"vnc = 1\nvncunused = 0\nvncdisplay = {number}\n")
        said = host.xm("create", "fixed", "-p")
        assert said.code == 5
        assert f"VNC display {number} (port {5900 + number}) at 127.0.0.1 is taken" in said.err
        assert "vncunused=1" in said.err
        host.nothing_left()
        host.ok("create", "fixed", "vncunused=1", "-p")
        address, _, display = host.domain("fixed")["vnc"].rpartition(":")
        assert (address, int(display) > number) == ("127.0.0.1", True)
    with socket.create_connection((address, 5900 + int(display)), timeout=LIMIT) as door:
        assert door.recv(4) == b"RFB "


def occupy(taken: socket.socket) -> int:
    """Listen at a display with free ones above it, as another program would; its number."""
    for number in range(40, 90):
        try:
            taken.bind(("127.0.0.1", 5900 + number))
        except OSError:
            continue
        taken.listen()
        return number
    raise AssertionError("all displays are taken")


def test_a_password_is_told_to_nobody(host: LiveHost) -> None:
    host.hvm("secret", "vnc = 1\nvncunused = 1\nvncpasswd = 'geheim'\n")
    host.ok("create", "secret", "-p")
    (pid,) = next(iter(host.guests().values()))
    told = host.ok("list", "-l") + host.ok("list", "-o", "json") + host.log
    assert "geheim" not in told
    assert b"geheim" not in Path(f"/proc/{pid}/cmdline").read_bytes()
