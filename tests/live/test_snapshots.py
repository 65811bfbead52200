"""Snapshots of a real Linux guest: what was on its disk and in its memory is there again, whatever is deleted."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

SERIAL = itertools.count(100)
COUNT = "i=0; while :; do i=$((i+1)); echo $i >/run/count; echo count $i; sleep 0.05; done &\n"


def console(host: LiveHost) -> Terminal:
    return Terminal(host.command("console", "-t", "serial", "demo"), host.environment)


def does(screen: Terminal, command: str) -> str:
    """What the guest says to a command; what the console shows again of earlier ones is passed over."""
    number = next(SERIAL)
    screen.types(f"echo beg''in{number}; {command}; echo do''ne{number}\n")
    screen.sees(f"begin{number}\r\n")
    return screen.sees(f"done{number}\r\n")


def writes(screen: Terminal, word: str) -> None:
    """To its disk."""
    does(screen, f"echo {word} | dd of=/dev/vda bs=1M conv=fsync,sync 2>/dev/null")


def reads(screen: Terminal) -> str:
    does(screen, "echo 3 >/proc/sys/vm/drop_caches")
    found = re.search(r"<(\w+)>", does(screen, "echo \"<$(head -c 8 /dev/vda | tr -dc 'a-z')>\""))
    assert found is not None
    return found[1]


def snapshots(host: LiveHost) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(host.ok("snapshot", "list", "-o", "json", "demo"))["snapshots"]}


def images(host: LiveHost) -> set[str]:
    return {path.name for path in (host.images / "demo").glob("*.qcow2")}


def test_it_goes_back_and_forth_while_it_runs(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        writes(screen, "first")
        host.ok("snapshot", "create", "-d", "a disk alone", "demo", "one")
        writes(screen, "second")
        digest = re.findall(r"[0-9a-f]{40}", does(screen, "dd if=/dev/urandom of=/run/d bs=1M count=8; sha1sum /run/d"))
        screen.types(COUNT)
        screen.sees("count 5")
        assert "with its memory" in host.ok("snapshot", "create", "-m", "demo", "two")
        does(screen, "kill %1; rm /run/d")
        writes(screen, "third")
    assert [snapshots(host)[name]["moment"] for name in ("one", "two")] == ["crash", "memory"]
    assert snapshots(host)["two"]["current"]

    assert "it runs" in host.ok("snapshot", "revert", "demo", "two")
    with console(host) as screen:
        screen.sees("count ")
        assert "Terminated" not in does(screen, "kill %1"), "it counted on"
        assert digest[0] in does(screen, "sha1sum /run/d"), "its memory is what it was"
        assert reads(screen) == "second"
        writes(screen, "fourth")
    assert "it runs" in host.ok("snapshot", "revert", "demo", "one")
    with console(host) as screen:
        screen.sees("is up")
        assert reads(screen) == "first"
        writes(screen, "fifth")
    host.ok("snapshot", "delete", "demo", "one")
    with console(host) as screen:
        assert reads(screen) == "fifth"
    host.ok("snapshot", "revert", "demo", "two")
    with console(host) as screen:
        assert digest[0] in does(screen, "kill %1; sha1sum /run/d")
        assert reads(screen) == "second"
        host.ok("snapshot", "delete", "--all", "demo")
        writes(screen, "sixth")
    assert images(host) == {"demo.qcow2"}, "it writes to what its guest file names"
    assert not list((host.root / "var/lib/xenia/snapshots").rglob("*.save"))
    host.ok("destroy", "demo")
    (image,) = (host.images / "demo").glob("*.qcow2")
    subprocess.run(["qemu-img", "check", "-q", image], check=True)
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        assert reads(screen) == "sixth"


def test_xend_is_killed_in_between(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        writes(screen, "first")
    host.ok("snapshot", "create", "demo", "one")
    host.stop(signal.SIGKILL)
    host.start()
    with console(host) as screen:
        writes(screen, "second")
    host.ok("snapshot", "create", "demo", "two")
    host.ok("destroy", "demo")
    said = host.xm("delete", "demo")
    assert said.code != 0
    assert "xm snapshot delete --all demo" in said.err
    host.ok("snapshot", "revert", "demo", "one")
    host.ok("snapshot", "delete", "demo", "two")
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        assert reads(screen) == "first"
    assert "has no snapshot 'two'" in host.xm("snapshot", "revert", "demo", "two").err
    host.ok("snapshot", "delete", "demo", "one")
    assert images(host) == {"demo.qcow2"}


def test_layers_that_a_guest_was_started_with_are_merged(host: LiveHost) -> None:
    """QEMU has opened them to read only, and is to write to one, and to the header of another."""
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        for number, word in enumerate(("one", "two", "three", "four")):
            writes(screen, word)
            host.ok("snapshot", "create", "demo", f"s{number}")
        writes(screen, "five")
    host.ok("destroy", "demo")
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        for name in ("s1", "s0"):
            host.ok("snapshot", "delete", "demo", name)
        assert reads(screen) == "five"
    assert len(images(host)) == 3
    for name, word in (("s2", "three"), ("s3", "four")):
        host.ok("snapshot", "revert", "demo", name)
        with console(host) as screen:
            screen.sees("is up")
            assert reads(screen) == word
    host.ok("snapshot", "delete", "--all", "demo")
    assert images(host) == {"demo.qcow2"}
    assert host.domain("demo")["state"] == "running"


def test_what_was_written_to_by_others_is_refused(host: LiveHost) -> None:
    host.linux()
    host.ok("snapshot", "create", "demo", "one")
    base = host.images / "demo/demo.qcow2"
    assert not base.stat().st_mode & 0o222, "others see that it is not to be written to"
    with base.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    said = host.xm("snapshot", "revert", "demo", "one")
    assert said.code != 0
    assert "was written to since the snapshot 'one' was made" in said.err


def test_a_block_device_has_its_overlays_among_the_images(host: LiveHost) -> None:
    disk = host.root / "device.img"
    disk.write_bytes(bytes(8 << 20))
    made = subprocess.run(["losetup", "-f", "--show", disk], check=False, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no loop devices here: {made.stderr.strip()}")
    device = made.stdout.strip()
    try:
        host.hvm("web", f"disk = ['phy:{device},xvda,w']\n")
        host.ok("create", "-q", "web")
        host.ok("snapshot", "create", "web", "one")
        host.ok("destroy", "web")
        host.ok("create", "-q", "web")
        assert f"{host.images}/{Path(device).name}." in host.ok("block-list", "web")
        said = host.xm("clone", "web", "copy")
        assert (said.code, "is a block device" in said.err, "xm clone --full" in said.err) == (1, True, True)
        host.ok("snapshot", "create", "web", "two")
        host.ok("clone", "--full", "web", "copy")
        host.ok("create", "-q", "copy")
        host.ok("destroy", "copy")
        host.ok("snapshot", "delete", "--all", "web")
        assert f"raw     {device}" in host.ok("block-list", "web")
        host.ok("destroy", "web")
        assert [path.name for path in host.images.glob("*.qcow2")] == ["copy-xvda.qcow2"]
    finally:
        subprocess.run(["losetup", "-d", device], check=True)


def test_all_that_it_cannot_be_is_said(host: LiveHost) -> None:
    host.linux()
    host.hvm("bare")
    for words, said in (
        (("create", "bare"), "no disk that it writes to"),
        (("create", "-m", "demo"), "does not run: it has no memory"),
        (("create", "demo", "a/b"), "cannot be the name of a snapshot"),
        (("create", "nobody"), "there is no domain 'nobody'"),
        (("create", "0"), "not possible for Domain-0"),
        (("revert", "demo", "none"), "has no snapshot 'none'"),
        (("delete", "demo"), "one snapshot, or --all"),
        (("show", "demo", "none"), "has no snapshot 'none'"),
    ):
        found = host.xm("snapshot", *words)
        assert found.code != 0, words
        assert said in found.err, found.err
    host.ok("snapshot", "create", "demo", "one")
    assert "has a snapshot 'one' already" in host.xm("snapshot", "create", "demo", "one").err
    host.ok("create", "-q", "demo")
    until(lambda: host.domain("demo")["state"] == "running", "it runs")
    assert host.xm("snapshot", "diff", "demo", "one").out.startswith("xvda: ")
