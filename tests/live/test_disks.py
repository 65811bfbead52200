"""Work on the disk of a real Linux guest that runs: what it has written is there, whichever image it has."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu


def console(host: LiveHost) -> Terminal:
    return Terminal(host.command("console", "-t", "serial", "demo"), host.environment)


def told(screen: Terminal, command: str, end: str) -> str:
    """What the guest says to `command`, whose last word it makes of `end`."""
    screen.types(f"{command}{'' if command.endswith('&') else ';'} echo {end[:2]}''{end[2:]}\n")
    return screen.sees(f"{end}\r\n")


def digest(screen: Terminal, end: str) -> str:
    said = told(screen, "head -c 16777216 /dev/vda | sha1sum", end)
    return str(re.findall(r"([0-9a-f]{40})  -", said)[-1])  # what was said before may be shown again


def image(host: LiveHost) -> Path:
    """The only disk, as what runs and the guest file agree."""
    (_, line) = host.ok("block-list", "demo").splitlines()
    path = line.split()[-1]
    assert path in (host.root / "etc/xen/demo.cfg").read_text()
    return Path(path)


def test_a_disk_grows_moves_and_stands_alone_under_its_guest(host: LiveHost) -> None:
    host.linux()
    base = image_of_guest_file(host)
    host.ok("disk", "clone", str(base), "top.qcow2")
    file = host.root / "etc/xen/demo.cfg"
    file.write_text(file.read_text().replace(str(base), f"{host.images}/top.qcow2"))
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        told(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=12; sync", "written")
        written = digest(screen, "digested")
        host.ok("disk", "resize", "top.qcow2", "64")
        assert "67108864" in told(screen, "echo $(($(cat /sys/block/vda/size) * 512))", "looked")
        host.ok("block-flatten", "demo", "xvda")
        assert "based on" not in host.ok("disk", "info", "top.qcow2")
        told(screen, "(while :; do dd if=/dev/urandom of=/dev/vda bs=1M seek=20 count=1 conv=fsync; done) &", "busy")
        host.ok("block-move", "demo", "xvda", "moved.img")
        assert image(host) == host.images / "moved.img"
        host.stop(signal.SIGKILL)
        host.start()
        assert host.domain("demo")["state"] == "running"
        host.ok("block-move", "--delete", "demo", "xvda", f"{host.root}/else/")
        assert image(host) == host.root / "else/moved.img"
        told(screen, "kill %1", "killed")
        assert digest(screen, "over") == written
        host.ok("shutdown", "-w", "demo")
    assert sorted(each.name for each in host.images.iterdir() if each.is_file()) == ["top.qcow2"]
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        assert digest(screen, "again") == written
    host.ok("destroy", "demo")
    host.nothing_left()


def image_of_guest_file(host: LiveHost) -> Path:
    text = (host.root / "etc/xen/demo.cfg").read_text()
    return Path(re.findall(r"tap:qcow2:([^,]+)", text)[0])


def test_a_move_that_is_cut_off_is_done_or_leaves_nothing(host: LiveHost) -> None:
    """Wherever the kill meets it: while it copies, while the guest changes over, or just after."""
    host.linux()
    old = image_of_guest_file(host)
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        told(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=12; sync", "written")
        written = digest(screen, "digested")
    for number in range(4):
        before, new = image(host), host.images / f"new{number}.img"
        with Terminal(host.command("block-move", "demo", "xvda", str(new)), host.environment):
            until(lambda new=new: new.exists() or list(host.images.glob(".xenia-new-*")), "begun", every=0.001)
            if number > 1:
                until(new.exists, "copied", every=0.0002)
            host.stop(signal.SIGKILL)
        host.start()
        now = image(host)
        assert now in (before, new)
        assert new.exists() is (now == new)
        assert not list(host.images.glob(".xenia-new-*"))
        with console(host) as screen:
            assert digest(screen, f"digest{number}") == written
    assert old.exists()
    host.ok("destroy", "demo")
    host.nothing_left()
