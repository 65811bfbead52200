"""Real guests start with the host in their order, and end with it; one of them does not answer its power button."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.live import ACCELERATED, LiveHost, live_host, until

from xenia.images.demo import DemoGuest

pytestmark = pytest.mark.qemu

BOOT = Path("/proc/sys/kernel/random/boot_id")


def rows(host: LiveHost) -> dict[str, dict[str, Any]]:
    last: dict[str, Any] = json.loads(host.ok("autostart", "-o", "json"))["last"]
    return {row["domain"]: row for row in last["rows"]}


def next_boot(host: LiveHost) -> None:
    """What xend finds is from another boot of the host, in which nothing of it runs."""
    assert not host.guests()
    for path in ("var/lib/xenia/host-run.json", "run/xenia/boot-id"):
        file = host.root / path
        file.write_text(file.read_text().replace(BOOT.read_text().strip(), "earlier"))


def is_up(host: LiveHost, guest: DemoGuest) -> bool:
    logs = (host.root / "var/log/xenia").rglob("*console*")
    return any(guest.marker.encode() in path.read_bytes() for path in logs)


def test_three_guests_start_in_order_and_end_in_the_reverse_one() -> None:
    with live_host(settings=f"{ACCELERATED}stop_timeout = 3\n") as host:
        guests = {name: host.linux(name) for name in ("db", "web")}
        host.hvm("dead", "start_after = ['db']\n")  # a machine without a system: nobody hears its power button
        for name, more in (("db", "start_delay = 2\n"), ("web", "start_after = ['db']\n")):
            with guests[name].file.open("a") as file:
                file.write(f"{more}stop_timeout = 60\n")
        host.start()
        for name, number in (("web", "10"), ("db", "90"), ("dead", "20")):
            host.ok("autostart", name, "--order", number)
        host.stop()
        next_boot(host)
        host.start()
        until(lambda: {row["state"] for row in rows(host).values()} == {"started"}, "all are started")
        assert list(rows(host)) == ["db", "web", "dead"]
        came = [row["at"] for row in rows(host).values()]
        assert came[0] + 2 <= came[1] <= came[2]
        for guest in guests.values():
            until(lambda guest=guest: is_up(host, guest), "the Linux guests hear their power buttons")

        said = host.xm("host-stop")
        assert said.code == 6
        assert "dead: destroyed: it had not shut down within 3 s\n" in said.out
        assert {"web: stopped", "db: stopped"} <= set(said.out.splitlines())
        ended = {name: row["at"] for name, row in rows(host).items()}
        assert max(ended["web"], ended["dead"]) <= ended["db"]
        host.nothing_left()

        for name in ("db", "web"):
            host.ok("autostart", name, "--disable")
        host.stop()
        next_boot(host)
        host.start()
        until(lambda: {row["state"] for row in rows(host).values()} == {"started"}, "what ran has come back")
        assert len(host.guests()) == 3
        assert host.ok("host-stop", "--now") != ""
        host.nothing_left()
