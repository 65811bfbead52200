"""A guest that is not what it seems: what it sends from within on a bridge, and what of it reaches another guest."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import IPv6Address
from uuid import uuid4

import pytest
from tests.support.frames import mac_bytes
from tests.support.hostile import ATTEMPTS, IP, IP6, LINK_LOCAL, MAC, MARKER, RIGHTS, Attempt
from tests.support.hostile_page import BRIDGE, agrees, table
from tests.support.live import LiveHost
from tests.support.namespace import within
from tests.support.sender import send, take_program, write_disk
from tests.support.terminal import Terminal

from xenia.model.vif import VifFilter
from xenia.network.addresses import link_local_of
from xenia.network.tap import open_tap, plug

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft"),
]

ABOUT = """\
A real guest on QEMU sends each frame from within, on cards with a known address (`ip=`). Another guest on the same
bridge listens. A card whose guest file says nothing is a `client`; one with `ip=` is held to that as at `address`, but
for other protocols.
"""
NEEDS = """\
What guests need arrives at every level:
"""
LEVELS = tuple(VifFilter)
VIRTIO_HEADER = 10


def mac_of(level: VifFilter) -> str:
    return f"00:16:3e:00:00:1{LEVELS.index(level)}"


def of_card(frame: bytes, level: VifFilter) -> bytes:
    """The same frame of the card of that level: no two cards of a guest can share an address."""
    mac = mac_of(level)
    local = IPv6Address(LINK_LOCAL).packed
    return frame.replace(mac_bytes(MAC), mac_bytes(mac)).replace(local, link_local_of(mac).packed)


class Hearer:
    """Another guest on the bridge of a card: its tap."""

    def __init__(self, level: VifFilter) -> None:
        self._marker = of_card(MARKER, level)
        self._tap = open_tap(f"t-{level}")
        plug(f"t-{level}", f"br-{level}")

    def hears(self) -> set[bytes]:
        """All that comes up to the marker."""
        heard: set[bytes] = set()
        while self._marker not in heard:
            assert select.select([self._tap], [], [], 60)[0], "not even the marker arrives"
            heard.add(os.read(self._tap, 2048)[VIRTIO_HEADER:])
        return heard

    def close(self) -> None:
        os.close(self._tap)


@pytest.fixture
def network() -> Iterator[str]:
    """A namespace with a bridge for each level of filter=."""
    name = f"xenia-{uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for bridge in LEVELS:
            subprocess.run(["ip", "-n", name, *f"link add br-{bridge} up type bridge".split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def frames(level: VifFilter) -> list[bytes]:
    return [*(of_card(each.frame, level) for each in (*ATTEMPTS, *RIGHTS)), of_card(MARKER, level)]


def test_what_a_hostile_guest_tries(stopped_host: LiveHost, network: str) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", network]
    host.start()
    host.linux()
    image = host.images / "frames.img"
    write_disk(image, [frames(level) for level in LEVELS])
    cards = [f"mac={mac_of(level)},bridge=br-{level},filter={level},ip={IP} {IP6}" for level in LEVELS]
    with within(network):
        hearers = {level: Hearer(level) for level in LEVELS}
    host.ok("create", "-q", "demo", f"vif={cards}", f"disk=['file:{image},xvda,w']")
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees("xenia: guest demo is up")
        take_program(screen)
        heard = {}
        for number, level in enumerate(LEVELS):
            send(screen, number)
            heard[level] = hearers[level].hears()
            hearers[level].close()
    for each in (*ATTEMPTS, *RIGHTS):
        passed = {level for level in LEVELS if of_card(each.frame, level) in heard[level]}
        assert passed == {level for level in LEVELS if passes(each, level)}, each.what
    agrees(BRIDGE, f"{ABOUT}\n{told(ATTEMPTS, heard)}\n{NEEDS}\n{told(RIGHTS, heard)}")


def passes(attempt: Attempt, level: VifFilter) -> bool:
    return attempt.dropped_at is None or LEVELS.index(level) < LEVELS.index(attempt.dropped_at)


def told(attempts: tuple[Attempt, ...], heard: dict[VifFilter, set[bytes]]) -> str:
    rows = []
    for each in attempts:
        arrived = ["arrives" if of_card(each.frame, level) in heard[level] else "dropped" for level in LEVELS]
        rows.append([each.what, *arrived])
    return table(["a guest", *(f"`{level}`" for level in LEVELS)], rows)
