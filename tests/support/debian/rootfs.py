"""Debian's root file system as a folder: installed by debootstrap, without what only makes it slow to start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.live.xenlab import apt
from tests.live.xenlab.words import call

from xenia.images import initrd
from xenia.images.modules import load_order

_RELEASE = "bookworm"

_PACKAGES = (
    *("linux-image-cloud-amd64", "systemd-sysv", "udev", "kmod", "dbus", "busybox-static"),
    *("iproute2", "iputils-ping", "procps", "e2fsprogs"),
)
"""On top of a minimal system. `shutdown +0`, as the agent says it, asks logind over dbus."""

_MASKED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"),
    *("systemd-tmpfiles-clean.timer", "e2scrub_reap.service", "systemd-journal-flush.service"),
    *("systemd-journald-audit.socket", "systemd-random-seed.service", "systemd-pstore.service"),
    *("systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-user-sessions.service"),
    *("systemd-machine-id-commit.service", "systemd-remount-fs.service", "systemd-sysusers.service"),
    *("systemd-networkd-wait-online.service", "systemd-network-generator.service"),
    *("systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-initctl.socket"),
    *("systemd-tmpfiles-setup-dev.service", "kmod-static-nodes.service", "modprobe@.service"),
    *("sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "sys-kernel-debug.mount"),
    *("sys-kernel-tracing.mount", "dev-hugepages.mount", "dev-mqueue.mount", "proc-sys-fs-binfmt_misc.automount"),
    *("getty-static.service", "getty@.service"),
)
"""Units that a guest of some minutes does not need."""

_COLDPLUG = """\
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=devices --action=add -s pci -s virtio -s virtio-ports -s block -s net
ExecStart=-udevadm trigger --type=devices --action=add --sysname-match=ttyS0
"""
"""Of the hundreds of devices that udev looks at, those that a guest has; emulation needs many seconds for all."""

_LOGIN = """\
[Service]
Type=simple
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200 %I $TERM
"""

_CARDS = """\
[Match]
Name=eth*

[Network]
DHCP=ipv4
"""

_EARLY = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do
	insmod "$module"
done
mount -t ext4 -o noatime /dev/vda /root || poweroff -f
mount --move /dev /root/dev
umount /proc /sys
exec switch_root /root /sbin/init
"""


def install(root: Path, kept: Path, packages: tuple[str, ...]) -> None:
    """Put Debian into `root`, with `packages` and those that they depend on; the files of packages stay in `kept`.

    No initramfs is made, and manuals stay away. Raises LabError.
    """
    kept.mkdir(exist_ok=True)
    excluded = "".join(f"path-exclude=/usr/share/{name}/*\n" for name in ("doc", "info", "locale", "man"))
    _write(root / "etc/dpkg/dpkg.cfg.d/guest", f"force-unsafe-io\n{excluded}")
    call(
        [
            *("debootstrap", "--variant=minbase", f"--keyring={apt.KEYRING}", "--arch=amd64", f"--cache-dir={kept}"),
            *(f"--include={','.join((*_PACKAGES, *packages))}", _RELEASE, root, apt.mirror()),
        ],
        "install Debian's packages for a guest",
        environment=apt.proxies() | {"DEBIAN_FRONTEND": "noninteractive", "INITRD": "No"},
    )
    for unused in ("var/cache/apt", "var/lib/apt/lists", "usr/share/locale", "usr/share/doc", "usr/share/man"):
        shutil.rmtree(root / unused, ignore_errors=True)


def settle(root: Path) -> None:
    """Write into `root` what makes it a guest of a test: root is logged in on its serial console, its cards have DHCP,
    the power button does nothing, and what a guest of some minutes does not need is not started.
    """
    _write(root / "etc/hostname", "debian\n")
    _write(root / "etc/hosts", "127.0.0.1 localhost debian\n")
    _write(root / "etc/systemd/system/serial-getty@.service.d/login.conf", _LOGIN)
    _write(root / "etc/systemd/network/cards.network", _CARDS)
    _write(root / "etc/systemd/journald.conf.d/guest.conf", "[Journal]\nStorage=volatile\n")
    _write(root / "etc/systemd/logind.conf.d/guest.conf", "[Login]\nHandlePowerKey=ignore\n")
    for unit in ("systemd-logind.service", "dbus.service"):  # their sockets start them when they are asked
        (root / "usr/lib/systemd/system/multi-user.target.wants" / unit).unlink()
    _write(root / "etc/systemd/system/systemd-udev-trigger.service.d/coldplug.conf", _COLDPLUG)
    for unit in _MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    masked = root / "etc/systemd/system-generators"
    masked.mkdir(exist_ok=True)
    for generator in root.glob("usr/lib/systemd/system-generators/*"):
        (masked / generator.name).symlink_to("/dev/null")
    (root / "etc/resolv.conf").unlink(missing_ok=True)  # debootstrap's copy of this machine's
    units = ("systemd-networkd.service", "serial-getty@ttyS0.service")
    call(["chroot", root, "systemctl", "-q", "enable", *units], "set up a Debian guest")


def ramdisk(root: Path, modules: tuple[str, ...]) -> bytes:
    """An initramfs that goes to the root on the first disk, with `modules` of the kernel in `root`."""
    return initrd.write_cpio(_early_entries(root, modules))


def _early_entries(root: Path, modules: tuple[str, ...]) -> Iterator[initrd.Entry]:
    for name in ("bin", "dev", "modules", "proc", "root", "sys"):
        yield initrd.folder(name)
    yield initrd.character_device("dev/console", 5, 1)
    yield initrd.file("bin/busybox", (root / "usr/bin/busybox").read_bytes(), 0o755)
    yield initrd.file("init", _EARLY.encode(), 0o755)
    (tree,) = root.glob("usr/lib/modules/*")
    for number, (name, content) in enumerate(load_order(tree, modules).items()):
        yield initrd.file(f"modules/{number:02}-{name}.ko", content)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
