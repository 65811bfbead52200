"""A paravirtual guest that boots the kernel in its own image."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.storage.guest.images import convert, ext
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

GUEST_FILE = """\
name       = "own"
bootloader = "pygrub"
memory     = 128
extra      = "xenia.guest=demo"
disk       = ['tap:qcow2:{disk},xvda1,w']
"""
MENU = """\
set default="${saved_entry}"
menuentry 'Small Linux' --id small {
	search --no-floppy --label --set=root rootfs
	linux /boot/vmlinuz root=/dev/xvda1 from.the.image=yes
	initrd /boot/initrd
}
"""


def make(host: LiveHost, menu: str = MENU) -> Path:
    """A guest file whose disk holds the small guest's kernel and ramdisk."""
    small = host.linux("demo")
    files = {
        "boot/vmlinuz": small.kernel.read_bytes(),
        "boot/initrd": small.ramdisk.read_bytes(),
        "boot/grub/grub.cfg": menu,
    }
    raw = ext(host.images / "own.img", files, size="64M")
    disk = convert(raw, host.images / "own.qcow2", "-c")
    raw.unlink()
    return host.file("own", GUEST_FILE.format(disk=disk))


def up(host: LiveHost) -> int:
    """How often a shell has begun on a console of the guest."""
    logs = (host.root / "var/log/xenia").glob("*own*")
    return sum(log.read_text(errors="replace").count("xenia: guest demo is up") for log in logs)


def test_a_guest_boots_its_own_kernel(host: LiveHost) -> None:
    make(host)
    said = host.xm("create", "--dryrun", "own")
    plan = f"{said.out}\n{said.err}"
    assert said.code == 0, plan
    assert "boots '/boot/vmlinuz' with '/boot/initrd' from its image (entry 'Small Linux'" in plan
    assert "root=/dev/xvda1 becomes root=/dev/vda" in plan
    with Terminal(host.command("create", "-c", "own"), host.environment) as screen:
        screen.sees("xenia: guest demo is up")
        screen.types("cat /proc/cmdline\r")
        screen.sees("root=/dev/vda from.the.image=yes xenia.guest=demo")
    before, times = host.guests(), up(host)
    host.ok("reboot", "-w", "--timeout=180", "own")
    assert host.guests().keys() == before.keys()
    assert host.guests() != before, "the image was not read again"
    assert host.domain("own")["domid"] == 2
    until(lambda: up(host) > times, "it is up again")
    with Terminal(host.command("console", "own"), host.environment) as screen:
        screen.types("echo again-$((40 + 2))\r")  # what the console shows at first is of before
        screen.sees("again-42")
    host.ok("shutdown", "-w", "--timeout=180", "own")
    until(lambda: not host.guests(), "QEMU has ended")


def test_what_is_missing_in_the_image_is_said_once(host: LiveHost) -> None:
    make(host, MENU.replace("/boot/vmlinuz", "/boot/vmlinuz-7"))
    said = host.xm("create", "own")
    assert said.code == 1
    assert "names /boot/vmlinuz-7, which is not in the image; in /boot there is grub, initrd, vmlinuz" in said.err
    assert host.names() == []
    (host.images / "own.qcow2").unlink()
    plan = host.xm("create", "--dryrun", "own")
    assert "own.qcow2" in plan.out + plan.err
    assert "no kernel can be taken" not in plan.out + plan.err
