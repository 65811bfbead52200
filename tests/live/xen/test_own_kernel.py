"""A PV guest that boots the kernel in its own image, as pygrub once did, without pygrub; it ends with the host."""

from __future__ import annotations

import pytest
from tests.live.xenlab.console import talk
from tests.live.xenlab.guests import marker
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.traces import by_xl, by_xm, nothing_left

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

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


@pytest.fixture(scope="module")
def host(xen_host: XenHost) -> XenHost:
    """With the guest `own`, which is up."""
    made = xen_host.sh(MAKE, GUESTS, MENU)
    assert made.code == 0, made
    xen_host.put("/etc/xen/own.cfg", GUEST_FILE.encode())
    said = xen_host.xm("create", "own")
    assert said.code == 0, said
    assert "pygrub" not in xen_host.ok("ps", "-eo", "args")
    xen_host.hears("own", marker("own"))
    return xen_host


def test_a_guest_boots_the_kernel_in_its_image(host: XenHost) -> None:
    talk(host, "xm", "console", "own", typed="cat /proc/cmdline", awaited=r"root=/dev/xvda1 .*from\.the\.image=yes")


def test_it_goes_and_comes_with_the_host(host: XenHost) -> None:
    """What ran comes back, once Debian's own xendomains is masked, which would start domains too."""
    said = host.xm("host-stop")
    assert (said.code, said.out.splitlines()[-1]) == (0, "own: stopped"), said
    assert by_xm(host) == {}
    nothing_left(host)
    refused = host.xm("host-start")
    assert (refused.code, "systemctl mask xendomains" in refused.err) == (5, True), refused
    host.sh("mkdir -p /etc/systemd/system && ln -s /dev/null /etc/systemd/system/xendomains.service")
    assert host.xm("host-start").code == 0
    assert by_xl(host) == by_xm(host) == {"own": int(host.ok("xl", "domid", "own"))}
    assert host.xm("destroy", "own").code == 0
    nothing_left(host)
