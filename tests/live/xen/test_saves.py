"""Saves of a real Linux on a real Xen that go wrong, and what it has beside its memory. That it goes on from the right
moment, the walks show.

XENIA_XEN_KILLS says how often something is killed; XENIA_SEED begins another series.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.live.xen.walk.devices import sees
from tests.live.xen.walk.saves import begin_to_count, count
from tests.live.xen.walk.walk import Walk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import by_xl, by_xm, letters, nothing_left, until_at_rest
from tests.support.live import Said, until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

MANY = int(os.environ.get("XENIA_XEN_KILLS", "60"))
SEED = int(os.environ.get("XENIA_SEED", "1"))

SAVE = "/var/lib/xen/pv.save"
SMALL = "/small"
"""A file system without room for a guest."""


@pytest.fixture(scope="module")
def shared(xen_host: XenHost) -> Iterator[Walk]:
    walk = Walk(xen_host, "pv")
    yield walk
    if by_xl(xen_host):
        walk.xm("destroy", "pv")
    nothing_left(xen_host)


@pytest.fixture
def walk(shared: Walk) -> Walk:
    """A PV guest that counts; the next test goes on with it."""
    if not by_xl(shared.host):
        shared.host.ok("rm", "-f", "/var/log/xen/guest-pv.log")
        shared.xm("create", "pv")
        shared.is_up()
        begin_to_count(shared)
    return shared


def refused(said: Said, code: int, *words: str) -> None:
    assert (said.code, [word for word in words if word not in said.err]) == (code, []), said


def counts_on(walk: Walk) -> None:
    before = count(walk)
    until(lambda: count(walk) > before, "it counts on", 30, every=0.2)


def test_what_came_while_it_ran_is_where_it_was(walk: Walk) -> None:
    host = walk.host
    host.ok("truncate", "--size=8M", "/root/more.img")
    walk.xm("block-attach", "--live", "pv", "file:/root/more.img", "xvdf", "w")
    walk.xm("network-attach", "--live", "pv")
    walk.xm("network-detach", "--live", "pv", "0")
    walk.xm("save", "pv", SAVE)
    walk.xm("restore", SAVE)
    walk.types("cat /sys/block/xvd*/size /sys/class/net/eth1/address | wc -l; echo seen'.'", r"\n3\r\n(.*\n)*seen\.")
    assert f" vif{walk.id}.1: " in host.ok("bridge", "link", "show", "master", "xenbr0")
    assert f"chain vif{walk.id}.1 " in host.ok("nft", "list", "ruleset")
    walk.xm("block-detach", "--live", "pv", "xvdf")
    walk.xm("network-detach", "--live", "pv", "1")
    walk.xm("network-attach", "--live", "pv")
    sees(walk, "ls /sys/class/net | grep -c eth", 1)


def test_a_restore_that_cannot_be_leaves_nothing(walk: Walk) -> None:
    host = walk.host
    walk.xm("save", "pv", SAVE)
    host.ok("chown", "nobody", SAVE)
    refused(host.xm("restore", SAVE), 4, "does not belong to root alone", "chown root")
    host.sh(f"chown root {SAVE}; printf flipped | dd of={SAVE} bs=1 seek=99999999 conv=notrunc; sync")
    refused(host.xm("restore", SAVE), 1, "is damaged: the state between 94 and 96 MiB has changed")
    nothing_left(host)
    walk.xm("create", "pv")
    walk.is_up(times=2)
    begin_to_count(walk)


@pytest.mark.full
def test_all_are_put_away_with_the_host(walk: Walk) -> None:
    host = walk.host
    host.put("/etc/xen/xend.toml", b"host_stop = ['save', 'shutdown']\n")
    host.sh("mkdir -p /etc/systemd/system && ln -s /dev/null /etc/systemd/system/xendomains.service")
    host.stop_xend()
    host.start_xend()
    before = count(walk)
    walk.xm("host-stop")
    assert by_xl(host) == {}
    assert host.xm("domstate", "pv").out == "suspended\n"
    host.stop_xend()
    host.start_xend()
    walk.xm("host-start")
    assert before < count(walk) < before + 600
    host.ok("rm", "/etc/xen/xend.toml")


def test_whatever_is_killed_it_is_in_one_place(walk: Walk) -> None:
    run(walk, 6, SEED)


@pytest.mark.full
@pytest.mark.timeout(200 + 40 * MANY)
def test_nor_do_many_kills_lose_or_double_it(walk: Walk) -> None:
    run(walk, MANY, SEED + 1)


def run(walk: Walk, kills: int, seed: int) -> None:
    """Save it, restore it, and kill xend or xl, or cancel, in the midst of it."""
    chosen, host, seen = random.Random(seed), walk.host, Counter[str]()  # noqa: S311 (one that can be had again)
    victims: list[str] = []
    counted = 0
    for _ in range(kills):
        there = "pv" in by_xl(host)
        verb = chosen.choice(["save", "save", "save -c"]) if there else "restore"
        if not victims:
            victims = chosen.sample(["xend", "xl", "xm"], 3)
        victim = victims.pop()
        seconds = chosen.uniform(0.1, 4.0)
        if there:
            host.ok("rm", "-f", SAVE)
        words = [*verb.split(), *(["pv"] if there else []), SAVE]
        said = cut_off(host, words, victim, seconds)
        seen[f"{verb}, {victim} is killed: {'done' if said.code == 0 else 'cut off'}"] += 1
        until_at_rest(host)
        until(lambda: by_xl(host) == by_xm(host), "xm and xl show the same", 30, every=0.3)
        runs, kept = "pv" in by_xl(host), host.run("test", "-e", SAVE).code == 0
        assert kept or runs, f"lost: {seen} {said}"
        assert not (verb == "save" and kept and runs), f"twice: {seen} {said}"
        assert runs or verb != "save -c", f"a checkpoint has ended it: {seen} {said}"
        if runs:
            until(lambda: letters(host, "pv")[2:4] == "--", "it is neither paused nor suspended", 30, every=0.2)
            assert count(walk) >= counted, seen
            counts_on(walk)
            counted = count(walk)
    print(f"\n{kills} kills, seed {seed}:", *(f"{what} {times}" for what, times in sorted(seen.items())), sep="\n  ")
    assert host.run("pgrep", "-x", "xl").code != 0
    assert "qemu-" not in host.ok("ls", "/var/lib/xen")
    if "pv" in by_xl(host):
        walk.xm("shutdown", "-w", "pv")


def cut_off(host: XenHost, words: list[str], victim: str, seconds: float) -> Said:
    """What xm says of `words` when something is ended in the midst of it."""
    if victim == "xm":
        return host.run("timeout", "-s", "INT", f"{1 + seconds}", "xm", *words)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(host.xm, *words)
        time.sleep(seconds)  # the random moment itself
        if victim == "xl":
            host.run("pkill", "-9", "-x", "xl")
        else:
            host.stop_xend(signal.SIGKILL)
            host.start_xend()
        return answer.result()


def test_a_save_that_cannot_be_leaves_the_guest_running(walk: Walk) -> None:
    host = walk.host
    host.ok("mkdir", "-p", SMALL)
    host.ok("mount", "-t", "tmpfs", "-o", "size=32M", "small", SMALL)
    refused(host.xm("save", "pv", f"{SMALL}/save"), 1, "No space left on device")
    assert host.ok("ls", SMALL) == ""
    counts_on(walk)
    walk.xm("pause", "pv")
    refused(host.xm("save", "pv", SAVE), 5, "is paused, and its own drivers take part", "xm unpause pv")
    assert letters(host, "pv") == "--p---"
    walk.xm("unpause", "pv")
    host.ok("rm", "-f", SAVE)
    pid = host.spawn("env", "--default-signal=INT", "xm", "save", "pv", SAVE, log="/root/cancelled")
    until(lambda: host.run("pgrep", "-x", "xl").code == 0, "xl is at work", 60, every=0.1)
    host.ok("kill", "-INT", str(pid))
    until(
        lambda: "there is no file" in host.ok("cat", "/root/cancelled"), "xm says that it is cancelled", 30, every=0.2
    )
    counts_on(walk)
    assert host.run("ls", SAVE).code != 0
    walk.xm("save", "-p", "pv", SAVE)
    assert letters(host, "pv") == "--p---"
    walk.xm("unpause", "pv")
    counts_on(walk)
    walk.types("poweroff -f", "Power down|reboot:")
    until(lambda: by_xm(host) == {}, "xenstored tells of its end", 30, every=0.2)
