"""What is done next for the bridge of the host, from what is wanted and what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xenia.model.bridge import BridgeState, BridgeWish
from xenia.network.uplink.link import Link
from xenia.network.uplink.plan import Next, Seen, Step, next_step, told
from xenia.network.uplink.record import Phase, Record

CARD = Link(2, "eth0", "52:54:00:00:00:01", 1500, True, False, True, True, True, "", 0, "", 0, ())
BRIDGE = replace(CARD, index=7, name="xenbr0", kind="bridge")
PORT = replace(CARD, master=7)
GUEST = replace(CARD, index=9, name="vif1.0", master=7)

BARE = Record("boot", "xenbr0", Phase.BARE, 7)
TAKEN = replace(BARE, phase=Phase.TAKEN, card="eth0", mac=CARD.mac, card_index=2)
WAITING = replace(TAKEN, phase=Phase.WAITING, deadline=100.0)

NOTHING = BridgeWish("xenbr0")
KEPT = BridgeWish("xenbr0", bare=True)
NONE = BridgeWish("xenbr0", "none", bare=True)
OVER = BridgeWish("xenbr0", "eth0", bare=True)


@pytest.mark.parametrize(
    ("wish", "seen", "step"),
    [
        (NOTHING, Seen(None, [CARD]), Step.NOTHING),
        (KEPT, Seen(None, [CARD]), Step.MAKE),
        (KEPT, Seen(None, [CARD, BRIDGE]), Step.NOTHING),
        (KEPT, Seen(BARE, [CARD, BRIDGE]), Step.NOTHING),
        (KEPT, Seen(BARE, [CARD]), Step.MAKE),
        (KEPT, Seen(TAKEN, [PORT, BRIDGE]), Step.GIVE_BACK),
        (NONE, Seen(None, [CARD, BRIDGE]), Step.NOTHING),
        (NONE, Seen(BARE, [CARD, BRIDGE]), Step.REMOVE),
        (NONE, Seen(BARE, [CARD, BRIDGE, GUEST]), Step.NOTHING),
        (NONE, Seen(TAKEN, [PORT, BRIDGE, GUEST]), Step.GIVE_BACK),
        (OVER, Seen(None, [CARD]), Step.TAKE),
        (OVER, Seen(None, [PORT, BRIDGE]), Step.NOTHING),
        (OVER, Seen(BARE, [CARD, BRIDGE]), Step.TAKE),
        (OVER, Seen(TAKEN, [PORT, BRIDGE]), Step.NOTHING),
        (OVER, Seen(TAKEN, [CARD]), Step.TAKE),
        (OVER, Seen(TAKEN, [CARD, BRIDGE]), Step.TAKE),
        (OVER, Seen(TAKEN, [replace(PORT, mac="52:54:00:00:00:02"), BRIDGE]), Step.TAKE),
        (BridgeWish("xenbr0", "eth1"), Seen(TAKEN, [PORT, BRIDGE]), Step.TAKE),
        (BridgeWish("lan", "eth0"), Seen(TAKEN, [PORT, BRIDGE]), Step.TAKE),
        (BridgeWish("lan", "eth0"), Seen(BARE, [CARD, BRIDGE]), Step.REMOVE),
        (OVER, Seen(replace(TAKEN, phase=Phase.MOVING), [PORT, BRIDGE]), Step.GIVE_BACK),
        (OVER, Seen(replace(WAITING, confirmed=WAITING.who), [PORT, BRIDGE]), Step.TAKE),
        (OVER, Seen(replace(TAKEN, phase=Phase.RETURNING), [PORT, BRIDGE]), Step.TAKE),
    ],
)
def test_the_next_step(wish: BridgeWish, seen: Seen, step: Step) -> None:
    assert next_step(wish, seen, asked=False).step is step


def test_a_card_that_was_given_back_unasked_is_taken_again_only_when_somebody_asks() -> None:
    seen = Seen(replace(BARE, card="eth0", returned="nobody confirmed it"), [CARD, BRIDGE])
    assert next_step(OVER, seen, asked=False) == Next(Step.NOTHING, "nobody confirmed it")
    assert next_step(OVER, seen, asked=True).step is Step.TAKE
    assert next_step(BridgeWish("xenbr0", "eth1"), seen, asked=False).step is Step.TAKE


@pytest.mark.parametrize(
    ("wish", "seen", "state", "card", "seconds"),
    [
        (NOTHING, Seen(None, [CARD]), BridgeState.NONE, "", None),
        (KEPT, Seen(BARE, [CARD, BRIDGE]), BridgeState.BARE, "", None),
        (OVER, Seen(None, [PORT, BRIDGE]), BridgeState.OTHERS, "eth0", None),
        (NOTHING, Seen(None, [PORT, BRIDGE]), BridgeState.OTHERS, "", None),
        (OVER, Seen(TAKEN, [PORT, BRIDGE]), BridgeState.TAKEN, "eth0", None),
        (OVER, Seen(WAITING, [PORT, BRIDGE], busy=True), BridgeState.WAITING, "eth0", 58.0),
        (OVER, Seen(WAITING, [PORT, BRIDGE]), BridgeState.MOVING, "eth0", None),
    ],
)
def test_how_it_is_told(wish: BridgeWish, seen: Seen, state: BridgeState, card: str, seconds: float | None) -> None:
    found = told(wish, seen, now=42.0)
    assert (found.state, found.card, found.seconds) == (state, card, seconds)
