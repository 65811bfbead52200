"""Clones of a real Linux guest: each goes on from where it was, with disks, addresses and random numbers of its own."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.live.test_snapshots import does, images, reads, writes
from tests.support.full_kernel import use_full_kernel
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

REBORN = "crng reseeded due to virtual machine fork"


def console(host: LiveHost, name: str = "demo") -> Terminal:
    return Terminal(host.command("console", "-t", "serial", name), host.environment)


def clones(host: LiveHost, *words: str) -> list[dict[str, Any]]:
    return list(json.loads(host.ok("clone", "-o", "json", *words))["clones"])


def test_they_run_from_the_moment_of_their_source(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        writes(screen, "first")
        (digest,) = re.findall(
            r"[0-9a-f]{40}", does(screen, "dd if=/dev/urandom of=/run/d bs=1M count=4; sha1sum /run/d")
        )
    made = clones(host, "-n", "3", "--running", "demo", "copy")
    assert [each["name"] for each in made] == ["copy-1", "copy-2", "copy-3"]
    assert host.names() == ["demo", "copy-1", "copy-2", "copy-3"]
    for number, each in enumerate(made):
        with console(host, each["name"]) as screen:
            assert digest in does(screen, "sha1sum /run/d"), "its memory is that of its source"
            writes(screen, "abc"[number] * 3)
            until(lambda: "LOWER_UP" in does(screen, "ip -o link show eth1"), "it finds its new card")
            assert "NO-CARRIER" in does(screen, "ip -o link show eth0"), "the card of its source is dead"
    for number, each in enumerate(made):
        with console(host, each["name"]) as screen:
            assert reads(screen) == "abc"[number] * 3
    with console(host) as screen:
        assert reads(screen) == "first", "the source sees nothing of it"
    shown = [json.loads(host.ok("list", "-o", "json", each))[0]["uuid"] for each in host.names()]
    assert len(set(shown)) == 4
    assert not list((host.root / "var/lib/xenia/snapshots").rglob("*.save")), "the memory is not needed any more"
    for each in made:
        host.ok("destroy", each["name"])
    host.ok("create", "-q", "copy-2")
    with console(host, "copy-2") as screen:
        screen.sees("is up")
        assert reads(screen) == "bbb"


def test_their_random_numbers_are_their_own(host: LiveHost) -> None:
    """Where the kernel has a driver for vmgenid, which Debian's for clouds has not."""
    use_full_kernel(host.linux())
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        assert REBORN not in does(screen, "dmesg")
    made = clones(host, "-n", "2", "--running", "demo", "copy")
    seen = set()
    for name in ("demo", *(each["name"] for each in made)):
        with console(host, name) as screen:
            if name != "demo":
                until(lambda: REBORN in does(screen, "dmesg | tail"), "its kernel has heard that it is another one")
            seen.update(re.findall(r"\b[0-9a-f]{8}-[0-9a-f-]{27}", does(screen, "cat /proc/sys/kernel/random/uuid")))
    assert len(seen) == 3
    host.ok("suspend", "demo")
    host.ok("resume", "demo")
    with console(host) as screen:
        assert REBORN not in does(screen, "dmesg"), "the source goes on as itself"


def test_of_one_that_does_not_run_and_of_a_snapshot(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        writes(screen, "first")
        host.ok("snapshot", "create", "demo", "golden")
        writes(screen, "second")
    host.ok("shutdown", "-w", "demo")
    assert clones(host, "demo", "linked")[0]["domid"] is None
    clones(host, "demo", "again")
    assert len([name for name in images(host) if name.startswith("demo.")]) == 3, "both have one base"
    clones(host, "--snapshot", "golden", "--full", "demo", "whole")
    host.ok("snapshot", "delete", "demo", "golden")
    for name, word in (("linked", "second"), ("again", "second"), ("whole", "first"), ("demo", "second")):
        host.ok("create", "-q", name)
        with console(host, name) as screen:
            screen.sees("is up")
            assert reads(screen) == word, name
        host.ok("destroy", name)
    said = host.xm("disk", "delete", "--force", "demo/demo.qcow2")
    assert said.code != 0, "clones need it"
    for name in ("linked", "again"):
        host.ok("delete", name)
        host.ok("disk", "delete", f"demo/{name}-xvda.qcow2")
    host.ok("snapshot", "delete", "--all", "demo")
    assert images(host) == {"demo.qcow2", "whole-xvda.qcow2"}


def test_of_one_whose_files_lie_together_elsewhere(host: LiveHost) -> None:
    """Its paths begin at its guest file, and its images are below no root; what it is based on stays what it is."""
    host.linux()
    folder = host.root / "srv"
    shutil.copytree(host.images / "demo", folder)
    file = folder / "other.cfg"
    text = (host.root / "etc/xen/demo.cfg").read_text()
    file.write_text(text.replace(f"{host.images}/demo/", "").replace('"demo"', '"other"'))
    host.ok("create", "-q", str(file))
    with console(host, "other") as screen:
        screen.sees("is up")
        writes(screen, "first")
        clones(host, "other", "copy")
        assert "base of" in host.ok("disk", "info", f"{folder}/demo.qcow2")
        writes(screen, "second")
    host.ok("create", "-q", "copy")
    with console(host, "copy") as screen:
        screen.sees("is up")
        assert reads(screen) == "first"
    host.ok("destroy", "copy")
    host.ok("delete", "copy")
    host.ok("disk", "delete", f"{folder}/copy-xvda.qcow2")
    host.ok("snapshot", "delete", "--all", "other")
    assert sorted(path.name for path in folder.glob("*.qcow2")) == ["demo.qcow2"]


def test_what_cannot_be_is_said_and_nothing_is_made(host: LiveHost) -> None:
    host.linux()
    for words, said in (
        (("demo", "demo"), "there is or was a domain 'demo' already"),
        (("--running", "demo", "x"), "does not run: it has no memory"),
        (("--snapshot", "none", "demo", "x"), "has no snapshot 'none'"),
        (("--running", "--snapshot", "one", "demo", "x"), "either --running or --snapshot"),
        (("-n", "0", "demo", "x"), "0 clones cannot be made"),
        (("demo", "a/b"), "a/b"),
        (("nobody", "x"), "there is no domain 'nobody'"),
    ):
        found = host.xm("clone", *words)
        assert found.code != 0, words
        assert said in found.err, found.err
    taken = host.images / "demo/x-xvda.qcow2"
    taken.write_bytes(b"mine")
    assert f"there is a file {taken} already" in host.xm("clone", "demo", "x").err
    assert taken.read_bytes() == b"mine"
    assert sorted(Path(host.root / "etc/xen").glob("*.cfg")) == [host.root / "etc/xen/demo.cfg"]
    taken.unlink()
    host.ok("snapshot", "delete", "--all", "demo")
    assert images(host) == {"demo.qcow2"}
