"""A PVH guest, and pools of CPUs."""

from __future__ import annotations

import json

import pytest
from tests.live.xen.walk.kinds import FILES
from tests.live.xen.walk.verbs import through_all_verbs
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]


def test_it_comes_up_starts_over_and_goes(xen_host: XenHost) -> None:
    host = xen_host
    host.put("/etc/xen/pvh.cfg", FILES["pvh"].encode())
    assert host.xm("create", "pvh").code == 0
    host.hears("pvh", guests.marker("pvh"))
    (told,) = json.loads(host.xm("list", "-o", "json", "pvh").out)
    assert (told["kind"], told["engine"]) == ("pvh", "xen")
    assert host.xm("reboot", "-w", "pvh").code == 0
    host.hears("pvh", guests.marker("pvh"), times=2)
    assert host.xm("shutdown", "-w", "pvh").code == 0
    nothing_left(host)


@pytest.mark.full  # a PV guest's devices and verbs are the same to xend: test_pv
def test_it_goes_through_all_verbs(xen_host: XenHost) -> None:
    through_all_verbs(xen_host, "pvh")


@pytest.mark.full
def test_pools_of_cpus_and_what_is_in_the_way(xen_host: XenHost) -> None:
    """The host has one CPU, which Domain-0 needs."""
    host = xen_host
    host.put("/etc/xen/pvh.cfg", FILES["pvh"].encode())

    def refused(code: int, word: str, *words: str) -> None:
        said = host.xm(*words)
        assert (said.code, word in said.err) == (code, True), (words, said)

    assert host.xm("cpupool-list").out.splitlines()[1].split() == ["Pool-0", "1", "credit2", "y", "1"]
    assert host.xm("cpupool-create", "--sched", "credit", "empty").code == 0
    refused(5, "'empty' already", "cpupool-create", "empty")
    refused(5, "is in the pool 'Pool-0'", "cpupool-cpu-add", "empty", "0")
    refused(1, "Xen does not take CPU 0 out of the pool 'Pool-0'", "cpupool-cpu-remove", "Pool-0", "0")
    refused(5, "other pools already: empty", "cpupool-numa-split")
    assert host.xm("cpupool-rename", "empty", "none").code == 0
    host.xm("create", "-p", "pvh")
    refused(5, "has no CPUs", "cpupool-migrate", "--live", "pvh", "none")
    assert host.xm("cpupool-migrate", "--live", "pvh", "Pool-0").code == 0
    host.xm("destroy", "pvh")
    assert host.xm("cpupool-destroy", "none").code == 0
    assert [line.split()[0] for line in host.ok("xl", "cpupool-list").splitlines()[1:]] == ["Pool-0"]


@pytest.mark.full
def test_what_a_guest_has_no_driver_for_is_unplugged_again(xen_host: XenHost) -> None:
    """Its system is up, and ignores disks and cards."""
    host = xen_host
    text = guests.file("pvh", "ignorant", extra="quiet module_blacklist=xen_blkfront,xen_netfront")
    host.put("/etc/xen/ignorant.cfg", text.encode())
    assert host.xm("create", "ignorant").code == 0
    talk(host, "xm", "console", "ignorant", awaited=guests.marker("ignorant"), seconds=120)
    host.ok("truncate", "--size=8M", "/root/more.img")
    domid = host.ok("xl", "domid", "ignorant").strip()
    for kind, verb, *words in (("vbd", "block-attach", "file:/root/more.img", "xvdf", "w"), ("vif", "network-attach")):
        said = host.xm(verb, "--live", "ignorant", *words)
        assert said.code == 6, said
        assert "within 10 s, so it was unplugged again" in said.err
        assert "--no-wait" in said.err
        assert host.run("xenstore-ls", f"/local/domain/0/backend/{kind}/{domid}").out.strip() == ""
    assert "more.img" not in host.ok("losetup", "--all")
    for verb in ("block-list", "network-list"):
        assert len(host.xm(verb, "ignorant").out.splitlines()) == 1
    assert host.xm("destroy", "ignorant").code == 0
    nothing_left(host)
