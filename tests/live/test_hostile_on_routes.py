"""A hostile guest whose cards the host routes to: what of all that it sends goes to the world or to another guest."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence

import pytest
from tests.support.hostile_page import ROUTES, agrees, table
from tests.support.hostile_routed import Attempt, Frames, Place
from tests.support.live import LiveHost, until
from tests.support.namespace import within
from tests.support.sender import send, take_program, write_disk
from tests.support.terminal import Terminal
from tests.support.wire import Wire

from xenia.model.vif import VifFilter

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft"),
]

ABOUT = """\
The host routes to each card (`script=vif-route`), whose addresses are those of `ip=`. All is sent from within a real
guest on QEMU, once against a machine in the world, once against another guest with a routed card; `arrives` is what the
host passes on to them. The host's kernel asks for no sender itself (`rp_filter=0`, as it comes). What is sent to all is
for the host as well, which does not believe it: its routes, its addresses, and what it knows of the world are the same
afterwards.
"""
NEEDS = """\
What guests need arrives at every level:
"""
LEVELS = (*VifFilter, None)
"""None: the guest file has no word."""
HOST, WORLD = Place("192.0.2.1", "2001:db8::1"), Place("192.0.2.2", "2001:db8::2")
OTHER = Place("192.0.2.99", "2001:db8::99", "00:16:3e:00:00:99")
OUTGOING = 4
"""PACKET_OUTGOING (linux/if_packet.h)."""


def place(number: int) -> Place:
    return Place(f"192.0.2.7{number}", f"2001:db8::7{number}", f"00:16:3e:00:00:1{number}")


def card(at: Place, level: VifFilter | None) -> str:
    said = f",filter={level}" if level else ""
    return f"script=vif-route,mac={at.mac},ip={at.ip} {at.ip6},gatewaydev=eth0{said}"


class Outlet:
    """What the host sends out of an interface."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
        self._socket.bind((interface, 0))
        self._socket.settimeout(60)

    def hears(self, marker: Attempt) -> list[bytes]:
        """All that goes out before the marker."""
        heard: list[bytes] = []
        while not heard or marker.trace not in heard[-1]:
            frame, where = self._socket.recvfrom(2048)
            if where[2] == OUTGOING:
                heard.append(frame)
        return heard

    def close(self) -> None:
        self._socket.close()


def test_what_a_hostile_guest_tries_on_routed_cards(stopped_host: LiveHost, wire: Wire) -> None:
    host = stopped_host
    host.inside = ["ip", "netns", "exec", wire.host]
    wire.run(wire.host, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
    host.start()
    host.linux()
    against = [
        [Frames(place(number), WORLD, OTHER, HOST) for number in range(len(LEVELS))],
        [Frames(place(number), OTHER, WORLD, HOST) for number in range(len(LEVELS))],
    ]
    image = host.images / "frames.img"
    write_disk(image, [[frame for each in pair for frame in all_of(each)] for pair in zip(*against, strict=True)])
    cards = [card(place(number), level) for number, level in enumerate(LEVELS)]
    host.hvm("other", f"vif = ['{card(OTHER, None)}, vifname=other0']\n")
    host.ok("create", "other")
    for address in (OTHER.ip, OTHER.ip6):  # it has no system that would answer for them
        wire.ip(wire.host, f"neigh replace {address} lladdr {OTHER.mac} dev other0 nud permanent")
    host.ok("create", "-q", "demo", f"vif={cards}", f"disk=['file:{image},xvda,w']")
    meet(wire)
    before = knows(wire)
    with within(wire.host):
        outlets = [Outlet("eth0"), Outlet("other0")]
    with Terminal(host.command("console", "demo"), host.environment) as screen:
        screen.sees("xenia: guest demo is up")
        take_program(screen)
        heard: list[list[list[bytes]]] = []
        for number in range(len(LEVELS)):
            send(screen, number)
            heard.append([outlet.hears(ours[number].marker()) for outlet, ours in zip(outlets, against, strict=True)])
    for outlet in outlets:
        outlet.close()
    assert knows(wire) == before, "the host has believed the guest"
    attempts = told([[frames.attempts() for frames in ours] for ours in against], heard)
    rights = told([[frames.rights() for frames in ours] for ours in against], heard)
    agrees(ROUTES, f"{ABOUT}\n{attempts}\n{NEEDS}\n{rights}")


def all_of(frames: Frames) -> list[bytes]:
    return [each.frame for each in (*frames.attempts(), *frames.rights(), frames.marker())]


def meet(wire: Wire) -> None:
    """The host knows where the world is, and its own addresses are settled."""
    for address in (WORLD.ip, WORLD.ip6):
        wire.run(wire.host, "busybox", "ping", "-c", "1", "-W", "10", address)
    until(lambda: "tentative" not in wire.run(wire.host, "ip", "addr", "show"), "the addresses are the host's own")


def knows(wire: Wire) -> list[str]:
    """What the host could have been told: of its routes and addresses, and of the world's hardware address."""
    looks = ("ip addr show", "ip route show table all", "ip -6 route show table all", "ip neigh show proxy")
    shown = [wire.run(wire.host, *words.split()) for words in looks]
    there = (wire.run(wire.host, "ip", "neigh", "get", at, "dev", "eth0") for at in (WORLD.ip, WORLD.ip6))
    return [*shown, *(words.split("lladdr ")[1].split()[0] for words in there)]


def told(attempts: Sequence[Sequence[Sequence[Attempt]]], heard: Sequence[Sequence[Sequence[bytes]]]) -> str:
    """The table, once all is as it is to be. `attempts` are told by the target and the card, `heard` by the card and
    the target.
    """
    rows = []
    for row, first in enumerate(attempts[0][0]):
        passed = []
        for number, level in enumerate(LEVELS):
            arrived = {
                any(ours[number][row].trace in frame for frame in heard[number][target])
                for target, ours in enumerate(attempts)
            }
            assert arrived == {passes(first, level or VifFilter.ADDRESS)}, (first.what, level, arrived)
            passed.append("arrives" if arrived == {True} else "dropped")
        rows.append([first.what, *passed])
    return table(["a guest", *(f"`{level}`" if level else "no word" for level in LEVELS)], rows)


def passes(attempt: Attempt, level: VifFilter) -> bool:
    order = tuple(VifFilter)
    return attempt.dropped_at is None or order.index(level) < order.index(attempt.dropped_at)
