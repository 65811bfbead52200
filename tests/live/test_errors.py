"""Things that go wrong: what is said, where, why and what next; the exit code; and nothing half done."""

from __future__ import annotations

import grp
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.engines.qemu import sectors
from tests.storage.kernels import XEN, elf
from tests.support.live import ACCELERATED, STRANGER, LiveHost, Said, live_host, until

pytestmark = pytest.mark.qemu

GROUP = grp.getgrgid(1)
"""It stands for the group `xen`, which need not be on this host."""

QEMU = """\
#!/bin/sh
# QEMU, but for guests called doomed.
case $* in
*guest=doomed-words*) printf 'qemu-system-x86_64: \\033]0;pwned\\007the flux is gone\\n' >&2; exit 3 ;;
*guest=doomed-signal*) kill -SEGV $$ ;;
esac
exec qemu-system-x86_64 "$@"
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[LiveHost]:
    """One xend for all: what goes wrong leaves nothing that the next would meet."""
    with live_host() as host:
        program = host.root / "qemu"
        program.write_text(QEMU)
        program.chmod(0o755)
        host.setting(f"{ACCELERATED}qemu = '{program}'\nsocket_group = '{GROUP.gr_name}'\n")
        host.start()
        yield host


@pytest.fixture
def host(shared: LiveHost) -> Iterator[LiveHost]:
    yield shared
    for name in shared.names():
        shared.ok("destroy", name)
    shared.nothing_left()


def refused(said: Said, code: int, *words: str) -> None:
    """A refusal with its code and words, and nothing in it that acts on a terminal."""
    assert (said.code, [word for word in words if word not in said.err]) == (code, []), said
    assert all(char.isprintable() or char == "\n" for char in said.out + said.err), said


def problem(said: Said) -> dict[str, Any]:
    """What -o json says on stderr."""
    told = json.loads(said.err)
    assert (said.out, told["exit_code"]) == ("", said.code)
    return dict(told)


def nothing_started(host: LiveHost) -> None:
    assert host.names() == []
    host.nothing_left()


BAD_FILES = {
    # text of the file: exit code, place, words of message and hint
    "a missing kernel": ("kernel = '/no/such/vmlinuz'", 3, "2:10", "'/no/such/vmlinuz' does not exist"),
    "a text as kernel": ("kernel = '/etc/passwd'", 1, "2:10", "'/etc/passwd' is not a kernel"),
    "a missing disk": ("builder = 'hvm'\ndisk = ['file:/no/such.img,hda,w']", 3, "3:9", "does not exist"),
    "a folder as disk": ("builder = 'hvm'\ndisk = ['file:/etc,hda,w']", 1, "3:9", "is a folder"),
    "no number": ("builder = 'hvm'\nmemory = 'much'", 1, "3:10", "memory takes a number", "MiB"),
    "a wrong word": ("builder = 'hvm'\nvncpassword = 'x'\nboot = 7 +", 1, "4:10"),
    "a loop without end": ("builder = 'hvm'\nwhile True:\n    x = 1", 1, "4:9", "given up", "loop"),
    "a memory bomb": ("builder = 'hvm'\nx = 'a' * 10 ** 10", 1, "3:5", "given up", "too long"),
    "a doubling bomb": ("builder = 'hvm'\nx = 'a'\nfor i in range(99):\n    x = x + x", 1, "5:", "given up"),
    "a deep file": ("builder = 'hvm'\nx = " + "(" * 5000, 1, "3:"),
    "a program": ("import subprocess\nsubprocess.call(['touch', '{root}/pwned'])", 1, "2:1", "not run"),
    "escapes in a name": ("builder = 'hvm'\nname = 'a\x1b[31m\x1b]0;pwned\x07'", 1, "3:8", "cannot be a name"),
    "escapes in a path": ("kernel = '/no\x1b[2J\\x1b[31m\\x07such'", 3, "2:10", "does not exist"),
    "escapes in a model": ("builder = 'hvm'\nvif = ['model=\\x1b[2Jne2000']", 1, "3:8", "no card"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_guest_file_that_cannot_be_used_is_told_with_its_place(host: LiveHost, case: str) -> None:
    text, code, place, *words = BAD_FILES[case]
    file = host.root / "bad.cfg"
    file.write_text("name = 'bad'\n" + text.replace("{root}", str(host.root)) + "\n")
    refused(host.xm("create", str(file)), code, f"{file}:{place}", *words)
    told = problem(host.xm("create", str(file), "-o", "json"))
    errors = [complaint for complaint in told["complaints"] if complaint["severity"] == "error"]
    assert f"{errors[0]['line']}:{errors[0]['column']}".startswith(place)
    assert not (host.root / "pwned").exists()
    nothing_started(host)


def test_a_kernel_that_qemu_cannot_boot_is_refused_with_the_way_out(host: LiveHost) -> None:
    kernel = host.root / "vmlinuz-2.6.18-6-xen-686"
    kernel.write_bytes(elf(notes=XEN, entry=0xC0100000))
    file = host.file("old", f"name = 'old'\nmemory = 16\nkernel = '{kernel}'\n")
    said = host.xm("create", "old")
    refused(said, 1, f"{file}:3:10", "Xen", "ordinary kernel")
    nothing_started(host)


def test_a_qemu_that_dies_at_its_start_is_told_in_its_own_words(host: LiveHost) -> None:
    host.hvm("doomed-words")
    refused(host.xm("create", "doomed-words"), 1, "QEMU ended at the start", "the flux is gone", "its log is")
    nothing_started(host)
    host.hvm("doomed-signal")
    told = problem(host.xm("create", "doomed-signal", "-o", "json"))
    assert (told["kind"], "SIGSEGV" in told["detail"]) == ("engine_failed", True)
    nothing_started(host)


def test_a_disk_of_a_running_guest_is_busy(host: LiveHost) -> None:
    image = disk(host)
    for name in ("one", "two"):
        host.hvm(name, f"disk = ['file:{image},hda,w']\n")
    host.ok("create", "one", "-p")
    refused(host.xm("create", "two"), 5, "two.cfg:4:9", str(image), "one")
    assert host.names() == ["one"]
    assert len(host.guests()) == 1


def test_a_disk_that_another_program_writes_to_is_busy(host: LiveHost) -> None:
    image = disk(host)
    host.hvm("three", f"disk = ['file:{image},hda,w']\n")
    with subprocess.Popen(
        ["qemu-io", "-f", "raw", str(image)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write(b"length\n")
        while b"MiB" not in other.stdout.readline():  # it has opened the image
            pass
        refused(host.xm("create", "three"), 5, "three.cfg:4:9", f"'{image}' is in use")
        nothing_started(host)
        other.stdin.close()
        other.wait(60)
    host.ok("create", "three", "-p")
    taken = subprocess.run(["qemu-io", "-f", "raw", "-c", "length", str(image)], capture_output=True, check=False)
    assert (taken.returncode, b"lock" in taken.stderr) == (1, True)


def disk(host: LiveHost) -> Path:
    image = host.images / "disk.img"
    image.parent.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(1 << 20)
    return image


def test_a_name_that_is_taken_and_states_that_do_not_go(host: LiveHost) -> None:
    host.hvm("held")
    host.ok("create", "held", "-p")
    refused(host.xm("create", "held"), 5, "held")
    for operation in ("shutdown", "reboot"):
        refused(host.xm(operation, "held"), 5, "it is paused", "xm unpause held")
    assert problem(host.xm("create", "held", "-o", "json"))["kind"] == "conflict"
    host.ok("pause", "held")
    refused(host.xm("destroy", "Domain-0"), 1, "Domain-0", "the host itself")
    assert host.domain("held")["state"] == "paused"
    refused(host.xm("destroy", "hled"), 3, "there is no domain 'hled'", "held")
    refused(host.xm("pause", "\x1b[2Jno\x07"), 3, "there is no domain")
    said = host.xm("destroy", "99", "-o", "json")
    assert (json.loads(said.out), json.loads(said.err)["kind"]) == ([], "not_found")


def test_no_daemon(host: LiveHost) -> None:
    nowhere = str(host.root / "nowhere")
    for words in (["list"], ["create", "/dev/null"], ["console", "x"], ["destroy", "x"], ["info"]):
        said = host.xm("--root", nowhere, *words)
        refused(said, 7, f"cannot reach xend at {nowhere}", f"xend --root {nowhere}")
    assert problem(host.xm("--root", nowhere, "list", "-o", "json"))["exit_code"] == 7


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else needs root")


@as_root
def test_who_is_not_in_the_group_may_not_ask_at_all(host: LiveHost) -> None:
    refused(host.xm("list", user=STRANGER), 4, "permission denied", "member of the socket's group")


@as_root
def test_an_operator_uses_what_lies_under_the_roots_and_learns_nothing_of_the_rest(host: LiveHost) -> None:
    image = disk(host)
    for name, path in (("inside", image), ("outside", "/etc/shadow"), ("absent", "/etc/no-such-file")):
        host.hvm(name, f"disk = ['file:{path},hda,w']\n")
    operator = {"user": STRANGER, "groups": (GROUP.gr_gid,)}
    outside, absent = (host.xm("create", name, **operator) for name in ("outside", "absent"))
    refused(outside, 4, "outside.cfg:4:9", "outside the folders", "roots")
    assert absent.err.replace("absent", "outside").replace("no-such-file", "shadow") == outside.err
    nothing_started(host)
    host.ok("create", "inside", "-p", **operator)
    assert "inside" in host.ok("list", **operator)
    host.ok("destroy", "inside", **operator)
    secret = host.root / "secret.cfg"
    secret.write_text("name = 'secret'\nbuilder = 'hvm'\nmemory = 'geheim'\n")
    secret.chmod(0o600)
    said = host.xm("create", str(secret), **operator)
    refused(said, 4, str(secret))
    assert "geheim" not in said.err


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """Leave not a byte free; the file to be removed to have some again."""
    path = folder / "full"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return path


@as_root
def test_a_full_disk_is_said_and_leaves_everything_as_it_was(stopped_host: LiveHost) -> None:
    host = stopped_host
    for folder in ("run", "var"):
        (host.root / folder).mkdir()
    with small_disk(host.root / "run", "1M"), small_disk(host.root / "var", "2M"):
        for name in ("early", "late"):
            host.hvm(name)
        host.start()
        host.ok("create", "early", "-p")
        full = [fill(host.root / "run"), fill(host.root / "var")]
        refused(host.xm("create", "late"), 1, f"cannot use {host.root}", "No space left", "free some space")
        told = problem(host.xm("create", "late", "-o", "json"))
        assert (told["kind"], "No space left" in told["detail"]) == ("unavailable", True)
        assert host.names() == ["early"]
        assert sorted(host.guests()) == host.run_folders
        host.stop()
        host.start()
        assert host.domain("early")["state"] == "paused"
        host.ok("destroy", "early")
        host.nothing_left()
        for path in full:
            path.unlink()
        host.ok("create", "late", "-p")
        host.ok("destroy", "late")
        host.nothing_left()
        host.stop()


def test_what_a_guest_writes_to_its_console_acts_on_no_terminal(host: LiveHost) -> None:
    image = disk(host)
    image.write_bytes(sectors.saying("\x1b]0;pwned\x07\x1b[2J\x9b31m pwned done"))
    host.hvm("evil", f"disk = ['file:{image},hda,w']\non_crash = 'destroy'\n")
    host.ok("create", "evil")
    console = host.root / "var/log/xenia/console-evil-serial.log"
    until(lambda: b"pwned done" in console.read_bytes(), "the guest has spoken")
    (pid,) = next(iter(host.guests().values()))
    shown = [host.ok("list", *words) for words in ([], ["-l"], ["-o", "wide"], ["-o", "json"], ["-o", "yaml"])]
    os.kill(pid, 9)
    until(lambda: host.names() == [], "xend has seen the end")
    said = host.xm("destroy", "evil")
    for text in (*shown, said.err, host.log):
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "pwned done" not in text
