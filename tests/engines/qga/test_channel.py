"""Conversations with agents that lie, hang, flood, break off and answer what was not asked."""

from __future__ import annotations

import asyncio
import itertools
import json
import tracemalloc
from collections.abc import Callable

import pytest
from tests.engines.qga.fake import Peer, agent_that, well_behaved

from xenia.engines.qga.channel import LINE_LIMIT, Nonsense, Refused, Silent

FLOOD = b"x" * (1 << 16)


async def test_a_conversation_begins_in_step_and_commands_are_answered_in_turn() -> None:
    async with agent_that(lambda peer: well_behaved(peer, {"guest-ping": {}, "guest-get-time": 7})) as fake:
        for _ in range(2):
            async with fake.channel.conversation(5) as agent:
                assert await agent.execute("guest-ping") == {}
                assert await agent.execute("guest-get-time") == 7
                with pytest.raises(Refused, match="has not been found") as refused:
                    await agent.execute("guest-nix")
                assert refused.value.kind == "CommandNotFound"
        assert len(fake.peers) == 1, "one connection for all of them"


async def late_answers(peer: Peer) -> None:
    """What belongs to a client before us, whole and cut off, comes before the answer to our beginning; so does the
    beginning of that client.
    """
    request = await peer.request()
    await peer.say(b'{"return": "old"}\n{"return": {"half": \xff{"return": 12345}\n\xff{"error": {"class": "x"\n')
    await peer.say(b"\xff\xff\n" + b'\xff{"return": true}\n' + b'\xff{"return": %d}\n' % request["arguments"]["id"])
    await peer.request()
    await peer.answer("new")


async def test_what_is_late_from_somebody_else_is_passed_over() -> None:
    async with agent_that(late_answers) as fake, fake.channel.conversation(5) as agent:
        assert await agent.execute("guest-ping") == "new"


async def slow_once(peer: Peer, number: itertools.count[int]) -> None:
    """Answers the first command of its life when nobody waits any more, and on the same connection."""
    await peer.come_in_step()
    await peer.request()
    if next(number) == 0:
        await peer.request()  # ends with the connection
    await peer.answer("in time")


async def test_one_that_does_not_answer_in_time_costs_that_time_and_the_connection() -> None:
    number: itertools.count[int] = itertools.count()
    async with agent_that(lambda peer: slow_once(peer, number)) as fake:
        with pytest.raises(Silent, match=r"within 0\.1 s"):
            async with fake.channel.conversation(0.1) as agent:
                await agent.execute("guest-ping")
        async with fake.channel.conversation(5) as agent:
            assert await agent.execute("guest-ping") == "in time"
        assert len(fake.peers) == 2


async def flood(peer: Peer) -> None:
    while True:
        await peer.say(FLOOD)


async def flood_in_step(peer: Peer) -> None:
    await peer.come_in_step()
    await flood(peer)


async def flood_of_beginnings(peer: Peer) -> None:
    while True:
        await peer.say(b'\xff{"return": 1}\n' * 1000)


@pytest.mark.parametrize("behave", [flood, flood_in_step, flood_of_beginnings])
async def test_a_flood_is_cut_off_and_takes_no_memory(behave: Callable[[Peer], object]) -> None:
    async with agent_that(behave) as fake:  # type: ignore[arg-type]
        tracemalloc.start()
        try:
            with pytest.raises(Nonsense):
                async with fake.channel.conversation(30) as agent:
                    await agent.execute("guest-ping")
            assert tracemalloc.get_traced_memory()[1] < 6 * LINE_LIMIT
        finally:
            tracemalloc.stop()


async def test_nothing_is_read_of_a_flood_between_conversations() -> None:
    said = 0

    async def behave(peer: Peer) -> None:
        nonlocal said
        while True:
            await peer.say(FLOOD)
            said += len(FLOOD)

    async with agent_that(behave) as fake:
        fake.channel.open()
        before = -1
        while said != before:
            before = said
            await asyncio.sleep(0.05)
        assert said < 8 << 20, "what a socket holds"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x00",
        b"nix",
        b"[]",
        b"{}",
        b'"return"',
        b'{"error": null}',
        b'{"return": ',
        b"\xc3\x28",
        b'{"return": ' + b"1" * 5000 + b"}",
        b"[" * 15_000,
        b'{"return": [' + b"0," * 30_000 + b"0]}",
        b'{"return": "' + b"x" * LINE_LIMIT + b'"}',
    ],
    ids=lambda line: repr(line[:20]),
)
async def test_what_is_no_answer_ends_the_conversation_and_the_next_one_begins_anew(line: bytes) -> None:
    first = itertools.count()

    async def behave(peer: Peer) -> None:
        await peer.come_in_step()
        await peer.request()
        await peer.say(b'{"return": 1}\n' if next(first) else line + b"\n")

    async with agent_that(behave) as fake:
        with pytest.raises(Nonsense):
            async with fake.channel.conversation(5) as agent:
                await agent.execute("guest-ping")
        async with fake.channel.conversation(5) as agent:
            assert await agent.execute("guest-ping") == 1


async def test_answers_that_nobody_asked_for_do_not_reach_the_next_conversation() -> None:
    async def behave(peer: Peer) -> None:
        while True:
            request = await peer.request()
            if request["execute"] == "guest-sync-delimited":
                await peer.say(b'\xff{"return": %d}\n' % request["arguments"]["id"])
            else:
                await peer.say(b'{"return": "first"}\n{"return": "second"}\n{"return": "third"}\n')

    async with agent_that(behave) as fake:
        for _ in range(3):
            async with fake.channel.conversation(5) as agent:
                assert await agent.execute("guest-ping") == "first"


async def test_a_connection_that_ends_is_silence_and_is_made_anew() -> None:
    number = itertools.count()

    async def behave(peer: Peer) -> None:
        if next(number) == 0:
            peer.writer.close()
        await well_behaved(peer, {"guest-ping": {}})

    async with agent_that(behave) as fake:
        with pytest.raises(Silent):
            async with fake.channel.conversation(5):
                raise AssertionError
        async with fake.channel.conversation(5) as agent:
            assert await agent.execute("guest-ping") == {}


async def test_one_conversation_waits_for_another_within_its_time() -> None:
    async with agent_that(lambda peer: well_behaved(peer, {"guest-ping": {}})) as fake:
        async with fake.channel.conversation(5) as agent:
            await agent.execute("guest-ping")
            with pytest.raises(Silent):
                async with fake.channel.conversation(0.05):
                    raise AssertionError
            assert await agent.execute("guest-ping") == {}, "the one that waited has broken nothing"
        async with fake.channel.conversation(5) as agent:
            assert await agent.execute("guest-ping") == {}


async def test_closing_ends_a_conversation_that_is_under_way() -> None:
    async with agent_that(lambda peer: peer.come_in_step()) as fake:
        asyncio.get_running_loop().call_later(0.05, fake.channel.close)
        with pytest.raises(Silent):
            async with fake.channel.conversation(30) as agent:
                await agent.execute("guest-ping")
        fake.channel.close()


async def test_a_command_that_is_answered_only_where_it_fails() -> None:
    answers: dict[str, object] = {"guest-ping": {}, "guest-shutdown": ValueError("no init")}

    async def behave(peer: Peer) -> None:
        while True:
            request = await peer.request()
            if request["execute"] == "guest-sync-delimited":
                await peer.say(b'\xff{"return": %d}\n' % request["arguments"]["id"])
            elif request["execute"] == "guest-ping":
                await peer.answer({})
            elif "guest-shutdown" in answers:
                await peer.say(json.dumps({"error": {"class": "GenericError", "desc": "no init"}}).encode() + b"\n")

    async with agent_that(behave) as fake:
        with pytest.raises(Refused, match="no init"):
            async with fake.channel.conversation(5) as agent:
                await agent.tell("guest-shutdown", {"mode": "powerdown"})
        del answers["guest-shutdown"]
        async with fake.channel.conversation(5) as agent:
            await agent.tell("guest-shutdown", {"mode": "powerdown"})
