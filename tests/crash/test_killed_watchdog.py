"""What changes the host's bridge is killed before every one of its effects; the next one finds the host's network and
puts it in order, and a connection lives through both.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.uplink.wire import BRIDGE, HOST4, Conversation, Wire, wire

from xenia.network.uplink.record import Phase
from xenia.network.uplink.watchdog import CONFIRM

pytestmark = [pytest.mark.crash, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make bridges")]

_MOST_STEPS = 400


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    root: Path = tmp_path_factory.mktemp("root")
    with wire(root) as made:
        yield made


def test_killed_while_it_takes_the_card(host: Wire) -> None:
    before = host.shown()
    conversation = Conversation(host, HOST4)
    for step in range(1, _MOST_STEPS):
        host.place.forget()
        killed = host.watchdog(host.task(seconds=0), die_at=step)
        ended = killed.ends()
        host.give_back().ends()
        conversation.goes_on()
        assert host.shown() == before, f"killed at step {step}"
        assert BRIDGE not in host.links()
        if ended == 0:
            break
        assert ended == signal.SIGKILL
    conversation.close()
    assert 30 < step < _MOST_STEPS - 1


def test_killed_while_it_gives_the_card_back(host: Wire) -> None:
    before = host.shown()
    conversation = Conversation(host, HOST4)
    for step in range(1, _MOST_STEPS):
        taking = host.take(seconds=600)
        if taking.says()["phase"] == "waiting":
            taking.tell(CONFIRM)
        taking.ends()
        assert host.record().phase is Phase.TAKEN
        killed = host.watchdog(host.task(""), die_at=step)
        ended = killed.ends()
        host.give_back().ends()
        conversation.goes_on()
        assert host.shown() == before, f"killed at step {step}"
        assert BRIDGE not in host.links()
        if ended == 0:
            break
        assert ended == signal.SIGKILL
    conversation.close()
    assert 20 < step < _MOST_STEPS - 1


@pytest.mark.full
def test_taken_and_given_back_two_hundred_times_nothing_is_left(host: Wire) -> None:
    before, descriptors = host.shown(), len(os.listdir("/proc/self/fd"))
    conversation = Conversation(host, HOST4)
    for _ in range(200):
        taking = host.take(seconds=600)
        if taking.says()["phase"] == "waiting":
            taking.tell(CONFIRM)
        taking.ends()
        conversation.goes_on()
        host.give_back().ends()
        conversation.goes_on()
        assert host.shown() == before
    conversation.close()
    assert set(host.links()) == {"lo", "eth7"}
    assert len(os.listdir("/proc/self/fd")) <= descriptors
