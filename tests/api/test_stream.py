"""The live state as one stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from tests.api.test_events import bus_of, started
from tests.support.stream import Page, done, event, frame, row, until_told
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend
from websockets.exceptions import ConnectionClosed, InvalidStatus

from xenia.api import frame_log, stream
from xenia.api.frame_log import Frame, FrameLog
from xenia.api.live import Live
from xenia.api.stats_feed import StatsFeed
from xenia.model.errors import unavailable
from xenia.model.event import EventKind


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncIterator[Xend]:
    """A xend that reads guest files, in a folder that there is."""
    (tmp_path / "xen").mkdir()
    async with running_xend(tmp_path, World(folder=tmp_path / "xen", read=read_really)) as running:
        yield running


def opened(xend: Xend, query: str = "", **options: Any) -> Any:
    return websockets.unix_connect(str(xend.socket), f"ws://xend/v1/stream{query}", compression=None, **options)


async def test_all_that_there_is_comes_first_then_what_happens(xend: Xend) -> None:
    uuid = await xend.create("one")
    async with opened(xend) as listener:
        state = await frame(listener)
        assert list(state) == ["type", "run", "sequence", "host", "domains", "jobs", "events"]
        assert state["domains"] == (await xend.get("/domains", all="true")).json()["domains"]
        assert state["host"]["xend"]["version"] == "1.2.3"
        assert [(each["operation"], each["state"]) for each in state["jobs"]] == [("create", "done")]
        assert [(each["kind"], each["uuid"]) for each in state["events"]] == [("started", uuid)]
        await xend.post("/domains/one/pause", wait=10)
        told = await until_told(listener, row("one", "paused"))
        events = [each for each in told if each["type"] == "event"]
        assert [(each["kind"], each["uuid"]) for each in events] == [("paused", uuid)]
        assert events[0]["sequence"] == state["sequence"] + 1
        assert told[-1]["row"] == (await xend.get("/domains/one")).json()["domain"]
        await until_told(listener, done("pause"))
        await xend.post("/domains/one/destroy", {}, wait=10)
        told = await until_told(listener, row("one", None))
        assert any(event("ended", "one")(each) for each in told)


async def test_a_page_that_takes_in_all_frames_knows_what_a_request_would_tell(reading: Xend) -> None:
    page = Page()
    async with opened(reading) as listener:
        page.take(await frame(listener))
        for name in ("one", "two", "three"):
            await reading.create(f"'{name}'\nbuilder='hvm'")
        await reading.post("/domains/two/pause", wait=10)
        await reading.post("/domains/one/destroy", {}, wait=10)
        (reading.world.folder / "late.cfg").write_text("name = 'late'\nbuilder = 'hvm'\n")
        await reading.get("/domains", all="true")  # has the folder looked at
        await reading.post("/domains/two/unpause", wait=10)
        for each in await until_told(listener, done("unpause")):
            page.take(each)
    known = {each["name"]: each["state"] for each in (await reading.get("/domains", all="true")).json()["domains"]}
    assert {name: each["state"] for name, each in page.domains.items()} == known
    jobs = {each["id"]: each["state"] for each in (await reading.get("/jobs")).json()["jobs"]}
    assert {number: each["state"] for number, each in page.jobs.items()} == jobs


async def test_nothing_falls_between_the_state_and_what_follows(xend: Xend) -> None:
    """Listeners come in the midst of a flood; each sees a sequence without a gap from its state on."""
    await xend.create("one")
    bus, guest = bus_of(xend), started(xend)

    async def listen() -> None:
        page = Page()
        async with opened(xend) as listener:
            while page.sequence < 300:
                page.take(await frame(listener))
        assert page.resynced == 0

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(listen())
        while bus.sequence < 300:
            bus.publish(EventKind.PAUSED, guest)
            await asyncio.sleep(0)


async def test_who_comes_back_hears_only_what_was_missed(xend: Xend) -> None:
    page = Page()
    async with opened(xend) as listener:
        page.take(await frame(listener))
    await xend.create("one")
    async with opened(xend, page.query) as listener:
        told = await until_told(listener, row("one", "running"))
    assert told[0] == {"type": "resumed"}
    assert not any(each["type"] in ("state", "resync") for each in told)
    for each in told:
        page.take(each)
    assert page.domains["one"]["state"] == "running"


@pytest.mark.parametrize("query", ["?run=0123456789abcdef&after=0", "?after=0", "?run=RUN&after=99999"])
async def test_who_cannot_go_on_is_told_to_forget_what_was_known(xend: Xend, query: str) -> None:
    async with opened(xend) as listener:
        run = (await frame(listener))["run"]
    async with opened(xend, query.replace("RUN", run)) as listener:
        assert [(await frame(listener))["type"] for _ in range(2)] == ["resync", "state"]


async def test_who_was_away_for_too_long_begins_anew(xend: Xend) -> None:
    page = Page()
    await xend.create("one")
    async with opened(xend) as listener:
        page.take(await frame(listener))
    for _ in range(frame_log.MOST + 10):
        bus_of(xend).publish(EventKind.PAUSED, started(xend))
    async with opened(xend, page.query) as listener:
        assert [(await frame(listener))["type"] for _ in range(2)] == ["resync", "state"]


async def test_a_listener_that_falls_behind_is_told_so_and_begins_anew(xend: Xend) -> None:
    await xend.create("one")
    page = Page()
    async with opened(xend) as listener:
        page.take(await frame(listener))
        for _ in range(frame_log.MOST * 2):
            bus_of(xend).publish(EventKind.PAUSED, started(xend))
        async with asyncio.timeout(30):
            while not page.resynced or page.sequence < bus_of(xend).sequence:
                page.take(await frame(listener))
    assert page.resynced == 1


async def test_a_listener_that_takes_nothing_is_cut_off(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_SEND_TIMEOUT", 0.1)
    await xend.create("one")
    listener = await opened(xend, max_queue=1)
    await frame(listener)
    listener.transport.pause_reading()
    while listening(xend):
        bus_of(xend).publish(EventKind.PAUSED, started(xend), "x" * 5000)
        await xend.get("/host")
    listener.transport.abort()
    await listener.wait_closed()


def listening(xend: Xend) -> bool:
    return any(task.get_name() == "live state" for task in asyncio.all_tasks())


async def test_one_that_leaves_leaves_nothing_behind(xend: Xend) -> None:
    async with opened(xend) as listener:
        await frame(listener)
        assert listening(xend)
    async with asyncio.timeout(30):
        while listening(xend):
            await xend.get("/host")


async def test_what_is_sent_to_it_costs_nothing(xend: Xend) -> None:
    async with opened(xend) as listener:
        await frame(listener)
        for _ in range(500):
            await listener.send("x" * 1000)
        await xend.create("one")
        await until_told(listener, event("started", "one"))


async def test_the_end_of_xend_is_said(xend: Xend) -> None:
    async with opened(xend) as listener:
        await frame(listener)
        xend.doors.stopping.set()
        with pytest.raises(ConnectionClosed) as closed:
            await frame(listener)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


@pytest.mark.parametrize("query", ["?stats=1", "?stats=x", "?after=-1", "?after=1.5", "?run=" + "x" * 65])
async def test_what_cannot_be_asked_for_is_refused(xend: Xend, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(xend, query)
    assert refused.value.response.status_code == 422
    assert json.loads(refused.value.response.body or b"")["kind"] == "invalid"


async def test_a_stream_for_another_login_is_refused(xend: Xend) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(xend, "?login=somebody-else")
    assert refused.value.response.status_code == 409
    assert "is asked for" in json.loads(refused.value.response.body or b"")["detail"]


async def test_stats_come_with_it_for_who_asks(xend: Xend) -> None:
    await xend.create("one")
    async with opened(xend, "?stats=2") as listener, opened(xend) as other:
        assert (await frame(listener))["type"] == (await frame(other))["type"] == "state"
        told = (await until_told(listener, lambda each: each["type"] == "stats"))[-1]
        assert [each["domain"]["name"] for each in told["domains"]] == ["Domain-0", "one"]
        assert list(told["domains"][1]["stats"]) == ["vcpus", "disks", "vifs"]
        await xend.post("/domains/one/pause", wait=10)
        seen = await until_told(other, row("one", "paused"))
        assert not any(each["type"] == "stats" for each in seen)


async def test_one_look_is_not_told_twice(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes a moment before all are told has just been told."""
    monkeypatch.setattr(StatsFeed, "pause", lambda _, seconds: 0.001)
    async with opened(xend, "?stats=2") as listener:
        looks = [each["at"] for each in [await frame(listener) for _ in range(3)] if each["type"] == "stats"]
    assert len(looks) == len(set(looks)) == 2


async def test_stats_are_looked_at_once_for_all(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    now, looked, ask = 100.0, 0, xend.manager.stats.engine.stats

    async def counted(*words: Any) -> Any:
        nonlocal looked
        looked += 1
        return await ask(*words)

    monkeypatch.setattr(xend.manager.stats.engine, "stats", counted)
    feed = StatsFeed(xend.doors, lambda: now)
    assert len({id(look) for look in await asyncio.gather(*(feed.look() for _ in range(50)))}) == 1
    assert looked == 1
    assert feed.pause(3) == 2.0
    now += 2
    await feed.look()
    assert looked == 2


async def test_a_state_is_made_once_for_all_who_come(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    live, looked, ask = Live(xend.doors), 0, xend.manager.inventory.list

    async def counted(**words: Any) -> Any:
        nonlocal looked
        looked += 1
        return await ask(**words)

    monkeypatch.setattr(type(xend.manager.inventory), "list", lambda _, **words: counted(**words))
    states = await asyncio.gather(*(live.state(administrator=True) for _ in range(50)))
    assert (looked, len({id(text) for _, text in states})) == (1, 1)


async def test_what_is_not_everybodys_is_told_to_administrators_alone(reading: Xend) -> None:
    (reading.world.folder / "secret.cfg").write_text("name = 'x'\nvncpasswd = 'hunter2\n")
    live = Live(reading.doors)
    await reading.post("/domains", {"text": "name='x'\nvncpasswd = 'hunter2\n"}, wait=10)
    assert "hunter2" in (await live.state(administrator=True))[1]
    assert "hunter2" not in (await live.state(administrator=False))[1]
    await reading.post("/domains", {"text": "name='y'\nvncpasswd = 'hunter2\n"}, wait=10)
    assert live.resume(live.run, 0) is not None
    frames = [told for position in range(live.log.begin, live.log.end) if (told := live.log.at(position))]
    assert any("hunter2" in told.read_by(administrator=True) for told in frames)
    assert not any("hunter2" in told.read_by(administrator=False) for told in frames)


async def test_an_engine_that_does_not_answer_is_a_refusal(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent() -> None:
        raise unavailable("the engine does not answer")

    monkeypatch.setattr(xend.manager, "host", silent)
    with pytest.raises(InvalidStatus) as refused:
        await opened(xend)
    assert refused.value.response.status_code == 503


def test_a_log_is_bounded_and_knows_from_where_one_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_log, "MOST", 4)
    log = FrameLog(7)
    assert (log.after(7), log.after(6), log.after(8)) == (0, None, None)
    log.append(Frame(7, is_event=False, text="a row"))
    log.append(Frame(8, is_event=True, text="8"))
    log.append(Frame(8, is_event=False, text="a row of 8"))
    assert (log.after(7), log.after(8)) == (0, 2)
    log.append(Frame(9, is_event=True, text="9"))
    log.append(Frame(10, is_event=True, text="10"))
    assert (log.begin, log.end, log.at(0)) == (1, 5, None)
    assert (log.after(7), log.after(8), log.after(10)) == (None, 2, 5)
    log.append(Frame(11, is_event=True, text="11"))
    assert log.after(8) == 2
    log.append(Frame(12, is_event=True, text="12"))
    assert (log.after(8), log.after(9)) == (None, 4)


def test_a_log_is_bounded_in_letters_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_log, "MOST_LETTERS", 100)
    log = FrameLog(0)
    for number in range(1, 10):
        log.append(Frame(number, is_event=True, text="x" * 20, full="x" * 20))
    assert log.end - log.begin == 2
    log.append(Frame(10, is_event=True, text="x" * 200))
    assert (log.begin, log.end, log.after(9), log.after(10)) == (10, 10, None, 10)
