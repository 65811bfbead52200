"""Saving a real guest that runs on, by QEMU as the guest's own user: what is kept is of one moment."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import dirtier
from tests.support.live import ACCELERATED, LiveHost, live_host, until
from tests.support.terminal import Terminal

STOOD = re.compile(r"; it stood still for (\d+ ms|\d+\.\d s)\n")
ALLOWED = Path("/proc/sys/vm/unprivileged_userfaultfd")

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may allow userfaultfd to others"),
]


@pytest.fixture
def allowed() -> Iterator[None]:
    """The host lets its users use userfaultfd, as long as any test wants that."""
    with ALLOWED.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            before = ALLOWED.read_text()
            ALLOWED.write_text("1")
        except OSError as error:
            pytest.skip(f"the host's kernel cannot be told to allow userfaultfd: {error}")
        try:
            yield
        finally:
            ALLOWED.write_text(before)


@pytest.fixture
def host(allowed: None) -> Iterator[LiveHost]:
    del allowed
    with live_host(settings=f"{ACCELERATED}background_snapshots = true\n") as host:
        host.start()
        told = host.ok("info")
        if "no_background-save" in told and tuple(map(int, os.uname().release.split(".")[:2])) < (5, 19):
            pytest.skip("a kernel before 5.19 does not protect memory that is shared")
        assert "no_background-save" not in told, told
        yield host


def start(host: LiveHost) -> None:
    host.linux()
    disk = host.images / "dirty.img"
    dirtier.write_disk(disk)
    host.ok("create", "-q", "demo", f"memory={dirtier.MEMORY}", f"disk=['file:{disk},xvda,w']")


def console(host: LiveHost, domain: str = "demo") -> Terminal:
    return Terminal(host.command("console", domain), host.environment)


def snapshot(host: LiveHost, name: str, domain: str = "demo") -> None:
    """One for which it does not stand still until its memory is written."""
    told = json.loads(host.ok("snapshot", "create", "-m", "-o", "json", domain, name))["stood_still"]
    assert told["why"] == ""
    assert told["seconds"] > 0


def test_memory_and_disk_are_of_one_moment(host: LiveHost) -> None:
    start(host)
    with console(host) as screen:
        screen.sees("is up")
        dirtier.begin(screen)
        snapshot(host, "one")
        between = dirtier.goes_on(screen)
        assert re.search(
            r"with its memory; it stood still for \d+ ms\n", host.ok("snapshot", "create", "-m", "demo", "two")
        )
        later = dirtier.goes_on(screen)
        assert re.search(r"it stood still for \d+ ms\n", host.ok("save", "-c", "demo", str(host.root / "demo.save")))
        dirtier.goes_on(screen)
    assert "every byte is as it was saved" in host.ok("save", "--info", str(host.root / "demo.save"))
    for name, before in (("one", between), ("two", later)):
        assert "it runs" in host.ok("snapshot", "revert", "demo", name)
        with console(host) as screen:
            assert dirtier.goes_on(screen) < before + 100
    assert not dirtier.complaints(host.root / "var/log/xenia")


def test_memory_that_is_mapped(host: LiveHost) -> None:
    """A clone's, from a file in memory, can be protected; that of a resumed guest, from a disk, cannot."""
    start(host)
    with console(host) as screen:
        screen.sees("is up")
        dirtier.begin(screen)
    host.ok("clone", "--running", "demo", "new")
    host.ok("destroy", "demo")
    snapshot(host, "one", "new")
    host.ok("snapshot", "revert", "new", "one")
    with console(host, "new") as screen:
        dirtier.goes_on(screen)
    assert not dirtier.complaints(host.root / "var/log/xenia")
    host.ok("suspend", "new")
    host.ok("resume", "new")
    assert "as its memory is mapped from a save" in host.ok("snapshot", "create", "-m", "new", "two")
    with console(host, "new") as screen:
        dirtier.goes_on(screen)


def test_an_xend_that_dies_in_it_leaves_the_guest_running(host: LiveHost) -> None:
    """The next one takes what QEMU still has to say, or the guest would stand still for good (under QEMU 7.2)."""
    start(host)
    with console(host) as screen:
        screen.sees("is up")
        dirtier.begin(screen)
    for name in map(str, range(10)):
        if is_killed_while_it_saves(host, name):
            break
    host.start()
    with console(host) as screen:
        dirtier.goes_on(screen)
    assert f"'{name}'" not in host.ok("snapshot", "list", "demo")
    snapshot(host, "last")
    assert "it runs" in host.ok("snapshot", "revert", "demo", "last")
    with console(host) as screen:
        dirtier.goes_on(screen)
    assert not dirtier.complaints(host.root / "var/log/xenia")


def is_killed_while_it_saves(host: LiveHost, name: str) -> bool:
    """Whether its xend has died with a snapshot under way, for which the guest does not stand still any more."""
    (folder,) = host.domains.iterdir()
    pipe, log = folder / "background.save", host.root / "var/log/xenia/qemu-demo.log"
    before = log.read_text().count("(running)\n")
    with Terminal(host.command("snapshot", "create", "-m", "demo", name), host.environment):
        until(lambda: log.read_text().count("(running)\n") > before, "it runs again", every=0.001)
        if not pipe.exists():
            return False
        host.stop(signal.SIGKILL)
    if not pipe.exists():
        host.start()
        return False
    return True


def test_without_room_nothing_is_left(host: LiveHost) -> None:
    start(host)
    with console(host) as screen:
        screen.sees("is up")
        dirtier.begin(screen)
        folder = host.root / "var/lib/xenia/snapshots"
        folder.mkdir(mode=0o700, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "small", folder], check=True)
        try:
            said = host.xm("snapshot", "create", "-m", "demo", "one")
            assert said.code != 0
            assert "No space left" in said.err
            dirtier.goes_on(screen)
            assert not list(overlays(host))
            assert not list(folder.rglob("*.save"))
        finally:
            subprocess.run(["umount", folder], check=True)
        dirtier.goes_on(screen)
    assert not dirtier.complaints(host.root / "var/log/xenia")


def overlays(host: LiveHost) -> list[Path]:
    return list(host.images.glob("dirty.*.qcow2"))
