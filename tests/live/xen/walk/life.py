"""From create to destroy."""

from __future__ import annotations

import json
import re

from tests.live.xen.walk.walk import Walk
from tests.live.xenlab.traces import by_xl, by_xm, letters, nothing_left


def is_started(walk: Walk) -> None:
    plan, kind = walk.xm("create", "-n", walk.kind), walk.kind
    assert re.search(rf'^xen gets:\n(  .*\n)*  type = "{kind}"\n(  .*\n)*  name = "{kind}"\n', plan, re.MULTILINE), plan
    assert by_xl(walk.host) == {}
    walk.found("create -n")
    walk.xm("create", "-p", walk.kind)
    assert letters(walk.host, walk.kind) == "--p---"
    walk.found("create -p")
    walk.xm("unpause", walk.kind)
    walk.found("create")


def is_shown(walk: Walk) -> None:
    host, kind, domid = walk.host, walk.kind, walk.id
    (told,) = json.loads(walk.xm("list", "-o", "json", kind))
    assert (told["domid"], told["kind"], told["engine"]) == (domid, kind, "xen")
    assert told["state"] in ("running", "blocked")
    assert told["vifs"] == [f"vif{domid}.0"]
    walk.found("list -o json")
    ends = {f"vif{domid}.0"} | ({f"vif{domid}.0-emu"} if kind == "hvm" else set())
    rules = host.ok("nft", "list", "table", "netdev", "xenia")
    assert set(re.findall(r"chain (\S+) {", rules)) == ends, "either side of its card is guarded"
    row = walk.xm("list", kind).splitlines()[1].split()
    assert row[:2] == [kind, str(domid)]
    walk.found("list")
    sxp = walk.xm("list", "-l", kind)
    assert f"(domid {domid})" in sxp
    assert "(bridge xenbr0)" in sxp
    assert "(mac 00:16:3e:" in sxp
    walk.found("list -l")
    normal = json.loads(host.ok("xl", "list", "-l", kind))
    assert [each["config"]["c_info"]["name"] for each in normal] == [kind]


def is_paused(walk: Walk) -> None:
    walk.xm("pause", walk.kind)
    assert letters(walk.host, walk.kind) == "--p---"
    walk.found("pause")
    walk.xm("unpause", walk.kind)
    assert "p" not in letters(walk.host, walk.kind)
    walk.found("unpause")


def is_renamed(walk: Walk) -> None:
    """There and back again."""
    walk.xm("rename", walk.kind, "other")
    assert by_xl(walk.host) == by_xm(walk.host) == {"other": int(walk.host.ok("xl", "domid", "other"))}
    said = walk.xm("uptime", "other").splitlines()
    assert said[1].split()[:1] == ["other"]
    walk.found("uptime")
    walk.xm("rename", "other", walk.kind)
    assert by_xl(walk.host) == by_xm(walk.host) == {walk.kind: walk.id}
    walk.found("rename")


def is_rebooted(walk: Walk) -> None:
    before, uuid = walk.id, uuid_of(walk)
    if not walk.is_linux:
        walk.xm("reboot", "hvm")
        assert walk.id == before
        walk.found("reboot", "asked by ACPI")
        return
    walk.xm("reboot", "-w", walk.kind, timeout=90)
    assert walk.id > before
    assert uuid_of(walk) == uuid
    walk.found("reboot", "new id")
    walk.is_up(times=2)


def is_ended(walk: Walk) -> None:
    """And is there again afterwards."""
    host, kind = walk.host, walk.kind
    if not walk.is_linux:
        before = walk.id
        walk.xm("shutdown", "hvm")
        walk.xm("shutdown", "--mode=acpi", "hvm")
        assert by_xl(host) == by_xm(host) == {"hvm": before}
        walk.found("shutdown", "asked by ACPI")
        return
    walk.xm("shutdown", "--mode=agent", "-w", kind)
    assert by_xm(host) == {}
    walk.found("shutdown")
    nothing_left(host)
    walk.xm("create", kind)


def is_reset(walk: Walk) -> None:
    """Whatever it is doing: that it boots again, a reboot has shown."""
    before = walk.id
    walk.xm("reset", walk.kind)
    assert walk.id > before
    walk.found("reset", "new id")


def uuid_of(walk: Walk) -> str:
    (told,) = json.loads(walk.xm("list", "-o", "json", walk.kind))
    return str(told["uuid"])
