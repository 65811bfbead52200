"""A disk on a real Ceph."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.live.test_snapshots import console, does
from tests.support import ceph
from tests.support.live import LiveHost

pytestmark = [pytest.mark.qemu, pytest.mark.full]


def test_a_disk_on_ceph_is_read_and_written(host: LiveHost) -> None:
    host.linux()
    with ceph.running(host.root / "ceph") as store:
        store.run("rbd", "create", "--size", "8M", "rbd/web")
        store.run("rbd", "create", "--size", "8M", "rbd/more")
        disk = f"rbd:rbd/web:id=vm:conf={store.conf}"
        host.ok("create", "demo", f"disk=['{disk},xvda,w']")
        with console(host) as screen:
            screen.sees("is up")
            does(screen, "echo from the guest | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null")
            host.ok("block-attach", "--live", "demo", f"rbd:rbd/more:id=vm:conf={store.conf},xvdb,w")
            does(screen, "echo plugged | dd of=/dev/vdb conv=fsync 2>/dev/null")
            host.ok("block-detach", "--live", "demo", "xvdb")
        store.run("rbd", "export", "rbd/web", str(host.root / "web.img"))
        assert (host.root / "web.img").read_bytes().startswith(b"from the guest\n")
        store.run("rbd", "export", "rbd/more", str(host.root / "more.img"))
        assert (host.root / "more.img").read_bytes().startswith(b"plugged\n")
        ((pid,),) = host.guests().values()
        key = store.run("ceph", "auth", "get-key", "client.vm")
        assert key.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        host.ok("destroy", "demo")
        wrong = host.xm("create", "demo", f"disk=['{disk.replace('rbd/web', 'rbd/none')},xvda,w']")
    assert wrong.code != 0
    assert "rbd" in wrong.err
    assert host.names() == []
