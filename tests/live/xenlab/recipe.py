"""What a lab host is made of, and the key of an image made so."""

from __future__ import annotations

import hashlib
from pathlib import Path

RELEASE = "bookworm"
XEN = "4.17"

PACKAGES = (
    *(f"xen-utils-{XEN}", f"xen-hypervisor-{XEN}-amd64", "xenstore-utils", "qemu-system-xen", "qemu-utils"),
    "qemu-system-common",  # its storage daemon reads images
    *("bridge-utils", "iproute2", "iputils-ping", "ethtool", "openssh-server", "openssh-client", "socat"),
    *("dnsmasq-base", "nftables", "xrdp"),
    *("busybox-static", "ca-certificates", "e2fsprogs", "kmod", "procps", "python3"),
)
"""Debian packages of dom0 on top of a minimal system."""

KERNEL = "linux-image-amd64"
"""dom0's kernel; the cloud kernel of the guests cannot be a dom0."""

GUEST_KERNEL = "linux-image-cloud-amd64"

EARLY_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
"""What dom0's kernel needs to find its root; it is in the initramfs."""

MODULES = (
    *("virtio_net", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xenfs"),
    *("xen-blkback", "xen-netback", "bridge", "tun", "loop"),
    *("nft_ct", "nft_chain_nat", "nft_masq", "nft_nat", "nft_limit", "nft_reject_inet"),
    *("sch_tbf", "sch_ingress", "cls_matchall", "act_police", "veth", "8021q"),
)

CHECKS = (
    *("iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-asyncio", "pytest-timeout", "pyyaml"),
    "typing-extensions",
)
"""What of requirements/check.txt dom0 has beside requirements/run.txt, so that tests can be run in it."""

LIB = "/opt/xenia/lib"
CHECK = "/opt/xenia/check"
SITE = "/opt/xenia/site"
"""Where dom0 has the packages that Xenia needs, those that its tests need, and (put there at start) Xenia itself."""

XEN_PYTHON = f"/usr/lib/xen-{XEN}/lib/python"
"""The import path of xen.lowlevel.xc and .xs, by Debian's package xen-utils."""

GUESTS = "/var/lib/xen/lab"
"""Where dom0 has the kernels, ramdisks and disks of guests."""

AGENT_PORT = 7777

CHECKOUT = Path(__file__).parents[3]
DOM0 = Path(__file__).parent / "dom0"


def key() -> str:
    """Names an image made by this recipe: another word, script, requirement or guest gives another key."""
    here = Path(__file__).parent
    files = [
        *(here / f"{name}.py" for name in ("recipe", "apt", "rootfs", "kernels", "guests", "image")),
        *(CHECKOUT / f"requirements/{name}.txt" for name in ("run", "check")),
        *(CHECKOUT / f"src/xenia/images/{name}" for name in ("demo.py", "init.sh", "initrd.py", "kernel.py")),
        CHECKOUT / "tests/engines/qemu/sectors.py",
        *(DOM0 / name for name in ("agent.py", "early", "init")),
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
