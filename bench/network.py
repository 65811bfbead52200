"""What a card adds to a create, also beside 200 others on its bridge, and what its filter costs a stream."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from _namespace import Guest, enter, ip
from _table import Row, interleaved, main, median_ms
from _xend import create, destroy, xend

from xenia.client.http import Client
from xenia.model.vif import Vif
from xenia.network.filter import NftFilter
from xenia.network.nft import Nft
from xenia.network.port import Port

BRIDGE = "xenbr0"
ROUTED = "script=vif-route,ip=192.0.2.9,gateway=192.0.2.1"
CARDS, CARDS_OF_ONE = 200, 8
MIB, DATAGRAMS = 2048, 100_000
STREAM = Path(__file__).with_name("_stream.py")


def bench(options: argparse.Namespace) -> list[Row]:
    _make_bridge(BRIDGE)
    with xend() as (client, _root, _pid):
        without, alone = _creates(client, options.rounds, guest("one", 1))
        for number in range(CARDS // CARDS_OF_ONE):
            create(client, guest(f"many{number}", CARDS_OF_ONE), paused=True)
        _, beside = _creates(client, options.rounds, guest("one", 1))
    with xend() as (client, _root, _pid):
        bare, routed = _creates(client, options.rounds, guest("one", 1, ROUTED))
    added = alone - without
    return [
        Row("create, paused, with a card", "ms", alone, without, "without", "at most 15 ms over", added <= 15),
        Row("with a routed card", "ms", routed, bare, "without", "at most 15 ms over", routed - bare <= 15),
        Row(f"the same beside {CARDS} cards", "ms", beside, alone, "alone", "flat within 15 %", beside <= alone * 1.15),
        *_streams(options.rounds),
    ]


def _make_bridge(name: str) -> None:
    ip("link", "add", name, "up", "type", "bridge")


def guest(name: str, cards: int, words: str = f"bridge={BRIDGE}") -> str:
    vifs = [words] * cards
    return f'name = "{name}"\nbuilder = "hvm"\nmemory = 32\nvif = {vifs}\nvnc = 0\n'


def _creates(client: Client, rounds: int, text: str) -> list[float]:
    """Milliseconds of a create without a card, and with one, by the guest file `text`."""

    def measure(text: str) -> float:
        seconds = create(client, text, paused=True)
        destroy(client, "one")
        return seconds

    bare = guest("one", 0)
    return [median_ms(result) for result in interleaved(rounds, lambda: measure(bare), lambda: measure(text))]


def _streams(rounds: int) -> list[Row]:
    """Between two namespaces as guests, with the rules of cards whose address is known, and with none."""
    _make_bridge("streams")
    sender, receiver = Guest("streams", 1), Guest("streams", 2)
    try:
        rows = _compared(sender, receiver, rounds)
    finally:
        sender.end()
        receiver.end()
    return rows


@dataclass(frozen=True, slots=True)
class _Stream:
    sender: Guest
    receiver: Guest

    def seconds(self, verb: str, amount: int) -> float:
        with self.sender.start(STREAM, verb, self.receiver.address, str(amount)) as process:
            assert process.stdout is not None
            return float(process.stdout.read())


def _compared(sender: Guest, receiver: Guest, rounds: int) -> list[Row]:
    stream, nft = _Stream(sender, receiver), Nft()
    ports = [Port(end.name, end.mac, Vif(mac=end.mac, ip=(end.address,))) for end in (sender, receiver)]

    def filtered(measure: Callable[[], float]) -> float:
        asyncio.run(NftFilter(nft).guard(ports))
        return measure()

    def bare(measure: Callable[[], float]) -> float:
        asyncio.run(nft.remove("netdev"))
        return measure()

    def compared(verb: str, amount: int) -> tuple[float, float]:
        def measure() -> float:
            return stream.seconds(verb, amount)

        with_rules, without = (
            amount / median_ms(result) * 1000
            for result in interleaved(rounds, lambda: filtered(measure), lambda: bare(measure))
        )
        return with_rules, without

    server = receiver.start(STREAM, "receive", receiver.address)
    try:
        assert server.stdout is not None
        server.stdout.readline()
        fast, bare_fast = compared("send", MIB)
        small, bare_small = (rate / 1000 for rate in compared("datagrams", DATAGRAMS))
    finally:
        server.kill()
        server.communicate()
    held = fast >= bare_fast * 0.95
    return [
        Row("TCP between two guests, filtered", "MiB/s", fast, bare_fast, "without rules", "within 5 %", held),
        Row("64 bytes a datagram, filtered", "1000/s", small, bare_small, "without rules"),
    ]


if __name__ == "__main__":
    enter()
    main(bench, __doc__ or "")
