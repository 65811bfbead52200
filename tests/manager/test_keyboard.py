"""Keys that are pressed on the screens of guests, with a server of RFB that a test plays."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.api.test_logins import log_in, visitor
from tests.support.rfb_server import RfbServer
from tests.support.world import ROOT, World, request
from tests.support.xend import Xend, running_xend

from xenia.engines.simulated.engine import SimulatedEngine
from xenia.lib.aio import Tasks
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError, invalid
from xenia.model.job import Job, JobState

OPERATOR = Caller(1000, "o", Role.OPERATOR)


@dataclass
class Screens:
    """What `open_screen` leads to, one server for each connection."""

    servers: list[RfbServer] = field(default_factory=list)
    ends: list[socket.socket] = field(default_factory=list)
    none: bool = False
    kinds: bytes = b"\x01"
    opened: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
async def screens(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Screens]:
    made, tasks = Screens(), Tasks()

    async def open_screen(_engine: SimulatedEngine, _uuid: str) -> socket.socket:
        if made.none:
            raise invalid("it has no screen")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        made.servers.append(RfbServer(made.kinds))
        made.ends.append(theirs)
        tasks.start(made.servers[-1].serve(theirs), name="screen")
        made.opened.set()
        return ours

    monkeypatch.setattr(SimulatedEngine, "open_screen", open_screen)
    yield made
    await tasks.close()


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 20)


async def run(manager: Manager) -> None:
    assert (await ended(manager, manager.create(request("a"), ROOT))).state is JobState.DONE


async def test_a_text_is_typed_and_then_keys_are_pressed(manager: Manager, screens: Screens) -> None:
    await run(manager)
    job = await ended(manager, manager.keyboards.send("a", ["ret"], "B", 1, OPERATOR))
    assert (job.state, job.result) == (JobState.DONE, {"domain": "a"})
    assert screens.servers[0].heard == [
        (True, 0xFFE1, 0x2A),
        (True, ord("B"), 0x30),
        (False, ord("B"), 0x30),
        (False, 0xFFE1, 0x2A),
        (True, 0xFF0D, 0x1C),
        (False, 0xFF0D, 0x1C),
    ]


async def test_two_who_type_wait_for_each_other(manager: Manager, screens: Screens) -> None:
    await run(manager)
    jobs = [manager.keyboards.send("a", ["ctrl-a", "ctrl-b"], "", 20, OPERATOR) for _ in range(2)]
    for job in jobs:
        assert (await ended(manager, job)).state is JobState.DONE
    assert [len(server.heard) for server in screens.servers] == [8, 8]


async def test_a_guest_may_be_ended_while_somebody_types(manager: Manager, screens: Screens) -> None:
    await run(manager)
    job = manager.keyboards.send("a", ["a"], "x" * 100, 5000, OPERATOR)
    async with asyncio.timeout(20):
        await screens.opened.wait()
    assert (await ended(manager, manager.operate("destroy", "a", ROOT))).state is JobState.DONE
    assert (await manager.cancel(job.id, OPERATOR)).state is JobState.CANCELLED


@pytest.mark.parametrize(
    ("none", "kinds", "word"), [(True, b"", "no screen"), (False, b"\x02", "password"), (False, b"", "too many")]
)
async def test_a_screen_that_lets_nobody_type_is_the_error_of_the_job(
    manager: Manager, screens: Screens, none: bool, kinds: bytes, word: str
) -> None:
    screens.none, screens.kinds = none, kinds
    await run(manager)
    job = await ended(manager, manager.keyboards.send("a", ["a"], "", 1, OPERATOR))
    assert job.state is JobState.FAILED
    assert word in str(job.error)


async def test_what_cannot_be_pressed_is_refused_before_a_screen_is_opened(manager: Manager, screens: Screens) -> None:
    with pytest.raises(XeniaError, match="no domain"):
        manager.keyboards.send("a", ["a"], "", 1, OPERATOR)
    await run(manager)
    for keys, text, hold in ((["a", "nokey"], "", 1), ([], "é", 1), ([], "", 1), (["a"], "", 0)):
        with pytest.raises(XeniaError) as raised:
            manager.keyboards.send("a", keys, text, hold, OPERATOR)
        assert raised.value.kind is ErrorKind.INVALID
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.keyboards.send("0", ["a"], "", 1, OPERATOR)
    with pytest.raises(XeniaError, match="role operator"):
        manager.keyboards.send("a", ["a"], "", 1, Caller(None, "v", Role.VIEWER))
    await ended(manager, manager.operate("pause", "a", ROOT))
    with pytest.raises(XeniaError, match="cannot press keys in domain 'a': it is paused"):
        manager.keyboards.send("a", ["a"], "", 1, OPERATOR)
    assert screens.servers == []


async def test_over_the_api_and_nothing_of_it_is_kept(tmp_path: Path, screens: Screens) -> None:
    async with running_xend(tmp_path, World()) as xend:
        await xend.create("a")
        answer = await xend.post("/domains/a/keys", {"text": "secret", "keys": ["ret"], "hold": 1}, wait=20)
        assert answer.status_code == 200, answer.text
        assert len(screens.servers[0].heard) == 14
        assert "secret" not in answer.text + str(xend.audit) + (await xend.get("/jobs")).text
        await refusals(xend)


async def refusals(xend: Xend) -> None:
    for body in ({"keys": ["nokey"]}, {"keys": "a"}, {"hold": "1"}, {"hold": 0, "keys": ["a"]}, {"key": "a"}):
        assert (await xend.post("/domains/a/keys", body)).status_code == 422, body
    assert (await xend.post("/domains/nix/keys", {"keys": ["a"]})).status_code == 404
    async with visitor(xend, await log_in(xend, "vic")) as viewer:
        assert (await viewer.post("/v1/domains/a/keys", json={"keys": ["a"]})).status_code == 403
