"""What goes wrong on a Xen host: said in words, with a way out, and nothing of it left."""

from __future__ import annotations

import json
import re
import signal
import struct
from collections.abc import Iterator

import pytest
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS, SITE
from tests.live.xenlab.traces import by_xl, by_xm, nothing_left
from tests.support.live import Said, until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

XL = """\
#!/bin/sh
# xl, but for a guest called doomed. The real one has moved.
for word; do file=$word; done
if [ "$1" = create ] && grep -q '"doomed"' "$file"; then
	echo 'libxl: error: libxl_device.c:1109:device_backend_callback: Domain 7:unable to add device with path /x' >&2
	printf 'libxl: error: libxl_create.c:1921:domcreate_attach_devices: Domain 7:\\033]0;pwned\\007no flux\\n' >&2
	exit 3
fi
exec /root/xl "$@"
"""

TOO_LATE = 124
"""The code of a command that the lab has ended."""

SMALL = "builder = 'hvm'\nmemory = 16\n"


@pytest.fixture(scope="module")
def shared(xen_host: XenHost) -> XenHost:
    xen_host.ok("mv", "/usr/sbin/xl", "/root/xl")
    xen_host.put("/usr/sbin/xl", XL.encode(), 0o755)
    return xen_host


@pytest.fixture
def host(shared: XenHost) -> Iterator[XenHost]:
    """One xend for all: what goes wrong leaves nothing that the next would meet."""
    yield shared
    for name in by_xl(shared):
        started(shared.xm("destroy", name))
    nothing_left(shared)


def create(host: XenHost, name: str, text: str, *words: str) -> Said:
    host.put(f"/etc/xen/{name}.cfg", f"name = '{name}'\n{text}\n".encode())
    return host.xm("create", "-p", name, *words)


def refused(said: Said, code: int, *words: str) -> None:
    """A refusal with its code and words, and nothing in it that acts on a terminal."""
    assert said.code != TOO_LATE, said
    assert (said.code, [word for word in words if word not in said.err]) == (code, []), said
    assert all(char.isprintable() or char == "\n" for char in said.out + said.err), said


def started(said: Said) -> None:
    assert said.code == 0, said


def free(host: XenHost) -> int:
    return int(host.ok("xl", "info", "free_memory"))


def of_dom0(host: XenHost) -> int:
    return int(host.ok("xl", "list", "0").splitlines()[1].split()[2])


def restarted(host: XenHost, settings: str) -> None:
    host.stop_xend()
    host.put("/etc/xen/xend.toml", settings.encode())
    host.start_xend()


def test_an_xl_that_fails_is_told_in_its_own_words(host: XenHost) -> None:
    refused(create(host, "doomed", SMALL), 1, "xl create failed: unable to add device", "no flux", "/var/log/xen")


REFUSED = {
    # text of the file: exit code, words
    "a kernel that is none": (f"kernel = '{GUESTS}/ramdisk'\nmemory = 64", 1, "is not a kernel", ":2:10"),
    "a missing kernel": ("kernel = '/no/such/vmlinuz'", 3, "'/no/such/vmlinuz' does not exist"),
    "a missing bridge": (SMALL + "vif = ['bridge=nobr7']", None, "nobr7"),
    "a missing image": (SMALL + "disk = ['file:/no/such.img,hda,w']", 3, "does not exist"),
    "more memory than there is": ("builder = 'hvm'\nmemory = 100000", None, "100000"),
    "more memory than is free": ("builder = 'hvm'\nmemory = 2500", None, "MiB are free", "dom0_ballooning"),
}


def test_what_cannot_be_is_refused_and_leaves_nothing(host: XenHost) -> None:
    for text, code, *words in REFUSED.values():
        said = create(host, "wrong", text)
        refused(said, said.code if code is None else code, *words)
        assert said.code != 0
    assert by_xl(host) == {}


def test_a_guest_that_clings_to_a_device_keeps_it_and_what_it_does_not_use_goes(host: XenHost) -> None:
    """The boot sector has no drivers: that it uses a device, and is deaf, is written in its place."""
    started(create(host, "deaf", SMALL))
    started(host.xm("unpause", "deaf"))
    domid = host.ok("xl", "domid", "deaf").strip()
    host.ok("truncate", "--size=8M", "/root/deaf.img")
    started(host.xm("block-attach", "--live", "deaf", "file:/root/deaf.img", "xvdf", "w"))
    refused(host.xm("block-attach", "--live", "deaf", "file:/root/deaf.img", "xvdf", "w"), 5, "has a disk xvdf already")
    host.ok("truncate", "--size=8M", "/root/other.img")
    refused(host.xm("block-attach", "--live", "deaf", "file:/root/other.img", "hdb", "w"), 1, "call it xvde")
    refused(host.xm("network-attach", "--live", "deaf", "bridge=nobr7"), 3, "nobr7")
    front, back = f"/local/domain/{domid}/device/vbd/51792", f"/local/domain/0/backend/vbd/{domid}/51792"
    for folder in (front, back):
        host.ok("xenstore-write", f"{folder}/state", "4")
    refused(host.xm("block-detach", "--live", "deaf", "xvdf"), 6, "did not let go of xvdf within 10 s, and keeps it")
    assert host.ok("xenstore-read", f"{back}/state", f"{back}/online").split() == ["4", "1"]
    assert "xvdf" in host.xm("block-list", "deaf").out
    host.ok("xenstore-write", f"{front}/state", "6")
    started(host.xm("block-detach", "--live", "deaf", "xvdf"))
    assert "deaf.img" not in host.ok("losetup", "--all")


def test_an_image_that_another_domain_has_is_busy(host: XenHost) -> None:
    image = f"{GUESTS}/counting.img"
    disk = f"{SMALL}disk = ['file:{image},hda,w']"
    started(create(host, "ours", disk))
    refused(create(host, "second", disk), 5, image, "ours", "second.cfg:4:9")
    assert set(by_xl(host)) == {"ours"}


VIEWER = """\
#!/usr/bin/python3
import socket, sys
host, port = sys.argv[1].split("::")
with socket.create_connection((host, int(port)), timeout=60) as screen:
    print(screen.recv(12).decode())
"""


PASSWORD = """\
import socket, sys
from xenia.screen.des import answer_to
address, display = sys.argv[1].rsplit(":", 1)
with socket.create_connection((address, 5900 + int(display)), timeout=60) as screen, screen.makefile("rb") as said:
    assert said.read(12) == b"RFB 003.008\\n"
    screen.sendall(b"RFB 003.008\\n")
    assert said.read(2) == b"\\1\\2"
    screen.sendall(b"\\2")
    screen.sendall(answer_to(said.read(16), sys.argv[2]))
    if said.read(4) != bytes(4):
        sys.exit(said.read(int.from_bytes(said.read(4), "big")).decode())
    screen.sendall(b"\\1")
    head = said.read(24)
    print(said.read(int.from_bytes(head[20:], "big")).decode())
"""


def comes_in(host: XenHost, name: str, password: str) -> Said:
    (told,) = json.loads(host.xm("list", "-o", "json", name).out)
    return host.run("python3", "-SPc", PASSWORD, told["vnc"] or "", password, env={"PYTHONPATH": SITE})


def test_vnc_is_open_on_the_host_itself_only_and_asks_for_its_password_elsewhere(host: XenHost) -> None:
    address = host.ok("hostname", "-I").split()[0]
    started(create(host, "secret", f"{SMALL}vnc = 1\nvncpasswd = 'geheim'\nvnclisten = '{address}'\nvncdisplay = 40"))
    let_in = comes_in(host, "secret", "geheim")
    assert (let_in.code, "secret" in let_in.out) == (0, True), let_in
    refused = comes_in(host, "secret", "Geheim")
    assert (refused.code, "the password is wrong" in refused.err) == (1, True), refused
    host.stop_xend(signal.SIGKILL)
    host.start_xend()
    until(lambda: comes_in(host, "secret", "geheim").code == 0, "it is open again", 60, every=1)
    host.ok("truncate", "-s", "1M", "/var/lib/xen/lab/cd.iso")
    drive = f"disk = ['file:{GUESTS}/cd.iso,hdc:cdrom,r']"
    started(create(host, "open", f"{SMALL}vnc = 1\nvnclisten = '0.0.0.0'\n{drive}"))
    listening = re.findall(r"^State.*|^LISTEN\s+\d+\s+\d+\s+(\S+):59\d\d\s", host.ok("ss", "-tln"), re.MULTILINE)
    assert sorted(each for each in listening if each) == sorted(["127.0.0.1", address])
    host.put("/root/viewer", VIEWER.encode(), 0o755)
    shown = host.xm("vncviewer", "--viewer", "/root/viewer", "open")
    assert (shown.code, "RFB 003.008" in shown.out) == (0, True), shown
    for _ in range(2):
        unheard = host.xm("vncviewer", "--viewer", "/root/viewer", "secret")  # xend hands it out all the same
        assert (unheard.code, "RFB 003.008" in unheard.out) == (0, True), unheard
    for name, text in (("window", f"{SMALL}sdl = 1\nvnc = 0"), ("none", f"{SMALL}nographic = 1")):
        started(create(host, name, text))
    seen = host.xm("vncviewer", "--viewer", "/root/viewer", "window")
    assert (seen.code, "RFB 003.008" in seen.out) == (0, True), seen
    assert host.xm("screenshot", "window", "/root/window.png").code == 0
    shape = bytes.fromhex(host.ok("od", "-An", "-v", "-tx1", "-N24", "/root/window.png").replace("\n", ""))
    assert shape.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack_from(">II", shape, 16) in [(720, 400), (640, 480)], "what a BIOS shows"
    none = host.xm("vncviewer", "--viewer", "/root/viewer", "none")
    assert (none.code, "has no screen" in none.err) == (1, True), none
    none = host.xm("screenshot", "none", "/root/none.png")
    assert (none.code, "has no screen" in none.err) == (1, True), none
    processes = host.ok("ps", "-eo", "args").splitlines()
    secret, opened = ([line for line in processes if f"-name {name}" in line] for name in ("secret", "open"))
    assert len(secret) == len(opened) == 1
    assert "geheim" not in secret[0]
    assert "-vnc none" in secret[0]
    assert "-device ide-cd," in opened[0], "it has its CD from the start"


@pytest.mark.full  # the sums: tests/engines/xen
def test_domain_0_gives_up_memory_for_a_guest_where_it_may(host: XenHost) -> None:
    before, wanted = of_dom0(host), free(host) + 100
    restarted(host, "dom0_ballooning = true\ndom0_min_mem = 512\n")
    refused(create(host, "huge", f"builder = 'hvm'\nmemory = {free(host) + before - 300}"), 1, "keeps 512")
    assert of_dom0(host) == before
    started(create(host, "large", f"builder = 'hvm'\nmemory = {wanted}"))
    assert 512 <= of_dom0(host) < before - 50
    started(host.xm("destroy", "large"))
    host.ok("xl", "mem-set", "0", f"{before}m")


@pytest.mark.full  # the probe alone: tests/engines/xen
def test_who_is_not_root_cannot_use_xen(host: XenHost) -> None:
    host.ok("install", "-d", "-o", "65534", "/tmp/theirs")
    words = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "xend", "--root", "/tmp/theirs")
    pid = host.spawn(*words, "--engine", "xen")
    until(lambda: host.xm("--root", "/tmp/theirs", "info").code == 0, "xend answers", every=0.3)
    info = host.xm("--root", "/tmp/theirs", "info")
    assert "only root may control Xen's domains (run xend as root)" in info.out, info
    host.ok("kill", str(pid))


@pytest.mark.full  # the same without a xend: tests/engines/xen
def test_without_xl_xend_says_what_is_missing(host: XenHost) -> None:
    restarted(host, "xl = '/no/such/xl'\n")
    info = host.xm("info")
    assert (info.code, "xl is not installed (apt-get install xen-utils-common)" in info.out) == (0, True), info
    refused(create(host, "none", SMALL), 1, "xl is not installed", "xen-utils-common")
    restarted(host, "")


def test_without_xenstored_xend_goes_on_answering(shared: XenHost) -> None:
    """The last one: a xenstored that was killed is not to be had again without a new start of the host."""
    started(create(shared, "last", SMALL))
    started(shared.xm("unpause", "last"))
    shared.ok("sh", "-c", "kill -9 $(cat /run/xenstored.pid)")
    assert set(by_xm(shared)) == {"last"}
    until(lambda: "xenstore" in shared.ok("tail", "-n", "5", "/var/log/xenia/xend.log"), "it is logged", 20, every=0.3)
    refused(create(shared, "later", SMALL), 1, "xenstored is not connected", "is it running?")
    refused(shared.xm("shutdown", "last"), 1, "xenstored is not connected")
    assert set(by_xm(shared)) == {"last"}
    assert "Traceback" not in shared.ok("cat", "/var/log/xenia/xend.log", "/var/log/xenia/xend.out")
