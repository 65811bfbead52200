"""Snapshots and clones on real Xen, of guests that are off: what is written since is in qcow2 images."""

from __future__ import annotations

import json

import pytest
from tests.live.xenlab.console import talk
from tests.live.xenlab.guests import file, marker
from tests.live.xenlab.host import XenHost

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

FILE = file("pv", "web", "disk = ['file:/var/lib/xen/web.img,xvda,w']")


def ok(host: XenHost, *words: str) -> str:
    said = host.xm(*words)
    assert said.code == 0, said
    return said.out


def says(host: XenHost, name: str, command: str, awaited: str) -> None:
    talk(host, "xm", "console", name, typed=command, awaited=awaited)


def test_one_that_is_off_goes_back_and_is_cloned(xen_host: XenHost) -> None:
    host = xen_host
    host.put("/etc/xen/web.cfg", FILE.encode())
    ok(host, "disk", "create", "web.img", "16m")
    ok(host, "create", "-q", "web")
    host.hears("web", marker("web"))
    says(host, "web", "echo first | dd of=/dev/xvda conv=fsync; echo wro''te", "wrote")
    said = host.xm("snapshot", "create", "web")
    assert said.code != 0
    assert "cannot be given overlays" in said.err
    assert "xm shutdown -w" in said.err
    ok(host, "destroy", "web")
    ok(host, "snapshot", "create", "web", "one")
    ok(host, "clone", "web", "copy")
    ok(host, "create", "-q", "web")
    host.hears("web", marker("web"), times=2)
    says(host, "web", "head -c 5 /dev/xvda; echo second | dd of=/dev/xvda conv=fsync; echo wro''te2", "wrote2")
    ok(host, "destroy", "web")
    ok(host, "create", "-q", "copy")
    says(host, "copy", 'echo "<$(head -c 5 /dev/xvda)>"', "<first>")
    ok(host, "destroy", "copy")
    ok(host, "snapshot", "revert", "web", "one")
    ok(host, "snapshot", "delete", "web", "one")
    ok(host, "create", "-q", "web")
    says(host, "web", 'echo "<$(head -c 5 /dev/xvda)>"', "<first>")
    ok(host, "destroy", "web")
    ok(host, "delete", "copy")
    ok(host, "disk", "delete", "copy-xvda.qcow2")
    ok(host, "snapshot", "delete", "--all", "web")
    there = [each["path"] for each in json.loads(ok(host, "disk", "list", "-o", "json"))["images"]]
    assert [path for path in there if "web" in path or "copy" in path] == ["/var/lib/xen/web.img"]
