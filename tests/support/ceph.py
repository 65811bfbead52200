"""A Ceph of one monitor and one OSD, in a folder of its own, on free ports of this host.

The options are those of Ceph's own vstart.sh, cut down to what RBD needs.
"""

from __future__ import annotations

import socket
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.live import until

_CONF = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]
public network = 127.0.0.0/8
keyring = {root}/admin.keyring
run dir = {root}
admin socket = {root}/$name.asok
log file = /dev/null
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
auth allow insecure global id reclaim = false
[mon]
mon data = {root}/mon
mon data avail warn = 1
mon data avail crit = 1
[mgr]
mgr data = {root}/mgr
keyring = {root}/mgr/keyring
mgr initial modules =
[osd]
osd data = {root}/osd
keyring = {root}/osd/keyring
osd objectstore = memstore
memstore device bytes = 268435456
osd memory target = 939524096
[client.vm]
keyring = {root}/vm.keyring
"""


@dataclass(frozen=True)
class Ceph:
    root: Path

    @property
    def conf(self) -> Path:
        return self.root / "ceph.conf"

    def run(self, program: str, *words: str) -> str:
        """What one of Ceph's programs says. Raises CalledProcessError."""
        command = [program, "-c", str(self.conf), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    def answers(self) -> bool:
        command = ["ceph", "-c", str(self.conf), "--connect-timeout", "5", "osd", "stat"]
        return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0

    def osd_is_up(self) -> bool:
        return " 1 up" in self.run("ceph", "osd", "stat")


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def running(root: Path) -> Iterator[Ceph]:
    """A Ceph below `root` with the pool rbd and the user client.vm, whose keyring is `vm.keyring`."""
    v2, v1 = _free_ports()
    fsid = str(uuid.uuid4())
    ceph = Ceph(root)
    for name in ("mon", "mgr", "osd"):
        (root / name).mkdir(parents=True)
    ceph.conf.write_text(_CONF.format(root=root, fsid=fsid, v2=v2, v1=v1))
    daemons: list[subprocess.Popen[bytes]] = []

    def start(program: str, *words: Sequence[str]) -> None:
        command = [program, "-c", str(ceph.conf), "-f", *words]
        daemons.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    try:
        _make_monitor(ceph, fsid, v2, v1)
        start("ceph-mon", "-i", "a")
        until(ceph.answers, "the monitor answers")
        ceph.run("ceph", "auth", "get-or-create", "mgr.x", "mon", "allow profile mgr", "osd", "allow *",
                 "-o", str(root / "mgr/keyring"))  # fmt: skip
        start("ceph-mgr", "-i", "x")
        _make_osd(ceph)
        start("ceph-osd", "-i", "0")
        until(ceph.osd_is_up, "the OSD is up")
        ceph.run("ceph", "osd", "pool", "create", "rbd", "8")
        ceph.run("rbd", "pool", "init", "rbd")
        ceph.run("ceph", "auth", "get-or-create", "client.vm", "mon", "profile rbd", "osd", "profile rbd",
                 "-o", str(root / "vm.keyring"))  # fmt: skip
        (root / "vm.keyring").chmod(0o600)
        yield ceph
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()


def _make_monitor(ceph: Ceph, fsid: str, v2: int, v1: int) -> None:
    root, every = ceph.root, "allow *"
    first, admin = str(root / "mon.keyring"), str(root / "admin.keyring")
    ceph.run("ceph-authtool", "-C", first, "--gen-key", "-n", "mon.", "--cap", "mon", every)
    caps = [word for each in ("mon", "osd", "mgr") for word in ("--cap", each, every)]
    ceph.run("ceph-authtool", "-C", admin, "--gen-key", "-n", "client.admin", *caps)
    ceph.run("ceph-authtool", first, "--import-keyring", admin)
    place = f"[v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]"
    ceph.run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", place, str(root / "monmap"))
    ceph.run("ceph-mon", "-i", "a", "--mkfs", "--monmap", str(root / "monmap"), "--keyring", first)


def _make_osd(ceph: Ceph) -> None:
    root, identity = ceph.root, str(uuid.uuid4())
    key = ceph.run("ceph-authtool", "--gen-print-key").strip()
    (root / "osd.json").write_text(f'{{"cephx_secret": "{key}"}}')
    number = ceph.run("ceph", "osd", "new", identity, "-i", str(root / "osd.json")).strip()
    assert number == "0"
    ceph.run("ceph-osd", "-i", number, "--mkfs", "--key", key, "--osd-uuid", identity)
    (root / "osd/keyring").write_text(f"[osd.{number}]\n\tkey = {key}\n")
