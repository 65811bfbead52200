"""xenia-web as a process of its own."""

from __future__ import annotations

import re
import signal
import ssl
import subprocess

from tests.support.live import ACCELERATED, LIMIT, LiveHost, until

SETTINGS = ACCELERATED + '[web]\naddress = "127.0.0.1"\nport = 0\n'


class WebProcess:
    """xenia-web as a process beside the xend of `host`."""

    def __init__(self, host: LiveHost) -> None:
        self.host = host
        self.process: subprocess.Popen[bytes] | None = None
        self.secret = ""
        """That of a token, with which somebody comes."""

    def start(self) -> None:
        out = self.host.root / "web.out"
        with out.open("wb") as file:
            command = [self.host.python, "-m", "xenia.gateway.main", "--root", str(self.host.root)]
            self.process = subprocess.Popen(command, env=self.host.environment, stdout=file, stderr=file)
        until(lambda: "SHA-256" in out.read_text(), "xenia-web listens")

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(LIMIT)
            self.process = None

    @property
    def door(self) -> str:
        found = re.search(r"127\.0\.0\.1:\d+", (self.host.root / "web.out").read_text())
        assert found is not None
        return found[0]

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.host.root / "var/lib/xenia/web/certificate.pem"))
