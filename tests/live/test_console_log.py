"""What guests have said, printed: also of those that have ended, by whatever name they have now."""

from __future__ import annotations

import pytest
from tests.engines.qemu import sectors
from tests.support.live import LiveHost, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

HOSTILE = "\x1b]52;c;aGFybQ==\x07\x1b]0;title\x07\x1b[6n\x1b[31mone\x1b[0m\r\ntwo\r\nlogin: "


def test_what_a_guest_has_said_is_printed_until_nothing_is_kept(host: LiveHost) -> None:
    image = host.root / "var/lib/xen/web.img"
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(sectors.saying(HOSTILE))
    host.hvm("web", f"disk = ['file:{image},hda,w']\n")
    said = host.xm("console", "--log", "web")
    assert (said.code, "nothing is kept" in said.err) == (3, True), said
    host.ok("create", "web")
    log = host.root / "var/log/xenia/console-web-serial.log"
    until(lambda: b"login: " in log.read_bytes(), "the guest has said all")
    with Terminal(host.command("console", "--view", "web"), host.environment) as screen:
        screen.sees("login: ")
        screen.types("x\rq")
        assert screen.ends() == 0
        assert "title" not in screen.rest()
    for _ in range(2):
        assert host.ok("console", "--log", "--tail", "2", "web") == "two\r\nlogin: \n"
        assert host.ok("console", "--log", "web").endswith("one\r\ntwo\r\nlogin: \n")
        assert "title" not in host.ok("console", "--log", "web", "-t", "serial")
        if host.names():
            host.ok("destroy", "web")
    said = host.xm("console", "--log", "-t", "pv", "web")
    assert (said.code, "nothing is kept" in said.err) == (3, True), said


def test_what_was_cut_from_a_log_goes_with_its_domain(host: LiveHost) -> None:
    host.hvm("old")
    host.ok("create", "old")
    logs = host.root / "var/log/xenia"
    (logs / "console-old-serial.log.1").write_text("cut off\n")
    host.ok("rename", "old", "new")
    assert host.ok("console", "--log", "new").startswith("cut off\n")
    assert not list(logs.glob("console-old-*"))
