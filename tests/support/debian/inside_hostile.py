"""What runs in a Debian guest as root, whose kernel has bridges that keep VLANs apart, and Open vSwitch: a hostile card
in one VLAN, and who hears what it sends. Prints for each bridge and level of filter= a line with that: {what was tried:
[who has heard it]}.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
from collections import defaultdict
from dataclasses import replace

from tests.support.hostile_vlans import ATTEMPTS, IP, MAC, MARKER, OTHER, OWN, Attempt

from xenia.model.vif import Vif, VifFilter
from xenia.network.attach import AttachedVif, TapNetwork
from xenia.network.filter import NftFilter
from xenia.network.nft import Nft
from xenia.network.port import Port

Found = dict[str, list[str]]
"""What was tried, and who has heard it."""

HEADER = bytes(10)
LISTENERS = {"own": f"{OWN}", "other": f"{OTHER}", "trunk": f"{OWN}p/{OTHER}"}
"""Their names, and their VLANs."""
MACS = {name: f"00:16:3e:00:00:1{number}" for number, name in enumerate((*LISTENERS, "honest"))}


def run(words: str) -> None:
    subprocess.run(words.split(), check=True)


async def on(bridge: str, domid: int, keeper: NftFilter) -> None:
    """Tells what is heard at each level of the hostile card."""
    network, off = TapNetwork(), VifFilter.OFF
    vifs = {name: (Vif(bridge=bridge, vlan=vlan, filter=off), MACS[name]) for name, vlan in LISTENERS.items()}
    vifs["honest"] = Vif(bridge=bridge, vlan=f"{OTHER}", filter=off), MACS["honest"]
    vifs["hostile"] = Vif(bridge=bridge, vlan=f"{OWN}", ip=(IP,)), MAC
    cards = {
        name: network.attach(vif, domid, number, mac, privileged=True)
        for number, (name, (vif, mac)) in enumerate(vifs.items())
    }
    for level in VifFilter:
        ports = [Port(card.ifname, card.mac, card.vif) for card in cards.values()]
        ports[-1] = replace(ports[-1], vif=replace(ports[-1].vif, filter=level))
        await keeper.guard(ports)
        assert not keeper.problem, keeper.problem
        print("heard", bridge, level, json.dumps(heard_of(cards)), flush=True)
    for card in cards.values():
        network.detach(card)


def heard_of(cards: dict[str, AttachedVif]) -> Found:
    heard: dict[str, set[str]] = defaultdict(set)
    for _ in range(2):  # Open vSwitch asks a process about what is new to it: the second time it knows
        for attempt in ATTEMPTS:
            send(cards["hostile"], attempt)
        for sender, listeners in (("hostile", ("own", "trunk")), ("honest", ("other", "trunk"))):
            send(cards[sender], MARKER)
            for name in listeners:
                hears(cards[name], name, heard)
    return {each.what: sorted(heard[each.what]) for each in ATTEMPTS}


def send(card: AttachedVif, attempt: Attempt) -> None:
    assert card.tap is not None
    os.write(card.tap, HEADER + attempt.frame)


def hears(card: AttachedVif, name: str, heard: dict[str, set[str]]) -> None:
    """All up to the marker, and what comes after it within a moment: by whom each attempt was heard. A trunk hears it
    in its own VLAN, which has no tag there, or in the other one.
    """
    assert card.tap is not None
    ended = False
    while select.select([card.tap], [], [], 0.3 if ended else 30)[0]:
        frame = os.read(card.tap, 2048)[len(HEADER) :]
        ended = ended or MARKER.trace in frame
        as_other = name == "trunk" and frame[12:16] == bytes((0x81, 0, 0, OTHER))
        for attempt in ATTEMPTS:
            if attempt.trace in frame:
                heard[attempt.what].add("trunk as other" if as_other else name)
    assert ended, f"not even the marker reaches {name}"


async def main() -> None:
    for words in (
        *("ip link add br9 type bridge vlan_filtering 1", "ip link set br9 up"),
        *("ovs-vsctl add-br ovsbr0", "ip link set ovsbr0 up"),
    ):
        run(words)
    keeper = NftFilter(Nft())
    await keeper.restore([])
    for domid, bridge in enumerate(("br9", "ovsbr0"), 7):
        await on(bridge, domid, keeper)
    await keeper.close()


asyncio.run(main())
