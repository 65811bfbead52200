"""A real Linux guest is saved and goes on from exactly that moment, with the devices that came while it ran."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from tests.support.live import LiveHost, live_host, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

COUNT = "i=0; while :; do i=$((i+1)); echo count $i; sleep 0.05; done &\n"


def console(host: LiveHost) -> Terminal:
    return Terminal(host.command("console", "-t", "serial", "demo"), host.environment)


def last_count(host: LiveHost) -> int:
    text = (host.root / "var/log/xenia/console-demo-serial.log").read_text(errors="replace")
    return max(int(line.split()[1]) for line in text.splitlines() if line.startswith("count ") and line[6:].isdigit())


def test_it_goes_on_where_it_was() -> None:
    with live_host() as host:
        host.linux()
        host.start()
        host.ok("create", "-q", "demo")
        save, image = host.root / "demo.save", host.images / "more.img"
        image.write_bytes(bytes(1 << 20))
        with console(host) as screen:
            screen.sees("is up")
            screen.types("dd if=/dev/urandom of=/run/data bs=1M count=8; sha1sum /run/data; echo dige''sted\n")
            (digest,) = re.findall(r"([0-9a-f]{40})  /run/data", screen.sees("digested\r\n"))
            host.ok("block-attach", "demo", f"file:{image},xvdb,w")
            host.ok("network-attach", "demo", "type=user")
            screen.types("ls /sys/block | grep -c vd; ls /sys/class/net | grep -c eth; echo the''re\n")
            screen.sees("there\r\n")
            screen.types(COUNT)
            screen.sees("count 5")
        host.ok("save", "-c", "demo", str(save))
        host.ok("save", "demo", str(save))
        assert host.names() == []
        before = last_count(host)
        host.ok("restore", str(save))
        until(lambda: last_count(host) > before + 3, "it counts on")
        text = (host.root / "var/log/xenia/console-demo-serial.log").read_text(errors="replace")
        counts = [int(line[6:]) for line in text.splitlines() if line.startswith("count ") and line[6:].isdigit()]
        assert len(counts) - len(set(counts)) <= 1, "nothing is counted twice"
        with console(host) as screen:
            screen.types(
                "kill %1; sha1sum /run/data; ls /sys/block | grep -c vd; ls /sys/class/net | grep -c eth; echo o''ver\n"
            )
            said = screen.sees("over\r\n")
            assert f"{digest}  /run/data\r\n" in said, said
            assert "2\r\n2\r\n" in said, said
        host.ok("block-detach", "demo", "xvdb")
        host.stop(signal.SIGKILL)
        host.start()
        assert host.domain("demo")["state"] == "running"
        host.ok("destroy", "demo")
        with save.open("r+b") as file:
            file.seek(32 << 20)
            file.write(b"flipped")
        said = host.xm("restore", "--changed", str(save))
        assert said.code != 0
        assert "is damaged: the memory between 32 and 34 MiB has changed" in said.err
        host.nothing_left()


def test_it_is_put_away_and_resumed_by_another_xend(host: LiveHost) -> None:
    host.linux()
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        screen.types(COUNT)
        screen.sees("count 5")
    assert host.ok("suspend", "demo") == "Suspended domain demo\n"
    before = last_count(host)
    (save,) = (host.root / "var/lib/xenia/saves").iterdir()
    assert (save.stat().st_mode & 0o777, save.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert host.names() == []
    host.stop()
    host.start()
    assert host.xm("domstate", "demo").out == "suspended\n"
    said = host.xm("create", "demo")
    assert (said.code, "is suspended" in said.err) == (5, True), said
    assert host.ok("resume", "demo").startswith("Resumed domain demo (id=")
    until(lambda: last_count(host) > before + 3, "it counts on")
    assert not save.exists()
    host.ok("destroy", "demo")
    host.nothing_left()


def test_one_that_stays_paused_is_saved_again(host: LiveHost) -> None:
    host.hvm("still")
    host.ok("create", "-q", "-p", "still")
    for name in ("one", "two"):
        host.ok("save", "-p", "still", str(host.root / name))
    assert host.domain("still")["state"] == "paused"
    host.ok("destroy", "still")
    host.ok("restore", "-p", str(host.root / "two"))
    assert host.domain("still")["state"] == "paused"


def test_much_memory_is_mapped_where_it_was_put_away(host: LiveHost) -> None:
    """It is there at once, whatever its size, and as it was; once it is put away again, it is copied."""
    file = host.linux().file
    file.write_text(file.read_text().replace("memory  = 96", "memory  = 320"))
    host.ok("create", "-q", "demo")
    with console(host) as screen:
        screen.sees("is up")
        screen.types("dd if=/dev/urandom of=/run/data bs=1M count=100; sha1sum /run/data; echo dige''sted\n")
        (digest,) = re.findall(r"([0-9a-f]{40})  /run/data", screen.sees("digested\r\n"))
        screen.types(COUNT)
        screen.sees("count 5")
    for mapped in (True, False):
        host.ok("suspend", "demo")
        (save,) = (host.root / "var/lib/xenia/saves").iterdir()
        assert save.stat().st_mode & 0o777 == 0o600
        before = last_count(host)
        host.ok("resume", "demo")
        assert not save.exists()
        ((pid,),) = host.guests().values()
        assert (str(save) in Path(f"/proc/{pid}/maps").read_text()) is mapped
        until(lambda: last_count(host) > before + 3, "it counts on")  # noqa: B023 (it is waited for)
        with console(host) as screen:
            screen.types("sha1sum /run/data; echo o''ver\n")
            assert digest in screen.sees("over\r\n")
    host.ok("destroy", "demo")
    host.nothing_left()
