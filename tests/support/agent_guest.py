"""Debian's qemu-guest-agent in the small Linux guest: its ramdisk with the agent and its libraries behind it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from xenia.images import demo, initrd
from xenia.images.kernel import cloud_kernel, default_cache
from xenia.images.modules import load_order

START = "start-agent"
"""What is to be typed in the guest's shell to have its agent; UP is what that says then."""
UP = "agent has begun"

_START = """\
#!/bin/sh
for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = org.qemu.guest_agent.0 ] || continue
	qemu-ga -d -p "/dev/${port##*/}" -t /run -f /run/agent.pid || exit
	# It goes into the background before it opens its port.
	until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q "${port##*/}"; do sleep 0.1; done
	echo "agent" "has begun"
done
"""

_SHUTDOWN = """\
#!/bin/sh
# As the agent calls it: -P, -H or -r, +0, and why.
case $1 in
-r) (sleep 0.2; reboot -f) >/dev/null 2>&1 & ;;
*) (sleep 0.2; poweroff -f) >/dev/null 2>&1 & ;;
esac
"""

MOUNT = "for m in /ext4/*; do insmod $m; done; mke2fs -q /dev/vda && mkdir /disk && mount -t ext4 /dev/vda /disk"
"""What is to be typed for a file system on the guest's disk."""

_SYSTEM = 'PRETTY_NAME="Small Linux"\nNAME="Small"\nID=small\n'


def add_agent(guest: demo.DemoGuest) -> None:
    """Put the agent into the guest's ramdisk, which Linux unpacks one after the other."""
    with open(guest.ramdisk, "ab") as ramdisk:
        ramdisk.write(initrd.write_initrd(_entries(program())))


def program() -> Path:
    """The agent's program, of the package on this machine or of one that is fetched once without installing it."""
    installed = Path("/usr/sbin/qemu-ga")
    if installed.exists():
        return installed
    kept = default_cache() / "qemu-ga"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".fetch-") as folder:
            (found,) = _fetch("qemu-guest-agent", Path(folder)).glob("**/qemu-ga")
            found.rename(kept)
    return kept


def ext4() -> list[Path]:
    """The modules of ext4 for the small guest, in the order of loading; of a package that is fetched once."""
    kept = default_cache() / f"ext4-{cloud_kernel().version}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".fetch-") as name:
            folder = Path(name)
            (tree,) = _fetch(f"linux-image-{cloud_kernel().version}", folder).glob("**/lib/modules/*")
            (folder / "modules").mkdir()
            for number, (module, content) in enumerate(load_order(tree, ("ext4", "crc32c_generic")).items()):
                (folder / "modules" / f"{number:02}-{module}.ko").write_bytes(content)
            (folder / "modules").rename(kept)
    return sorted(kept.iterdir())


def _fetch(package: str, folder: Path) -> Path:
    """The package, unpacked below `folder`."""
    subprocess.run(["apt-get", "-q", "download", package], cwd=folder, check=True, capture_output=True)
    (file,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", file, folder / "tree"], check=True)
    return folder / "tree"


def _entries(agent: Path) -> Iterator[initrd.Entry]:
    for name in ("lib", "lib64"):
        yield initrd.folder(name)
    for path in _libraries(agent):
        place = "lib64" if path.name.startswith("ld-linux") else "lib"
        yield initrd.file(f"{place}/{path.name}", path.read_bytes(), 0o755)
    for name, content in (
        ("qemu-ga", agent.read_bytes()),
        (START, _START.encode()),
        ("shutdown", _SHUTDOWN.encode()),
    ):
        yield initrd.file(f"bin/{name}", content, 0o755)
    yield initrd.file("etc/os-release", _SYSTEM.encode())
    yield initrd.folder("ext4")
    for module in ext4():
        yield initrd.file(f"ext4/{module.name}", module.read_bytes())


def _libraries(agent: Path) -> list[Path]:
    """What the loader would load, which a machine with QEMU has."""
    listed = subprocess.run(["ldd", agent], check=True, capture_output=True, text=True).stdout
    return [Path(each) for each in re.findall(r"(/\S+) \(0x", listed)]
