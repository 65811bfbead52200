"""A real Linux guest is saved and goes on from exactly that moment, with the devices that came while it ran."""

from __future__ import annotations

import re
import signal

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
