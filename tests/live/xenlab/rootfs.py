"""dom0's root file system as a folder: Debian's packages, Python's packages, and what is set in it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from tests.live.xenlab import apt
from tests.live.xenlab.recipe import CHECK, CHECKOUT, CHECKS, DOM0, LIB, PACKAGES, RELEASE
from tests.live.xenlab.words import LabError, call

_SSHD = """\
Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
MaxSessions 100
MaxStartups 100
Subsystem sftp internal-sftp
"""

_SSH = """\
Host *
	StrictHostKeyChecking no
	UserKnownHostsFile /dev/null
	LogLevel ERROR
"""


def debian(root: Path) -> None:
    """Put Debian's packages into `root`, as root. Files are not written to the disk at once, and manuals stay away."""
    if os.geteuid() != 0:
        raise LabError("only root can make a Xen host's image: run this as root once; it is kept after that")
    excluded = (f"path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man"))
    call(
        [
            *("mmdebstrap", "--mode=root", "--variant=minbase", f"--keyring={apt.KEYRING}", "--architectures=amd64"),
            *(f"--dpkgopt={option}" for option in ("force-unsafe-io", *excluded)),
            *(f"--include={','.join(PACKAGES)}", RELEASE, root, apt.mirror()),
        ],
        "install Debian's packages",
        environment=apt.proxies() | {"DEBIAN_FRONTEND": "noninteractive"},
    )
    for unused in ("var/cache/apt", "var/lib/apt/lists", "usr/share/locale", "usr/share/doc", "usr/share/man"):
        shutil.rmtree(root / unused, ignore_errors=True)


def python(work: Path) -> Path:
    """The Python packages that Xenia and its tests need, in a folder that is to be a part of the root: wheels for the
    Python of dom0, whatever this one is.
    """
    part, locked = work / "python", CHECKOUT / "requirements"
    install_wheels(part / LIB[1:], locked / "run.txt")
    checks = work / "checks.txt"
    checks.write_text(_only(CHECKS, (locked / "check.txt").read_text()))
    install_wheels(part / CHECK[1:], checks)
    return part


def install_wheels(target: Path, requirements: Path) -> None:
    """Put into the folder `target` what a locked list names, for the Python of dom0. Raises LabError."""
    platforms = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
    call(
        [
            *(sys.executable, "-m", "pip", "install", "-qq", "--no-compile", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"),
            *("--abi", "cp311", "--abi", "abi3", "--abi", "none"),
            *(word for name in platforms for word in ("--platform", name)),
            *("--target", target, "-r", requirements),
        ],
        f"install {requirements.name} for dom0",
        environment={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"},
    )


def _only(names: tuple[str, ...], locked: str) -> str:
    """The lines of a locked list that are about `names`."""
    entries = re.split(r"^(?=[a-z])", locked, flags=re.MULTILINE)
    return "".join(entry for entry in entries if entry.partition("==")[0] in names)


def settle(root: Path) -> None:
    """Write into `root` what makes it a lab host: its first process, the agent, the keys and the settings of ssh."""
    for name in ("init", "agent.py"):
        _write(root / "opt/xenia/lab" / name, (DOM0 / name).read_text(), 0o755)
    _write(root / "etc/ssh/sshd_config", _SSHD)
    _write(root / "root/.ssh/config", _SSH)
    (root / "root/.ssh").chmod(0o700)
    key = root / "root/.ssh/id_ed25519"
    call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "xenlab", "-f", key], "make a key for ssh")
    shutil.copy(key.with_suffix(".pub"), root / "root/.ssh/authorized_keys")
    _write(root / "etc/hosts", "127.0.0.1 localhost\n10.9.0.1 xen1\n10.9.0.2 xen2\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)  # mmdebstrap's copy of this machine's
    call(["chroot", root, "python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "/opt/xenia"],
         "compile dom0's Python packages")  # fmt: skip


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
