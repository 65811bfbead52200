"""The small guest: Debian's cloud kernel, an initramfs around busybox, an empty qcow2 disk and the guest file.

    python -m xenia.images.demo FOLDER [--name NAME] [--file GUESTFILE]

Used by ./run and by tests that need a real Linux guest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xenia.images import initrd
from xenia.images.kernel import Kernel, cloud_kernel
from xenia.model.errors import XeniaError, invalid, unavailable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,62}")
_HERE = Path(__file__).parent
_PT_INTERP = 3

_PROFILE = """\
export PATH=/bin:/sbin HOME=/root
cd /root || exit
echo "xenia: guest $(hostname) is up"
PS1='\\h:\\w# '
"""

_DHCP = """\
#!/bin/sh
# What udhcpc has learned, applied.
case $1 in
bound | renew)
	ip addr replace "$ip/$mask" dev "$interface"
	[ -n "$router" ] && ip route replace default via "${router%% *}" dev "$interface"
	for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf
	;;
deconfig) ip addr flush dev "$interface" && ip link set "$interface" up ;;
esac
"""

_CARD = """\
#!/bin/sh
# An event of the kernel: a network card that has come is set up, once; one that has gone may come again.
[ "$SUBSYSTEM" = net ] && [ "$INTERFACE" != lo ] || exit 0
case $ACTION in
add) mkdir "/run/card-$INTERFACE" 2>/dev/null || exit 0 ;;
remove) exec rmdir "/run/card-$INTERFACE" ;;
*) exit 0 ;;
esac
address=$(sed -n 's/.*xenia.address=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
if [ "$INTERFACE" = eth0 ] && [ -n "$address" ]; then
	ip addr add "$address" dev eth0 && ip link set eth0 up
else
	udhcpc -i "$INTERFACE" -s /etc/udhcpc.sh -b -S >/dev/null 2>&1 &
fi
"""

_GUEST_FILE = """\
# A small Linux guest, made by Xenia. Delete this file and run ./run again for a new one.
name    = "{name}"
kernel  = "{kernel}"
ramdisk = "{ramdisk}"
extra   = "xenia.guest={name}"
memory  = {memory}
vcpus   = 1

# An empty disk. In the guest it is /dev/vda on QEMU and /dev/xvda on Xen.
disk    = ['tap:qcow2:{disk},xvda,w']

# One network card, with an address by DHCP.
vif     = ['']
"""


@dataclass(frozen=True, slots=True)
class DemoGuest:
    """The files of a small guest. `marker` is what its consoles show when a root shell is ready on them."""

    name: str
    file: Path
    kernel: Path
    ramdisk: Path
    disk: Path
    marker: str


def make(
    folder: Path,
    *,
    name: str = "demo",
    file: Path | None = None,
    cache: Path | None = None,
    memory: int = 128,
    disk_size: int = 256,
) -> DemoGuest:
    """Make the guest's kernel, ramdisk and disk in `folder`, and its guest file at `file` (`folder/NAME.cfg`).

    `memory` and `disk_size` are in MiB. What is there already is kept: disk and guest file as they are, kernel and
    ramdisk unless they have changed. Raises invalid for a name that is not fit for a domain, unavailable when something
    that this needs is missing.
    """
    if not _NAME.fullmatch(name):
        raise invalid(f"not a name for a guest: {name!r}", "use letters, digits and . _ + -, not first of them")
    folder = folder.resolve()
    guest = DemoGuest(
        name=name,
        file=(file or folder / f"{name}.cfg").resolve(),
        kernel=folder / "vmlinuz",
        ramdisk=folder / "initrd.gz",
        disk=folder / f"{name}.qcow2",
        marker=f"xenia: guest {name} is up",
    )
    kernel = cloud_kernel(cache)
    try:
        _write_all(guest, kernel, memory, disk_size)
    except OSError as error:
        raise unavailable(f"cannot write the small guest: {error}") from error
    return guest


def _write_all(guest: DemoGuest, kernel: Kernel, memory: int, disk_size: int) -> None:
    guest.ramdisk.parent.mkdir(parents=True, exist_ok=True)
    guest.file.parent.mkdir(parents=True, exist_ok=True)
    _replace(guest.kernel, kernel.image.read_bytes())
    _replace(guest.ramdisk, ramdisk(kernel))
    if not guest.disk.exists():
        _make_disk(guest.disk, disk_size)
    if not guest.file.exists():
        text = _GUEST_FILE.format(
            name=guest.name, kernel=guest.kernel, ramdisk=guest.ramdisk, disk=guest.disk, memory=memory
        )
        _replace(guest.file, text.encode())


def ramdisk(kernel: Kernel) -> bytes:
    """The initramfs of the small guest for `kernel`. What it is told on the kernel's command line: `xenia.guest=NAME`,
    and `xenia.address=ADDRESS/BITS` for its first card where no DHCP server answers.

    Raises unavailable where there is no static busybox.
    """
    return initrd.write_initrd(_entries(kernel, _busybox()))


def _entries(kernel: Kernel, busybox: Path) -> Iterator[initrd.Entry]:
    for name in ("bin", "dev", "etc", "modules", "proc", "root", "run", "sys", "tmp"):
        yield initrd.folder(name)
    # The kernel opens the console before /init has mounted devtmpfs.
    yield initrd.character_device("dev/console", 5, 1)
    yield initrd.file("bin/busybox", busybox.read_bytes(), 0o755)
    for applet in _applets(busybox):
        yield initrd.link(f"bin/{applet}", "busybox")
    yield initrd.link("sbin", "bin")
    yield initrd.file("init", (_HERE / "init.sh").read_bytes(), 0o755)
    yield initrd.file("etc/profile", _PROFILE.encode())
    yield initrd.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    yield initrd.file("etc/udhcpc.sh", _DHCP.encode(), 0o755)
    yield initrd.file("etc/card.sh", _CARD.encode(), 0o755)
    for module in sorted(kernel.modules.iterdir()):
        yield initrd.file(f"modules/{module.name}", module.read_bytes())


def _busybox() -> Path:
    path = shutil.which("busybox")
    if path is None or not _static(Path(path).read_bytes()):
        raise unavailable("the small guest needs a statically linked busybox", "apt-get install busybox-static")
    return Path(path)


def _static(program: bytes) -> bool:
    """Whether a 64-bit ELF program has no segment that asks for an interpreter (elf(5): PT_INTERP)."""
    if program[:5] != b"\x7fELF\2":
        return False
    (table,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = {struct.unpack_from("<I", program, table + number * size)[0] for number in range(count)}
    return _PT_INTERP not in kinds


def _applets(busybox: Path) -> list[str]:
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if name != "busybox"]


def _make_disk(path: Path, size: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", str(temporary), f"{size}M"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        temporary.rename(path)
    except FileNotFoundError as error:
        raise unavailable("there is no qemu-img on this host", "apt-get install qemu-utils") from error
    except subprocess.CalledProcessError as error:
        raise unavailable(f"cannot make the disk {path}: {error.stderr.strip()}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    """Write the file in one step, unless it holds `content` already: a guest may be starting from it."""
    try:
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    except FileNotFoundError:
        pass
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
        try:
            temporary.write(content)
            temporary.flush()
            os.fchmod(temporary.fileno(), 0o644)
            Path(temporary.name).rename(path)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m xenia.images.demo", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--name", default="demo", help="the domain's name (default: demo)")
    parser.add_argument("--file", type=Path, metavar="GUESTFILE", help="where to write it (default: FOLDER/NAME.cfg)")
    arguments = parser.parse_args()
    try:
        guest = make(arguments.folder, name=arguments.name, file=arguments.file)
    except XeniaError as error:
        print(f"error: {error.message}", *([f"hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return error.kind.exit_code
    print(guest.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
