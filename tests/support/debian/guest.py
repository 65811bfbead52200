"""Guests of the Debian image, on a host of the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.debian.image import image
from tests.support.live import LiveHost

PROMPT = "root@debian:~#"
"""What its console shows when it is up and root is logged in."""

_FILE = """\
name    = "{name}"
kernel  = "{image.kernel}"
ramdisk = "{image.ramdisk}"
extra   = "quiet audit=0 net.ifnames=0 systemd.show_status=no"
memory  = {memory}
disk    = ['file:{disk},xvda,w', {disks}]
"""


def debian(
    host: LiveHost, *packages: str, name: str = "debian", memory: int = 256, disks: str = "", more: str = ""
) -> Path:
    """A guest file in etc/xen for a Debian with `packages`, and its disk, which is a copy; `disks` are further items of
    `disk`, `more` further lines. Its kernel calls cards eth0 and so on, and those have DHCP.
    """
    made = image(packages)
    disk = host.images / f"{name}.img"
    disk.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", made.disk, disk], check=True)
    return host.file(name, _FILE.format(name=name, image=made, memory=memory, disk=disk, disks=disks) + more)
