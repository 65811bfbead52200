"""Guests for a lab host: their kernel, ramdisk and disks in dom0, and files for xl that start them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tests.engines.qemu import sectors
from tests.live.xenlab import kernels
from tests.live.xenlab.kernels import Tree
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.words import call

from xenia.images import demo

Kind = Literal["pv", "pvh", "hvm", "sector"]

COUNT = "count "
"""What the guest of one boot sector says on COM1 about once a second, followed by four hexadecimal digits."""

SERIAL_LOG = "/var/log/xen/serial-{name}.log"
"""Where the serial port of a boot sector goes to; that of a Linux guest is for xl console."""

_LINUX = {
    "pv": ("vmlinux", "console=hvc0", 128),
    "pvh": ("vmlinux", "console=hvc0", 160),
    "hvm": ("vmlinuz", "console=ttyS0", 256),
}


def marker(name: str) -> str:
    """What a Linux guest says on its consoles when a root shell is ready on them."""
    return f"xenia: guest {name} is up"


def file(kind: Kind, name: str, *lines: str, extra: str = "quiet") -> str:
    """The text of a guest file that xl and xm read: a guest without disks and cards, unless `lines` add them.

    `extra` are words for the kernel, such as `xenia.address=10.9.0.11/24` for the address of the first card.
    """
    if kind == "sector":
        own = ['type = "hvm"', "memory = 32", "shadow_memory = 16", 'boot = "c"']
        own += [f'serial = "file:{SERIAL_LOG.format(name=name)}"']
        own += [f'disk = ["format=raw,vdev=hda,access=rw,target={GUESTS}/counting.img"]']
    else:
        kernel, console, memory = _LINUX[kind]
        own = [f'type = "{kind}"', f"memory = {memory}", f'kernel = "{GUESTS}/{kernel}"']
        own += [f'ramdisk = "{GUESTS}/ramdisk"', f'extra = "{console} {extra} xenia.guest={name}"']
        own += ['serial = "pty"'] if kind == "hvm" else []
    return "\n".join([f'name = "{name}"', *own, *lines, ""])


def put(tree: Tree, root: Path, work: Path) -> None:
    """Write the files of all guests into dom0's root; `work` is a folder to work in."""
    folder = root / GUESTS[1:]
    folder.mkdir(parents=True)
    kernel = kernels.guest_kernel(tree, work)
    image = kernel.image.read_bytes()
    (folder / "vmlinuz").write_bytes(image)
    (folder / "vmlinux").write_bytes(kernels.vmlinux(image))
    (folder / "ramdisk").write_bytes(demo.ramdisk(kernel))
    (folder / "counting.img").write_bytes(sectors.counting(COUNT))
    with open(folder / "disk.raw", "wb") as disk:
        disk.truncate(16 << 20)
    call(["qemu-img", "create", "-q", "-f", "qcow2", folder / "disk.qcow2", "16M"], "make a guest's disk")
    for kind in ("pv", "pvh", "hvm", "sector"):
        (folder / f"{kind}.cfg").write_text(file(kind, kind))
