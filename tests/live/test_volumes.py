"""Volumes of LVM, with the device mapper of Debian's own kernel in a guest."""

from __future__ import annotations

import os

import pytest
from tests.support.debian.guest import PROMPT, debian
from tests.support.debian.sources import run_there, write_sources, write_whole_sources
from tests.support.live import LiveHost
from tests.support.terminal import Terminal

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may install a Debian"),
]

STORAGE = "tests/support/debian/inside_lvm.py"
WHOLE = "tests/support/debian/inside_volumes.py"
PACKAGES = ("lvm2", "python3", "thin-provisioning-tools")


def ends_well(host: LiveHost, program: str, seconds: float) -> None:
    """Runs it in the guest, whose second disk has the sources."""
    with Terminal(host.command("create", "-c", "debian"), host.environment) as screen:
        screen.sees(PROMPT)
        screen.types(run_there(program))
        screen.sees("ended $?.")
        shown = screen.sees("ended ", seconds)
        assert screen.sees(".") == "0", shown
    host.ok("destroy", "debian")
    host.nothing_left()


def disks(host: LiveHost) -> str:
    """The sources, and two disks for volume groups."""
    for name in ("vg0.img", "theirs.img"):
        with (host.images / name).open("wb") as file:
            file.truncate(1 << 30)
    names = zip(("sources.tar", "vg0.img", "theirs.img"), "bcd", strict=True)
    return ", ".join(f"'file:{host.images}/{name},xvd{letter},w'" for name, letter in names)


@pytest.mark.timeout(900)
def test_thick_and_thin_volumes(host: LiveHost) -> None:
    host.images.mkdir(parents=True, exist_ok=True)
    write_sources(host.images / "sources.tar", STORAGE)
    debian(host, *PACKAGES, memory=512, disks=disks(host))
    ends_well(host, STORAGE, 600)


@pytest.mark.full  # three minutes, and more on a busy machine: xend starts under emulation
@pytest.mark.timeout(1800)
def test_xend_with_volumes(host: LiveHost) -> None:
    host.images.mkdir(parents=True, exist_ok=True)
    write_whole_sources(host.images / "sources.tar", "tests/support/live.py", "tests/support/reach.py", WHOLE)
    debian(host, *PACKAGES, "fdisk", "qemu-system-x86", "qemu-utils", memory=768, disks=disks(host))
    ends_well(host, WHOLE, 1500)
