"""A PV guest that boots the kernel in its own image, as pygrub once did, without pygrub."""

from __future__ import annotations

import pytest
from tests.live.xenlab.console import talk
from tests.live.xenlab.guests import marker
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.traces import nothing_left

pytestmark = [pytest.mark.xen, pytest.mark.timeout(300)]

MENU = """\
menuentry 'Small Linux' {
	linux /boot/vmlinuz root=/dev/xvda1 console=hvc0 quiet from.the.image=yes
	initrd /boot/initrd
}
"""
GUEST_FILE = """\
name       = "own"
bootloader = "pygrub"
memory     = 128
extra      = "xenia.guest=own"
disk       = ['file:/var/lib/xen/own.img,xvda1,w']
"""
MAKE = """\
mkdir -p /tmp/own/boot/grub
cp "$1/vmlinuz" /tmp/own/boot/vmlinuz
cp "$1/ramdisk" /tmp/own/boot/initrd
printf %s "$2" >/tmp/own/boot/grub/grub.cfg
mke2fs -q -t ext4 -d /tmp/own /var/lib/xen/own.img 48M
rm -r /tmp/own
"""


def test_a_guest_boots_the_kernel_in_its_image(xen_host: XenHost) -> None:
    made = xen_host.sh(MAKE, GUESTS, MENU)
    assert made.code == 0, made
    xen_host.put("/etc/xen/own.cfg", GUEST_FILE.encode())
    said = xen_host.xm("create", "own")
    assert said.code == 0, said
    assert "pygrub" not in xen_host.ok("ps", "-eo", "args")
    xen_host.hears("own", marker("own"))
    talk(xen_host, "xm", "console", "own", typed="cat /proc/cmdline", awaited=r"root=/dev/xvda1 .*from\.the\.image=yes")
    assert xen_host.xm("destroy", "own").code == 0
    nothing_left(xen_host)
