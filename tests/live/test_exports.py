"""The disk of a real Linux guest that runs and writes on, as backup tools read it: the disk of one moment."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.live.test_snapshots import console, does
from tests.support.live import LIMIT, LiveHost, until
from tests.support.terminal import Terminal

from xenia.lib.descriptors import descriptors_of

pytestmark = pytest.mark.qemu

BUSY = (
    "touch /run/busy; (while [ -e /run/busy ]; do dd if=/dev/urandom of=/dev/vda bs=1M count=15 conv=fsync;"
    " echo a''round; done) 2>/dev/null &\n"
)
CALM = "rm /run/busy; wait"


def digest(screen: Terminal) -> str:
    """Of its whole disk."""
    said = does(screen, "sync; echo 3 >/proc/sys/vm/drop_caches; sha1sum </dev/vda")
    return str(re.findall(r"([0-9a-f]{40})  -", said)[-1])


@contextmanager
def exported(host: LiveHost, *words: str, device: str = "xvda") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URI, and the xm that waits."""
    xm = subprocess.Popen(
        host.command("block-export", *words, "demo", device),
        env=host.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert xm.stdout is not None
        assert xm.stderr is not None
        uri = xm.stdout.readline().strip()
        assert uri, (xm.stderr.read(), host.log)
        yield uri, xm
    finally:
        if xm.poll() is None:
            xm.send_signal(signal.SIGINT)
        xm.communicate(timeout=LIMIT)


QEMU_IMG = ("qemu-img", "convert", "-f", "raw", "-O", "raw")


def fetch(uri: str, path: Path, program: tuple[str, ...] = QEMU_IMG) -> str:
    """What a backup has: its digest."""
    subprocess.run([*program, uri, path], check=True)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def nodes(host: LiveHost) -> str:
    return host.ok("qemu-monitor-command", "demo", "info block -n")


def nothing_is_exported(host: LiveHost) -> bool:
    return not list((host.root / "run/xenia/exports").iterdir()) and "fleece" not in nodes(host)


def test_a_backup_has_the_disk_of_one_moment_while_the_guest_writes_on(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        does(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=12 conv=fsync 2>/dev/null")
        before = digest(screen)
        with exported(host) as (uri, xm):
            assert uri.startswith("nbd+unix:///?socket=")
            screen.types(BUSY)
            screen.sees("around")
            assert fetch(uri, host.root / "backup.img") == before
            screen.sees("around")
            assert fetch(uri, host.root / "again.img", ("nbdcopy",)) == before
            for words in (
                ("block-export", "demo", "xvda"),
                ("block-move", "demo", "xvda", "new.img"),
                ("block-detach", "--force", "demo", "xvda"),
                ("snapshot", "create", "demo", "one"),
                ("save", "demo", "saved"),
                ("disk", "resize", str(image(host)), "64"),
            ):
                said = host.xm(*words)
                assert said.code != 0, words
                assert "exported" in said.err, said
            write = subprocess.run(["qemu-io", "-f", "raw", "-c", "write 0 512", uri], capture_output=True, check=False)
            assert write.returncode != 0
            assert xm.poll() is None
        until(lambda: nothing_is_exported(host), "nothing is exported")
        does(screen, CALM)
        now = digest(screen)
        assert now != before
        with exported(host) as (uri, _):
            assert fetch(uri, host.root / "second.img") == now
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "{}:{}".format(*free.getsockname())
        with exported(host, "--listen", address) as (uri, _):
            assert uri == f"nbd://{address}"
            assert fetch(uri, host.root / "network.img") == now
        until(lambda: nothing_is_exported(host), "nothing is exported")
        host.ok("snapshot", "create", "demo", "one")
        does(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=3 seek=5 conv=fsync 2>/dev/null")
        now = digest(screen)
        with exported(host) as (uri, _):
            screen.types(BUSY)
            assert fetch(uri, host.root / "third.img") == now
        does(screen, CALM)
    host.ok("destroy", "demo")
    host.nothing_left()


def test_an_image_that_is_in_use_is_offered_by_its_domain(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    said = host.xm("disk", "export", str(image(host)))
    assert said.code != 0
    assert "xm block-export demo xvda" in said.err
    host.ok("destroy", "demo")


def image(host: LiveHost) -> Path:
    text = (host.root / "etc/xen/demo.cfg").read_text()
    return Path(re.findall(r"tap:qcow2:([^,]+)", text)[0])


def test_the_end_of_xend_ends_an_export_and_the_guest_runs_on(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        does(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=8 conv=fsync 2>/dev/null")
    for end in (signal.SIGKILL, signal.SIGTERM):
        with console(host) as screen, exported(host) as (uri, _), _fetching(uri):
            screen.types(BUSY)
            screen.sees("around")
            host.stop(end)
        host.start()
        until(lambda: nothing_is_exported(host), "nothing is exported")
        (pids,) = host.guests().values()
        assert not [each for pid in pids for each in _open(pid) if "exports" in each], "what it overwrote is gone"
        with console(host) as screen:
            screen.sees("around")
            does(screen, CALM)
            before = digest(screen)
            with exported(host) as (uri, _):
                screen.types(BUSY)
                assert fetch(uri, host.root / "backup.img") == before
            does(screen, CALM)
    host.ok("destroy", "demo")
    host.nothing_left()


@contextmanager
def _fetching(uri: str) -> Iterator[None]:
    """A backup that is not done yet, and will not be."""
    words = ["qemu-io", "-r", "-f", "raw", *(word for _ in range(10000) for word in ("-c", "read -q 0 8M")), uri]
    reader = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        reader.kill()
        reader.wait(LIMIT)


def _open(pid: int) -> list[str]:
    return [target for _, target in descriptors_of(Path(f"/proc/{pid}"))]


def test_the_end_of_the_guest_ends_an_export_and_xm_says_so(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
    with exported(host) as (_, xm):
        host.ok("shutdown", "-w", "demo")
        _, said = xm.communicate(timeout=LIMIT)
    assert xm.returncode != 0
    assert "domain 'demo' has ended, and so has the export of xvda" in said
    host.nothing_left()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small file system")
def test_a_guest_runs_on_when_nothing_more_can_be_kept(host: LiveHost) -> None:
    host.linux()
    folder = host.root / "var/lib/xenia/exports"
    folder.mkdir(mode=0o700, parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], check=True)
    try:
        host.ok("create", "-q", "demo")
        with console(host) as screen:
            screen.sees("is up")
            does(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=12 conv=fsync 2>/dev/null")
            with exported(host) as (uri, xm):
                does(screen, "dd if=/dev/urandom of=/dev/vda bs=1M count=12 conv=fsync 2>/dev/null")
                now = digest(screen)
                _, said = xm.communicate(timeout=LIMIT)
                assert subprocess.run(["qemu-img", "info", uri], capture_output=True, check=False).returncode != 0
            assert xm.returncode != 0
            assert "the guest runs on" in said
            assert digest(screen) == now
            assert os.statvfs(folder).f_bfree > 400, "what was kept is given back"
        host.ok("destroy", "demo")
        host.nothing_left()
    finally:
        host.close()
        subprocess.run(["umount", folder], check=True)


def bitmaps(host: LiveHost) -> dict[str, str]:
    """The problem of each, by its name."""
    told = json.loads(host.ok("block-bitmap-list", "-o", "json", "demo"))
    return {each["name"]: each["problem"] for each in told}


def changed(uri: str, name: str) -> set[int]:
    """The MiB that are told to be changed."""
    words = ["nbdinfo", "--json", f"--map=qemu:dirty-bitmap:{name}", uri]
    told = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    dirty = [(each["offset"], each["offset"] + each["length"]) for each in told if each["description"] == "dirty"]
    return {at for at in range(16) for start, end in dirty if start < (at + 1) << 20 and at << 20 < end}


def writes(screen: Terminal, at: int) -> None:
    does(screen, f"dd if=/dev/urandom of=/dev/vda bs=1M seek={at} count=1 conv=fsync 2>/dev/null")


def follow_up(host: LiveHost, backup: Path, name: str) -> set[int]:
    """Bring a backup up to the disk of now, by what a bitmap tells alone; which MiB that were."""
    with exported(host, "--bitmap", name) as (uri, _):
        told = changed(uri, name)
        now = host.root / "now.img"
        fetch(uri, now)
        with backup.open("r+b") as old, now.open("rb") as new:
            for at in told:
                old.seek(at << 20)
                new.seek(at << 20)
                old.write(new.read(1 << 20))
        assert backup.read_bytes() == now.read_bytes(), "what was changed and not told is lost"
    return told


def test_a_bitmap_tells_what_was_changed_across_the_ends_of_guest_and_xend(host: LiveHost) -> None:
    host.linux()
    backup = host.root / "backup.img"
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        writes(screen, 0)
        host.ok("block-bitmap-create", "demo", "xvda", "monday")
        with exported(host) as (uri, _):
            fetch(uri, backup)
        writes(screen, 3)
        host.stop(signal.SIGKILL)
        host.start()
    with console(host) as screen:
        writes(screen, 5)
    host.ok("destroy", "demo")
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        assert bitmaps(host) == {"monday": ""}
        writes(screen, 7)
        host.ok("save", "demo", str(host.root / "demo.save"))
    host.ok("restore", str(host.root / "demo.save"))
    with console(host) as screen:
        writes(screen, 9)
        host.ok("save", "-c", "demo", str(host.root / "again.save"))
        writes(screen, 11)
    host.ok("shutdown", "-w", "demo")
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        host.ok("block-bitmap-create", "demo", "xvda", "tuesday")
        assert follow_up(host, backup, "monday") == {3, 5, 7, 9, 11}
        host.ok("block-bitmap-delete", "demo", "xvda", "monday")
        writes(screen, 2)
        host.ok("reboot", "demo")
        screen.sees("is up")
        assert follow_up(host, backup, "tuesday") == {2}
    host.ok("destroy", "demo")
    subprocess.run(["qemu-img", "check", "-q", image(host)], check=True)
    host.nothing_left()


def test_a_bitmap_that_was_not_written_back_says_so(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        host.ok("block-bitmap-create", "demo", "xvda", "monday")
    host.ok("destroy", "demo")
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        host.ok("block-bitmap-create", "demo", "xvda", "tuesday")
        writes(screen, 3)
        domid = host.domain("demo")["domid"]
        (pids,) = host.guests().values()
        os.kill(pids[0], signal.SIGKILL)
        until(lambda: _runs_as_another(host, domid), "it is started over, as its file wants it")
    assert list(bitmaps(host)) == ["monday"], "the other one was never in the image"
    assert "did not let QEMU write it back" in bitmaps(host)["monday"]
    said = host.xm("block-export", "--bitmap", "monday", "demo", "xvda")
    assert said.code != 0
    assert "a full backup" in said.err
    host.ok("block-bitmap-delete", "demo", "xvda", "monday")
    host.ok("block-bitmap-create", "demo", "xvda", "wednesday")
    assert bitmaps(host) == {"wednesday": ""}
    host.ok("destroy", "demo")


def _runs_as_another(host: LiveHost, domid: int) -> bool:
    domain = host.domain("demo")
    return domain["domid"] not in (None, domid) and domain["state"] in ("running", "blocked")


def test_snapshots_end_bitmaps_and_none_comes_back_that_lies(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        host.ok("block-bitmap-create", "demo", "xvda", "first")
        host.ok("snapshot", "create", "-m", "demo", "one")
        assert bitmaps(host) == {}
        host.ok("block-bitmap-create", "demo", "xvda", "second")
        writes(screen, 3)
    assert "it runs" in host.ok("snapshot", "revert", "demo", "one")
    assert bitmaps(host) == {}
    host.ok("snapshot", "delete", "demo", "one")
    assert bitmaps(host) == {}, "also merged away while it runs"
    host.ok("block-bitmap-create", "demo", "xvda", "third")
    host.ok("destroy", "demo")
    host.ok("snapshot", "create", "demo", "two")
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        assert bitmaps(host) == {}
        writes(screen, 5)
    host.ok("destroy", "demo")
    host.ok("snapshot", "delete", "demo", "two")
    host.ok("create", "-q", "demo")
    assert bitmaps(host) == {}, "also merged away while it is off"
    host.ok("destroy", "demo")
    assert b"bitmaps" not in subprocess.run(["qemu-img", "info", image(host)], capture_output=True, check=True).stdout


def test_what_cannot_have_a_bitmap_is_refused_with_the_way_out(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    host.ok("block-move", "demo", "xvda", "raw.img")
    said = host.xm("block-bitmap-create", "demo", "xvda", "monday")
    assert said.code != 0
    assert "xm block-move -f qcow2 demo xvda NEW.qcow2" in said.err
    assert "is no name of a bitmap" in host.xm("block-bitmap-create", "demo", "xvda", "a b").err
    host.ok("destroy", "demo")
    assert "it is not running" in host.xm("block-bitmap-list", "demo").err
