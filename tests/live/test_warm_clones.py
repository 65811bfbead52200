"""Clones of a real Linux guest that are held ready: each goes on from the memory, and none is left over."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

import pytest
from tests.live.test_clones import clones, console
from tests.live.test_snapshots import does, images, reads, writes
from tests.support.live import LiveHost, until

pytestmark = pytest.mark.qemu


def golden(host: LiveHost, ready: int) -> str:
    """A guest with a snapshot `golden`, of which so many clones are ready. What its memory has at /run/d, summed."""
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        writes(screen, "first")
        said = does(screen, "dd if=/dev/urandom of=/run/d bs=1M count=4; sha1sum /run/d")
    host.ok("snapshot", "create", "-m", "demo", "golden")
    host.ok("snapshot", "warm", "demo", "golden", str(ready))
    until(lambda: warm(host)["ready"] == ready, "they are ready")
    return re.findall(r"[0-9a-f]{40}", said)[0]


def warm(host: LiveHost) -> dict[str, Any]:
    answer = json.loads(host.ok("snapshot", "show", "-o", "json", "demo", "golden"))
    return dict(answer["snapshot"]["warm"])


def test_a_clone_goes_on_at_once_from_the_memory(host: LiveHost) -> None:
    digest = golden(host, 2)
    held = set(host.guests()) - {host.domain("demo")["uuid"]}
    assert (len(held), host.names()) == (2, ["demo"])
    assert warm(host)["memory"] > 4 << 20
    assert "warm_clones            : 2 of 2" in host.ok("info")
    made = clones(host, "-n", "2", "--snapshot", "golden", "demo", "copy")
    assert {host.domain(each["name"])["uuid"] for each in made} == held
    assert {"copy-1-xvda.qcow2", "copy-2-xvda.qcow2"} < images(host)
    for number, each in enumerate(made):
        with console(host, each["name"]) as screen:
            assert digest in does(screen, "sha1sum /run/d")
            writes(screen, "abc"[number] * 3)
            until(lambda: "LOWER_UP" in does(screen, "ip -o link show eth1"), "it finds its new card")
            assert "NO-CARRIER" in does(screen, "ip -o link show eth0"), "the card of its source is dead"
    for number, each in enumerate(made):
        with console(host, each["name"]) as screen:
            assert reads(screen) == "abc"[number] * 3
    until(lambda: warm(host)["ready"] == 2, "they come again")
    host.ok("destroy", "copy-1")
    host.ok("create", "-q", "copy-1")
    with console(host, "copy-1") as screen:
        screen.sees("is up")
        assert reads(screen) == "aaa"
    host.ok("snapshot", "delete", "demo", "golden")
    assert len(host.guests()) == 3
    assert not [path for path in (host.root / "var/log/xenia").iterdir() if "@" in path.name]
    for name in host.names():
        host.ok("destroy", name)
    host.nothing_left()


def test_none_outlives_a_xend_that_was_killed(host: LiveHost) -> None:
    golden(host, 2)
    held, kept = set(host.guests()), images(host)
    host.stop(signal.SIGKILL)
    assert set(host.guests()) == held, "nobody is there to end them"
    host.start()
    until(lambda: warm(host)["ready"] == 2, "they are made anew")
    assert set(host.guests()) & held == {host.domain("demo")["uuid"]}
    until(lambda: len(images(host) - kept) == 2, "their images are gone")
    assert len(images(host)) == len(kept)
    assert len(host.guests()) == len(host.run_folders) == 3
    host.stop(signal.SIGTERM)
    assert set(host.guests()) == {json.loads(path.read_text())["uuid"] for path in host.domains.glob("*/started.json")}
    assert len(host.guests()) == 1
    assert len(images(host)) == len(kept) - 2
    host.start()
    host.ok("snapshot", "warm", "demo", "golden", "0")
    host.ok("destroy", "demo")
    host.nothing_left()
