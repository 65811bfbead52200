"""What is asked of an agent, and what is said when it does not do it."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.qga.fake import Peer, agent_that, well_behaved

from xenia.engines.qga import agent as qga
from xenia.engines.qga import read
from xenia.model.agent import Execution, GuestFilesystem, GuestUser, Interface, with_cards
from xenia.model.errors import ErrorKind, XeniaError

ANSWERS: dict[str, Any] = {
    "guest-info": {"version": "7.2.22", "supported_commands": []},
    "guest-ping": {},
    "guest-get-osinfo": {"pretty-name": "Debian GNU/Linux 12 (bookworm)", "kernel-release": "6.1.0", "id": "debian"},
    "guest-get-host-name": {"host-name": "web"},
    "guest-network-get-interfaces": [
        {"name": "lo", "ip-addresses": [{"ip-address": "127.0.0.1", "prefix": 8}]},
        {
            "name": "enp0s5",
            "hardware-address": "00:16:3E:00:00:02",
            "ip-addresses": [
                {"ip-address": "192.0.2.7", "ip-address-type": "ipv4", "prefix": 24},
                {"ip-address": "fe80::1%2", "prefix": 64},
                {"ip-address": "not an address", "prefix": 64},
            ],
        },
        {"name": "docker0", "hardware-address": "02:42:00:00:00:01"},
    ],
    "guest-get-users": [{"user": "anna", "login-time": 1.5}, {"user": "bob", "domain": "CORP"}],
    "guest-get-fsinfo": [
        {"name": "vda1", "mountpoint": "/", "type": "ext4", "total-bytes": 2000, "used-bytes": 1000, "disk": []}
    ],
    "guest-fsfreeze-status": "thawed",
    "guest-fsfreeze-freeze": 1,
    "guest-fsfreeze-thaw": 1,
    "guest-set-time": {},
    "guest-exec": {"pid": 42},
}


async def test_all_that_it_tells() -> None:
    now = {"guest-get-time": time.time_ns() + 10**10}
    async with agent_that(lambda peer: well_behaved(peer, ANSWERS | now)) as fake:
        told = await fake.agent.info()
        assert (told.agent, told.version, told.os) == ("qemu-guest-agent", "7.2.22", "Debian GNU/Linux 12 (bookworm)")
        assert (told.kernel, told.host_name, told.frozen) == ("6.1.0", "web", False)
        assert told.interfaces == (
            Interface("enp0s5", "00:16:3e:00:00:02", ("192.0.2.7/24", "fe80::1/64")),
            Interface("docker0", "02:42:00:00:00:01"),
        )
        assert told.users == (GuestUser("anna", 1.5), GuestUser("CORP\\bob"))
        assert told.filesystems == (GuestFilesystem("/", "ext4", "vda1", 2000, 1000),)
        assert told.time_offset is not None
        assert 0 < told.time_offset <= 10
        assert await fake.agent.interfaces(seconds=5) == told.interfaces
        assert 0 <= await fake.agent.ping() < 5


async def test_what_an_old_agent_does_not_know_is_left_out() -> None:
    async with agent_that(lambda peer: well_behaved(peer, {"guest-info": {"version": "1.5"}})) as fake:
        told = await fake.agent.info()
        assert told.version == "1.5"
        assert (told.os, told.interfaces, told.users, told.filesystems) == ("", None, None, None)
        assert (told.time_offset, told.frozen) == (None, None)


async def test_commands_are_done_and_counted() -> None:
    answers = ANSWERS | {"guest-get-time": time.time_ns()}
    async with agent_that(lambda peer: well_behaved(peer, answers)) as fake:
        assert await fake.agent.freeze() == await fake.agent.thaw() == 1
        assert abs(await fake.agent.set_time()) < 60
        assert await fake.agent.run(["cat", "-n"], b"input") == 42
        assert "guest-exec" in fake.peers[0].asked


async def test_the_output_of_a_command_is_told_when_it_has_ended() -> None:
    ended = {"exited": True, "exitcode": 3, "out-data": base64.b64encode(b"out").decode(), "out-truncated": True}
    looks = iter([{"exited": False}, {"exited": False}, ended])

    async def behave(peer: Peer) -> None:
        while True:
            request = await peer.request()
            if request["execute"] == "guest-sync-delimited":
                await peer.say(b'\xff{"return": %d}\n' % request["arguments"]["id"])
            else:
                await peer.answer(next(looks))

    async with agent_that(behave) as fake:
        assert await fake.agent.result(42, seconds=0) == Execution(exited=False)
        assert await fake.agent.result(42, seconds=30) == Execution(
            exited=True, exit_code=3, stdout="b3V0", truncated=True
        )


@pytest.mark.parametrize("reboot", [False, True])
async def test_a_guest_that_says_nothing_after_it_was_asked_to_shut_down_is_taken_to_be_at_it(
    monkeypatch: pytest.MonkeyPatch, reboot: bool
) -> None:
    monkeypatch.setattr(qga, "SHUTDOWN_SECONDS", 0.2)
    asked = []

    async def behave(peer: Peer) -> None:
        await peer.come_in_step()
        asked.append((await peer.request())["arguments"]["mode"])

    async with agent_that(behave) as fake:
        await fake.agent.shutdown(reboot=reboot)
        assert asked == ["reboot" if reboot else "powerdown"]


async def test_an_agent_that_hangs_or_refuses_has_not_been_asked_to_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qga, "SHUTDOWN_SECONDS", 0.2)

    async def hang(peer: Peer) -> None:
        del peer

    async with agent_that(hang) as fake:
        with pytest.raises(XeniaError) as raised:
            await fake.agent.shutdown(reboot=False)
        assert raised.value.kind is ErrorKind.TIMED_OUT
    async with agent_that(lambda peer: well_behaved(peer, {"guest-ping": {}})) as fake:
        with pytest.raises(XeniaError, match="refuses guest-shutdown"):
            await fake.agent.shutdown(reboot=False)


async def test_what_is_wrong_is_said_with_a_way_out() -> None:
    async with agent_that(lambda peer: well_behaved(peer, {"guest-fsfreeze-thaw": ValueError("\x1b[31mno")})) as fake:
        with pytest.raises(XeniaError) as raised:
            await fake.agent.freeze()
        assert raised.value.kind is ErrorKind.ENGINE_FAILED
        assert raised.value.hint is not None
        assert "set up without it" in raised.value.hint
        with pytest.raises(XeniaError) as raised:
            await fake.agent.thaw()
        assert raised.value.message == "the agent in domain 'web' refuses guest-fsfreeze-thaw: \\x1b[31mno"
        fake.there = False
        with pytest.raises(XeniaError, match="no agent runs in domain 'web'") as raised:
            await fake.agent.ping()
        assert raised.value.kind is ErrorKind.CONFLICT


@pytest.mark.parametrize("value", [None, [], {}, "7", 1.5, True, {"pid": "x"}, {"exited": "yes"}])
async def test_an_answer_of_another_form_is_said_to_be_none(value: object) -> None:
    commands = ("guest-fsfreeze-freeze", "guest-exec", "guest-exec-status")
    async with agent_that(lambda peer: well_behaved(peer, dict.fromkeys(commands, value))) as fake:
        for ask in (fake.agent.freeze(), fake.agent.run(["a"], b""), fake.agent.result(1, seconds=0)):
            with pytest.raises(XeniaError, match="cannot be used") as raised:
                await ask
            assert raised.value.kind is ErrorKind.ENGINE_FAILED


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(
        {"name", "mountpoint", "ip-addresses", "ip-address", "prefix", "user", "login-time", "exited", "out-data",
         "exitcode", "signal", "hardware-address", "host-name", "pretty-name", "total-bytes", "type", "version"}
    )), inner),
    max_leaves=20,
)  # fmt: skip


@given(ANYTHING)
def test_nothing_that_it_can_say_fails_or_is_kept_beyond_its_bounds(value: object) -> None:
    told = read.info(read.version(value), dict.fromkeys(read.QUESTIONS, value), None)
    assert len(told.os) <= read.TEXT_LIMIT
    assert len(told.interfaces or ()) <= read.ITEMS_LIMIT
    assert all(len(each.addresses) <= read.ITEMS_LIMIT for each in told.interfaces or ())
    read.execution(value)


def test_interfaces_are_matched_with_cards_by_their_addresses() -> None:
    told = (Interface("docker0", "02:42:00:00:00:01"), Interface("b", "00:16:3e:00:00:02"), Interface("a", "", vif=0))
    assert with_cards(told, {0: "00:16:3E:00:00:01", 1: "00:16:3E:00:00:02"}) == (
        Interface("a", "00:16:3E:00:00:01", vif=0),
        Interface("b", "00:16:3e:00:00:02", vif=1),
        Interface("docker0", "02:42:00:00:00:01"),
    )
