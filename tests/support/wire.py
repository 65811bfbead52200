"""A host with a card, and the world that the card leads to: two network namespaces."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from uuid import uuid4

from tests.support.live import until

LOOK = (
    *("ip -d addr show", "ip route show table all", "ip -6 route show table all", "nft list ruleset"),
    "ip neigh show proxy",
    "ip -6 neigh show proxy",
    "sysctl net.ipv4.ip_forward net.ipv4.conf net.ipv6.conf",
)


class Wire:
    """The two namespaces."""

    def __init__(self) -> None:
        self.host, self.world = (f"xn{uuid4().hex[:6]}{end}" for end in "hw")
        for name in (self.host, self.world):
            subprocess.run(["ip", "netns", "add", name], check=True)
        self.ip(self.host, f"link add eth0 type veth peer name eth0 netns {self.world}")
        for name, last in ((self.host, 1), (self.world, 2)):
            for words in (
                *("link set lo up", "link set eth0 up", f"addr add 192.0.2.{last}/24 dev eth0"),
                f"addr add 2001:db8::{last}/64 dev eth0 nodad",
            ):
                self.ip(name, words)
        until(lambda: "tentative" not in self.run(self.host, "ip", "addr", "show"), "the host's addresses are its own")

    def ip(self, name: str, words: str) -> None:
        subprocess.run(["ip", "-n", name, *words.split()], check=True)

    def run(self, name: str, *words: str) -> str:
        done = subprocess.run(["ip", "netns", "exec", name, *words], check=True, capture_output=True, text=True)
        return done.stdout

    def look(self) -> list[str]:
        """The host's network as independent tools show it, but for what counts down."""
        shown = [self.run(self.host, *words.split()) for words in LOOK]
        return [re.sub(r"(valid_lft|preferred_lft|expires) \S+", "", text) for text in shown]

    def close(self) -> None:
        for name in (self.host, self.world):
            for pid in subprocess.run(
                ["ip", "netns", "pids", name], capture_output=True, text=True, check=False
            ).stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], check=True)
