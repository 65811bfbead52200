"""UEFI variables, set in the shell of a guest's firmware: they last, and snapshots and clones have them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.support.live import LiveHost
from tests.support.terminal import Terminal

from xenia.engines.qemu.firmware import OVMF

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not any(code.is_file() for code, _ in OVMF), reason="the package ovmf is not installed"),
]

GUEST = """\
name = 'uefi'
type = 'hvm'
firmware = 'uefi'
memory = 192
serial = 'pty'
disk = ['tap:qcow2:{disk},hda,w']
"""
SERIAL = itertools.count()
VARIABLE = "Word -guid 2d0ff5e1-6f6c-4c1c-9f3e-5a3c0e6f1b11"


@contextmanager
def shell(host: LiveHost, name: str) -> Iterator[Terminal]:
    with Terminal(host.command("console", "-t", "serial", name), host.environment) as screen:
        screen.sees(
            "the guest runs on"
        )  # the terminal is raw from here on: a return typed before would be another sign
        yield screen


def comes_up(screen: Terminal) -> None:
    """With no system on its disk, it ends in the firmware's own shell."""
    screen.sees("any other key to continue")
    screen.types("\x1b")
    screen.sees("Shell>")


def does(screen: Terminal, command: str) -> str:
    """What the shell says to it; what the console shows again of earlier ones is passed over."""
    number = next(SERIAL)
    screen.types(f'echo "from" {number}\r{command}\recho "to" {number}\r')
    screen.sees(f"from {number}\r\n")
    return screen.sees(f"to {number}\r\n")


def keeps(screen: Terminal, word: int) -> None:
    does(screen, f"setvar {VARIABLE} -bs -rt -nv =0x{word:02x}")


def kept(screen: Terminal) -> int | None:
    """What is in the variable; None where there is none."""
    said = does(screen, f"setvar {VARIABLE}")
    found = re.search(r"\b([0-9A-F]{2}) \r\n", said)
    assert found or "Unable to get" in said, said
    return int(found[1], 16) if found else None


def test_variables_last_and_go_back_and_are_copied(host: LiveHost) -> None:
    host.ok("disk", "create", "uefi.qcow2", "16M")
    host.file("uefi", GUEST.format(disk=host.images / "uefi.qcow2"))
    host.ok("create", "-q", "uefi")
    with shell(host, "uefi") as screen:
        comes_up(screen)
        assert kept(screen) is None
        keeps(screen, 0x2A)
        host.ok("snapshot", "create", "uefi", "first")
        keeps(screen, 0x3B)
    host.ok("save", "uefi", str(host.root / "save"))
    host.ok("restore", str(host.root / "save"))
    with shell(host, "uefi") as screen:
        assert kept(screen) == 0x3B
    host.ok("destroy", "uefi")
    boots_with(host, "uefi", 0x3B)
    host.ok("snapshot", "revert", "uefi", "first")
    with shell(host, "uefi") as screen:
        comes_up(screen)
        assert kept(screen) == 0x2A
    host.ok("clone", "--snapshot", "first", "uefi", "copy")
    boots_with(host, "copy", 0x2A)
    host.ok("destroy", "uefi", "copy")
    assert len(list((host.root / "var/lib/xenia/uefi").iterdir())) == 2, "each has its own"
    host.nothing_left()


def boots_with(host: LiveHost, name: str, word: int) -> None:
    host.ok("create", "-q", name)
    with shell(host, name) as screen:
        comes_up(screen)
        assert kept(screen) == word
