"""The screen of a real QEMU over RDP: a client that is none of ours, in a window that is read."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.live import LIMIT, STRANGER, LiveHost, live_host, until
from tests.support.x_display import Display, x_display

from xenia.client.rdp import NoDesktop, knock

pytestmark = pytest.mark.qemu

PORT = 3389


@pytest.fixture
def display(tmp_path: Path) -> Iterator[Display]:
    if shutil.which("xrdp") is None:
        pytest.skip("xrdp is not installed: ./check does that")
    with x_display(tmp_path) as display:
        yield display


def rdp_host(host: LiveHost) -> str:
    """A xend whose RDP listens at an address that no other test has; where."""
    address = ".".join(map(str, (127, *os.urandom(2), 9)))
    host.setting(f"accelerator = 'tcg'\nrdp_listen = '{address}'\n")
    host.start()
    return f"{address}:{PORT}"


def opened(host: LiveHost, name: str, place: str) -> None:
    until(lambda: host.domain(name)["rdp"] == place, f"{name} is shown")


def xrdps(host: LiveHost) -> list[int]:
    """The processes of its xrdp, those of connections among them."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and (process / "cwd").readlink() == host.root / "run/xenia/rdp":
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_guest_is_seen_by_who_knows_its_password(stopped_host: LiveHost, display: Display) -> None:
    host, place = stopped_host, rdp_host(stopped_host)
    host.hvm("first", "vnc = 0\nrdp = 1\nvncpasswd = 'anderes'\n")
    host.hvm("web", "vnc = 0\nrdp = 1\nvncpasswd = 'geheim'\n")
    host.ok("create", "first")
    host.ok("create", "web")
    opened(host, "web", place)
    with display.client(place, "/d:web", "/p:geheim"):
        display.shows("bootable")
    with display.client(place, "/d:web", "/p:Geheim"):
        display.shows("password failed")
        assert "bootable" not in display.text()
    assert "RDP: a viewer at 127.0.0.1 was not let in: the password is wrong" in host.log
    assert "geheim" not in (host.root / "run/xenia/rdp/xrdp.ini").read_text()


def test_what_is_left_when_xrdp_or_xend_is_killed(stopped_host: LiveHost, display: Display) -> None:
    host, place = stopped_host, rdp_host(stopped_host)
    address = place.partition(":")[0]
    host.hvm("web", "rdp = 1\nvncpasswd = 'geheim'\n")
    host.ok("create", "web")
    opened(host, "web", place)
    (xrdp,) = (pid for pid in xrdps(host) if parent_of(parent_of(pid)) == host.pid)
    with display.client(place, "/d:web", "/p:geheim") as client:
        display.shows("bootable")
        os.kill(xrdp, signal.SIGKILL)
        client.wait(LIMIT)
    until(lambda: "rdp-refused" in host.log, "its end is told")
    opened(host, "web", place)
    with display.client(place, "/d:web", "/p:geheim") as client:
        display.shows("bootable")
        host.stop()
        client.wait(LIMIT)
    until(lambda: not xrdps(host), "nothing of xrdp is left")
    with pytest.raises(NoDesktop, match="nothing listens there"):
        knock(address, PORT, LIMIT)
    host.start()
    opened(host, "web", place)
    with display.client(place, "/d:web", "/p:geheim"):
        display.shows("bootable")
    host.ok("destroy", "web")
    until(lambda: not xrdps(host), "xrdp has ended with the last guest")
    assert not (host.root / "run/xenia/rdp").exists()
    host.nothing_left()


def test_an_ordinary_user_has_it_too() -> None:
    if shutil.which("xrdp") is None:
        pytest.skip("xrdp is not installed: ./check does that")
    with live_host(user=STRANGER) as host:
        place = rdp_host(host)
        host.hvm("web", "rdp = 1\n")
        host.ok("create", "web")
        opened(host, "web", place)
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in xrdps(host)}
        assert owners == {STRANGER}
        knock(place.partition(":")[0], PORT, LIMIT)
        host.stop()
        until(lambda: not xrdps(host), "nothing of xrdp is left")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
