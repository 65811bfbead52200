"""A disk on a real server, NBD or iSCSI: at the start of a guest, plugged in and out, and in a save."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.live.test_exports import exported, fetch
from tests.live.test_snapshots import console, does
from tests.support.live import LiveHost, until

pytestmark = pytest.mark.qemu


@contextmanager
def served(image: Path) -> Iterator[str]:
    """The disk that a server offers at a free port, as a guest file names it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        node = {"driver": "file", "node-name": "file", "filename": str(image)}
        server = {"addr": {"type": "fd", "str": str(listener.fileno())}, "max-connections": 10}
        export = {"type": "nbd", "id": "a", "node-name": "file", "name": "web", "writable": True}
        words = ["--blockdev", json.dumps(node), "--nbd-server", json.dumps(server), "--export", json.dumps(export)]
        with subprocess.Popen(["qemu-storage-daemon", *words], pass_fds=[listener.fileno()]) as daemon:
            try:
                yield f"nbd://127.0.0.1:{listener.getsockname()[1]}/web"
            finally:
                daemon.terminate()


def test_a_guest_reads_and_writes_it(host: LiveHost) -> None:
    image = host.root / "server.img"
    image.write_bytes(b"from the server\n".ljust(8 << 20, b"\0"))
    host.linux()
    with served(image) as disk:
        host.ok("create", "demo", f"disk=['{disk},xvda,w']")
        with console(host) as screen:
            screen.sees("is up")
            assert "from the server" in does(screen, "head -c 15 /dev/vda")
            does(screen, "echo from the guest | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null")
            assert image.read_bytes().startswith(b"from the guest\n")
            with exported(host) as (uri, _):
                does(screen, "echo changed | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null")
                fetch(uri, host.root / "backup.img")
                does(screen, "echo from the guest | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null")
            assert (host.root / "backup.img").read_bytes() == image.read_bytes()
            save = str(host.root / "demo.save")
            host.ok("save", "demo", save)
        host.ok("restore", save)
        with console(host) as screen:
            assert "from the guest" in does(screen, "echo 3 >/proc/sys/vm/drop_caches; head -c 14 /dev/vda")
        assert "it is a network disk" in host.xm("snapshot", "create", "demo").err
        host.ok("destroy", "demo")


TARGET = "iqn.2001-04.com.example:web"


@contextmanager
def iscsi_target(root: Path, image: Path) -> Iterator[str]:
    """The disk that an iSCSI target of its own offers, as a guest file names it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = os.environ | {"TGT_IPC_SOCKET": str(root / "tgtd")}

    def tell(mode: str, op: str, *words: str) -> bool:
        asked = ["tgtadm", "--lld", "iscsi", "--mode", mode, "--op", op, *words]
        return subprocess.run(asked, check=False, env=own, capture_output=True).returncode == 0

    with subprocess.Popen(["tgtd", "-f", "--iscsi", f"portal=127.0.0.1:{port}"], env=own) as daemon:
        try:
            until(lambda: tell("sys", "show"), "tgtd answers")
            assert tell("target", "new", "--tid", "1", "--targetname", TARGET)
            assert tell("logicalunit", "new", "--tid", "1", "--lun", "1", "--backing-store", str(image))
            assert tell("target", "bind", "--tid", "1", "--initiator-address", "ALL")
            yield f"iscsi://127.0.0.1:{port}/{TARGET}/1"
        finally:
            daemon.kill()  # it stays as long as there are targets


def test_one_of_an_iscsi_target_is_read_and_written(host: LiveHost) -> None:
    image = host.root / "server.img"
    image.write_bytes(b"from the target\n".ljust(8 << 20, b"\0"))
    host.linux()
    with iscsi_target(host.root, image) as disk:
        host.ok("create", "demo", f"disk=['{disk},xvda,w']")
        with console(host) as screen:
            screen.sees("is up")
            assert "from the target" in does(screen, "head -c 15 /dev/vda")
            does(screen, "echo from the guest | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null")
        assert image.read_bytes().startswith(b"from the guest\n")
        host.ok("destroy", "demo")
        wrong = host.xm("create", "demo", f"disk=['{disk[:-1]}7,xvda,w']")
    assert wrong.code != 0
    assert "iscsi" in wrong.err.lower()
    assert host.names() == []


def test_it_is_plugged_in_and_out_again(host: LiveHost) -> None:
    image = host.root / "server.img"
    image.write_bytes(bytes(8 << 20))
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen, served(image) as disk:
        screen.sees("is up")
        for _ in range(2):
            host.ok("block-attach", "--live", "demo", f"{disk},xvdb,w")
            does(screen, "echo plugged | dd of=/dev/vdb conv=fsync 2>/dev/null")
            assert image.read_bytes().startswith(b"plugged\n")
            host.ok("block-detach", "--live", "demo", "xvdb")


def test_what_cannot_be_reached_or_understood_is_said(host: LiveHost) -> None:
    host.linux()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = host.xm("create", "demo", f"disk=['nbd://127.0.0.1:{port}/web,xvda,w']")
    assert said.code != 0
    assert "Connection refused" in said.err
    said = host.xm("create", "demo", "disk=['gluster://x/y,xvda,w']")
    assert said.code != 0
    assert "of a kind that is not read here" in said.err
    assert host.names() == []
