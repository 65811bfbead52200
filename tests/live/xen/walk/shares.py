"""Memory, CPUs, and the figures of them."""

from __future__ import annotations

import json

from tests.live.xen.walk.walk import Walk


def is_resized(walk: Walk) -> None:
    if not walk.is_linux:  # a boot sector has no balloon, and would be waited for
        walk.xm("mem-max", "--live", "hvm", "64")
        walk.found("mem-set", "untried")
    else:
        walk.xm("mem-set", "--live", walk.kind, "100")
        assert int(walk.host.ok("xl", "list", walk.kind).splitlines()[1].split()[2]) <= 101
        walk.xm("mem-max", "--live", walk.kind, "100")
        walk.found("mem-set")
    walk.found("mem-max")


def gets_cpus(walk: Walk) -> None:
    if not walk.is_linux:  # a boot sector never starts another CPU, and would be waited for
        walk.found("vcpu-set", "untried")
        return
    switch_on = "until echo 1 > /sys/devices/system/cpu/cpu1/online; do sleep 1; done"  # as udev does elsewhere
    walk.types(f"({switch_on}) 2>&- & echo $((6*9))x", "54x")
    for count in (2, 1):
        assert walk.xm("vcpu-set", "--live", "--ignore-host", walk.kind, str(count)) == ""
        assert int(walk.host.ok("xl", "list", walk.kind).splitlines()[1].split()[3]) == count
    walk.found("vcpu-set")


def is_bound_and_weighed(walk: Walk) -> None:
    for words in (("0", "0", "0"), ("all", "all", "all")):
        walk.xm("vcpu-pin", "--live", walk.kind, *words)
    walk.found("vcpu-pin")
    assert walk.xm("vcpu-list", walk.kind).splitlines()[1].endswith(" any cpu")
    walk.found("vcpu-list")
    walk.xm("sched-credit2", "--live", "-d", walk.kind, "-w", "512", "-c", "95")
    assert walk.host.ok("xl", "sched-credit2", "-d", walk.kind).splitlines()[1].split()[2:] == ["512", "95"]
    assert walk.xm("sched-credit2", "-d", walk.kind).splitlines()[1].split()[2:] == ["512", "95"]
    walk.found("sched-credit2")
    said = walk.host.xm("sched-credit", "-d", walk.kind, "-w", "512")
    assert (said.code, "xm sched-credit2 -d" in said.err) == (5, True), said
    walk.found("sched-credit", "says: sched-credit2")


def is_watched(walk: Walk) -> None:
    """The columns are xentop's, and the figures too, as far as both count them."""
    mine, xentops = (
        {row[0]: dict(zip(rows[0], row, strict=False)) for row in rows[1:] if len(row) > 15}
        for rows in (
            [line.split() for line in text.splitlines()]
            for text in (walk.xm("top", "-b", "-i", "1"), walk.host.ok("xentop", "-b", "-i", "1", "-f"))
        )
    )
    ours, theirs = mine[walk.kind], xentops[walk.kind]
    assert ours["VCPUS"] == "1", "xentop counts one that is not plugged in, too"
    assert 0 <= int(theirs["CPU(sec)"]) - int(ours["CPU(sec)"]) < 60
    if walk.is_linux:  # a boot sector reads by an emulated drive, which only its QEMU counts
        assert ours["NETS"] == theirs["NETS"] == "1"
        assert int(ours["VBD_RD"]) <= int(theirs["VBD_RD"])
        assert int(ours["NETRX(k)"]) <= int(theirs["NETRX(k)"])
    walk.found("top")
    told = json.loads(walk.xm("why", "-s", "1", "-o", "json", walk.kind))
    assert told["domid"] == walk.id
    assert any("how long requests of its disks take" in each for each in told["unknown"])
    emulated = [each for each in told["findings"] if "emulated" in each["message"]]
    assert bool(emulated) is not walk.is_linux
    walk.found("why")
