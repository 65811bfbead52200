"""Consoles through xenia-web while that, or xend, is killed and started again."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from tests.support.live import LIMIT, LiveHost, live_host, until
from tests.support.web_process import SETTINGS, WebProcess
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

pytestmark = pytest.mark.qemu


class Web(WebProcess):
    def console(self, ref: str) -> ClientConnection:
        """As a page opens one: with a ticket, and with what the guest has said last."""
        request = urllib.request.Request(
            f"https://{self.door}/v1/domains/{ref}/tickets",
            json.dumps({"for": "console"}).encode(),
            {"authorization": f"Bearer {self.secret}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, context=self.tls, timeout=LIMIT) as answer:  # noqa: S310
            ticket = json.loads(answer.read())["ticket"]
        address = f"wss://{self.door}/v1/domains/{ref}/console?kind=serial&replay=4096"
        offered = [f"xenia.ticket.{ticket}", "binary"]
        return connect(address, ssl=self.tls, subprotocols=offered)  # type: ignore[arg-type]


@pytest.fixture
def web() -> Iterator[Web]:
    with live_host(settings=SETTINGS) as host:
        web = Web(host)
        try:
            host.start()
            web.start()
            web.secret = host.ok("token", "create", "a test").strip()
            yield web
        finally:
            web.stop()


def test_a_console_is_back_with_what_was_said_after_either_has_started_anew(web: Web) -> None:
    host = web.host
    guest = host.linux()
    host.ok("create", "-q", "demo")
    with web.console("demo") as console:
        shows(console, guest.marker)
        console.send(b"dmesg -n 1; (sleep 1; echo said $((1000 + 1)) meanwhile) & \r")
        shows(console, "meanwhile) &")
        web.stop()
        assert ends(console) == 1006
    until(lambda: "said 1001 meanwhile" in log(host), "the guest has spoken with nobody there")
    web.start()
    with web.console("demo") as console:
        shows(console, "said 1001 meanwhile")
        console.send(b"echo once $((1000 + 2))\r")
        shows(console, "once 1002")
        host.stop()
        assert ends(console) == 1012
    host.start()
    with web.console("demo") as console:
        shows(console, "once 1002")
        console.send(b"echo twice $((1000 + 3))\r")
        shows(console, "twice 1003")
        host.stop(signal.SIGTERM)
        assert ends(console) == 1001
    host.start()
    with web.console("demo") as console:
        shows(console, "twice 1003")
        host.ok("destroy", "demo")
        assert ends(console) == 4000


def log(host: LiveHost) -> str:
    return (host.root / "var/log/xenia/console-demo-serial.log").read_text(errors="replace")


def shows(console: ClientConnection, text: str) -> None:
    seen = ""
    while text not in seen:
        said = console.recv(timeout=LIMIT)
        assert isinstance(said, bytes)
        seen += said.decode(errors="replace")


def ends(console: ClientConnection) -> int:
    """The code that it is closed with; 1006 for none."""
    with suppress(ConnectionClosed):
        while True:
            console.recv(timeout=LIMIT)
    assert console.close_code is not None
    return console.close_code
