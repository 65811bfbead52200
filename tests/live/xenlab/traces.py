"""What is there of guests on a Xen host, as a stranger finds it: by xl, xenstore, and the tables of dom0's kernel."""

from __future__ import annotations

import json
import re

from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import SITE
from tests.support.live import until

_LOOK = """\
xenstore-ls -f | cut -d' ' -f1
ls -d /sys/class/net/vif* /run/xenia/domains/* 2>/dev/null || true
losetup -a
nft list chains netdev | grep -o 'chain vif.*' || true
ps -eo args | grep -E '^(\\S*/)?(xl (create|reboot)|xen-qemu-system-i386|qemu-system)\\b' || true
"""

_OF_GUESTS = re.compile(
    r"/local/domain/[1-9]|/vm/(?!0{8}-)|/libxl/[1-9]|/local/domain/0/backend/[^/]+/\d|/local/domain/0/device-model/[1-9]"
    r"|/sys/class/net/|chain vif|/run/xenia/|/dev/loop|(?:\S*/)?xl |\S*qemu\S* (?!-xen-domid 0 )"
)


def of_guests(host: XenHost) -> list[str]:
    """Everything that only guests need: entries of xenstore, cards, rules, loop devices, run folders, processes."""
    return [line for line in host.sh(_LOOK).out.splitlines() if _OF_GUESTS.match(line)]


def nothing_left(host: XenHost, seconds: float = 30) -> None:
    """Waits until there is no domain and nothing of one."""
    found: list[str] = []

    def clean() -> bool:
        found[:] = [f"domain {name}" for name in by_xl(host)] + of_guests(host)
        return not found

    try:
        until(clean, "nothing of guests is left", seconds, every=0.3)
    except AssertionError:
        raise AssertionError("this is left of guests:\n" + "\n".join(found)) from None


def by_xl(host: XenHost) -> dict[str, int]:
    """Name and id of every guest that Xen has; one that is dying has no name. A name twice fails the test."""
    rows = [line.split() for line in host.ok("xl", "list").splitlines()[2:]]
    names = [row[0] for row in rows if row[0] != "(null)"]
    assert len(set(names)) == len(names), rows
    return {row[0]: int(row[1]) for row in rows}


def by_xm(host: XenHost) -> dict[str, int]:
    """Name and id of every guest that xm shows as being there."""
    said = host.xm("list", "-o", "json")
    assert said.code == 0, said
    return {each["name"]: each["domid"] for each in json.loads(said.out) if each["domid"]}


def letters(host: XenHost, name: str) -> str:
    """The state of a guest as `xl list` shows it."""
    return host.ok("xl", "list", name).splitlines()[1].split()[4]


_WAIT = """\
from contextlib import suppress
from xenia.client.errors import ClientError
from xenia.client.http import Client
for job in Client().get("/jobs", seconds=60)["jobs"]:
    if job["state"] == "running":
        with suppress(ClientError):
            Client().get(f"/jobs/{job['id']}?wait=90", seconds=100)
"""


def until_at_rest(host: XenHost) -> None:
    """Waits until xend has ended what it was asked for: who has asked may have left."""
    said = host.run("python3", "-SPc", _WAIT, env={"PYTHONPATH": SITE})
    assert said.code == 0, said
