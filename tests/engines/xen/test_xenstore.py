"""The client of xenstore, against the real daemon; and against ones that misbehave."""

from __future__ import annotations

import asyncio
import os
import struct
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.support.xenstored import Xenstored

from xenia.engines.xen import xenstore
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.errors import ErrorKind, XeniaError

ODD = "".join(chr(number) for number in range(1, 128)) + "é€" + b"\x80\xff\xfe".decode("utf-8", "surrogateescape")


class Heard:
    """What a watch has told."""

    def __init__(self) -> None:
        self._paths: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, path: str) -> None:
        self._paths.put_nowait(path)

    async def next(self) -> str:
        async with asyncio.timeout(5):
            return await self._paths.get()

    @property
    def silent(self) -> bool:
        return self._paths.empty()


async def test_what_is_written_is_read_until_it_is_removed(store: Xenstore) -> None:
    await store.write("/tool/a", "one")
    await store.write("/tool/a/b", "")
    assert (await store.read("/tool/a"), await store.read("/tool/a/b")) == ("one", "")
    assert sorted(await store.directory("/tool")) == ["a", "xenstored"]
    await store.remove("/tool/a")
    assert (await store.read("/tool/a"), await store.read("/tool/a/b")) == (None, None)


async def test_xens_own_tools_see_the_same(store: Xenstore, xenstored: Xenstored) -> None:
    await store.write("/tool/a", "one")
    assert xenstored.tool("xenstore-read", "/tool/a") == "one\n"
    xenstored.tool("xenstore-write", "/tool/b", "two")
    assert await store.read("/tool/b") == "two"


async def test_what_is_not_there_is_no_error(store: Xenstore) -> None:
    assert await store.read("/not/there") is None
    assert await store.directory("/not/there") == []
    await store.remove("/tool/not")
    await store.write("/tool/leaf", "")
    assert await store.directory("/tool/leaf") == []


async def test_a_value_of_any_bytes_comes_back(store: Xenstore) -> None:
    await store.write("/tool/odd", ODD)
    assert await store.read("/tool/odd") == ODD


async def test_a_value_has_a_limit_and_one_above_it_is_refused_with_words(store: Xenstore) -> None:
    longest = "x" * 2000
    await store.write("/tool/a", longest)
    assert await store.read("/tool/a") == longest
    with pytest.raises(XeniaError, match="refuses write of /tool/a: ") as caught:
        await store.write("/tool/a", "x" * 4096)
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    with pytest.raises(XeniaError, match="refuses read of /"):
        await store.read("/" + "x" * 5000)
    assert await store.read("/tool/a") == longest


async def test_an_impossible_path_is_refused_with_words(store: Xenstore) -> None:
    with pytest.raises(XeniaError, match="refuses write of /tool//a: Invalid argument"):
        await store.write("/tool//a", "x")


async def test_a_folder_too_large_for_one_answer_is_listed_whole(store: Xenstore) -> None:
    names = [f"a-name-that-is-quite-long-{number:04}" for number in range(400)]
    await asyncio.gather(*(store.write(f"/tool/many/{name}", "") for name in names))
    assert sorted(await store.directory("/tool/many")) == names


async def test_a_large_folder_that_goes_away_while_it_is_listed_is_empty(
    store: Xenstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.gather(*(store.write(f"/tool/many/{'x' * 60}{number}", "") for number in range(100)))
    listed = store._large_directory

    async def removed_first(path: str) -> list[str]:
        await store.remove(path)
        return await listed(path)

    monkeypatch.setattr(store, "_large_directory", removed_first)
    assert await store.directory("/tool/many") == []


async def test_a_watch_fires_at_once_and_for_what_changes_at_and_below_its_path(store: Xenstore) -> None:
    heard = Heard()
    await store.watch("/tool/a", heard)
    assert await heard.next() == "/tool/a"
    await store.write("/tool/b", "")
    await store.write("/tool/a", "1")
    assert await heard.next() == "/tool/a"
    await store.write("/tool/a/b", "1")
    assert await heard.next() == "/tool/a/b"
    await store.remove("/tool/a")
    assert await heard.next() == "/tool/a"
    assert heard.silent


async def test_a_watch_that_has_ended_is_silent(store: Xenstore) -> None:
    heard, other = Heard(), Heard()
    token = await store.watch("/tool/a", heard)
    await store.watch("/tool/a", other)
    await heard.next()
    await other.next()
    await store.unwatch(token)
    await store.unwatch(token)
    await store.write("/tool/a", "1")
    assert await other.next() == "/tool/a"
    assert heard.silent


async def test_the_special_watches_can_be_had(store: Xenstore) -> None:
    heard = Heard()
    await store.watch("@introduceDomain", heard)
    await store.watch("@releaseDomain", heard)
    assert {await heard.next(), await heard.next()} == {"@introduceDomain", "@releaseDomain"}


async def test_a_watch_that_is_refused_leaves_nothing(store: Xenstore) -> None:
    with pytest.raises(XeniaError, match="refuses watch"):
        await store.watch("/tool//a", Heard())
    assert store._watches == {}


async def test_a_value_is_waited_for(store: Xenstore) -> None:
    await store.write("/tool/there", "1")
    assert await store.wait_for("/tool/there", 5) == "1"
    async with asyncio.TaskGroup() as tasks:
        coming = tasks.create_task(store.wait_for("/tool/coming", 5))
        await store.write("/tool/coming", "")
        await store.write("/tool/coming", "2")
    assert coming.result() == "2"
    assert await store.wait_for("/tool/never", 0.01) is None
    assert store._watches == {}


async def test_many_may_ask_at_once(store: Xenstore) -> None:
    await asyncio.gather(*(store.write(f"/tool/{number}", str(number)) for number in range(300)))
    values = await asyncio.gather(*(store.read(f"/tool/{number}") for number in range(300)))
    assert values == [str(number) for number in range(300)]


async def test_watches_come_back_with_xenstored(store: Xenstore, xenstored: Xenstored) -> None:
    heard, ended = Heard(), Heard()
    await store.watch("/tool/a", heard)
    token = await store.watch("/tool/b", ended)
    assert (await heard.next(), await ended.next()) == ("/tool/a", "/tool/b")
    await store.unwatch(token)
    xenstored.kill()
    xenstored.start()
    assert await heard.next() == "/tool/a"
    await store.write("/tool/b", "1")
    await store.write("/tool/a", "1")
    assert await heard.next() == "/tool/a"
    assert heard.silent
    assert ended.silent


async def test_while_xenstored_is_gone_requests_are_refused_with_words(store: Xenstore, xenstored: Xenstored) -> None:
    waiting = asyncio.gather(*(store.read(f"/tool/{number}") for number in range(3)), return_exceptions=True)
    await asyncio.sleep(0)
    xenstored.kill()
    for error in await waiting:
        assert error is None or (isinstance(error, XeniaError) and error.kind is ErrorKind.UNAVAILABLE)
    with pytest.raises(XeniaError, match="xenstored") as caught:
        await store.read("/tool/a")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_without_xenstored_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(XeniaError, match="cannot be reached: No such file") as caught:
        await Xenstore([tmp_path / "none", tmp_path / "neither"]).connect()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "systemctl status xen" in (caught.value.hint or "")


async def test_the_next_place_is_tried(xenstored: Xenstored, tmp_path: Path) -> None:
    store = Xenstore([tmp_path / "none", xenstored.socket])
    await store.connect()
    assert await store.read("/tool/xenstored") == ""
    await store.close()


async def test_it_is_spoken_to_through_a_device_as_well(xenstored: Xenstored) -> None:
    """As through /dev/xen/xenbus; here a terminal with xenstored behind it."""
    master, device = os.openpty()
    tty.setraw(device)
    os.set_blocking(master, False)
    reader, writer = await asyncio.open_unix_connection(xenstored.socket)
    loop = asyncio.get_running_loop()
    loop.add_reader(master, lambda: writer.write(os.read(master, 65536)))

    async def answers() -> None:
        while data := await reader.read(1000):
            os.write(master, data)

    store, heard = Xenstore([Path(os.ttyname(device))]), Heard()
    async with asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(answers())
        await store.connect()
        await store.watch("/tool/a", heard)
        assert await heard.next() == "/tool/a"
        await store.write("/tool/a", ODD)
        assert await store.read("/tool/a") == ODD
        assert await heard.next() == "/tool/a"
        await store.close()
        answering.cancel()
    loop.remove_reader(master)
    writer.close()
    await writer.wait_closed()
    os.close(master)
    os.close(device)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def connected(folder: Path, *turns: Serve) -> AsyncIterator[Xenstore]:
    """A client of a server that serves its connections by `turns`, the last of them over and over."""
    rest = list(turns)
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(asyncio.IncompleteReadError):
            await (rest.pop(0) if len(rest) > 1 else rest[0])(reader, writer)

    server = await asyncio.start_unix_server(serve, folder / "socket")
    store = Xenstore([folder / "socket"])
    await store.connect()
    try:
        yield store
    finally:
        await store.close()
        server.close()
        for writer in writers:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def request(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """Type, number and payload."""
    kind, number, _, length = struct.unpack("=IIII", await reader.readexactly(16))
    return kind, number, await reader.readexactly(length)


async def rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def yes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        kind, number, _ = await request(reader)
        writer.write(struct.pack("=IIII", kind, number, 0, 3) + b"OK\0")


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.close()


async def test_rubbish_ends_the_connection_and_another_is_made(tmp_path: Path) -> None:
    async with connected(tmp_path, rubbish, yes) as store:
        with pytest.raises(XeniaError, match="closed the connection") as caught:
            await store.read("/tool")
        assert caught.value.kind is ErrorKind.UNAVAILABLE
        await until_connected(store)
        assert await store.read("/tool") == "OK\0"


async def test_a_connection_lost_again_while_it_is_made_is_made_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xenstore, "_AGAIN_SECONDS", (0.0,))
    ask_and_watch = asyncio.Event()

    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, number, _ = await request(reader)
        writer.write(struct.pack("=IIII", kind, number, 0, 3) + b"OK\0")
        await ask_and_watch.wait()
        writer.close()

    asked: asyncio.Queue[bytes] = asyncio.Queue()

    async def last(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, number, payload = await request(reader)
            asked.put_nowait(payload)
            writer.write(struct.pack("=IIII", kind, number, 0, 3) + b"OK\0")

    async with connected(tmp_path, first, hang_up, hang_up, last) as store:
        await store.watch("/tool", Heard())
        ask_and_watch.set()
        async with asyncio.timeout(5):
            assert (await asked.get()).startswith(b"/tool\0xenia-")
        await until_connected(store)
        assert await store.read("/tool") == "OK\0"
        assert asked.qsize() == 1  # one connection, not one for each that was lost


async def until_connected(store: Xenstore) -> None:
    async with asyncio.timeout(5):
        while store._link is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xenstore, "_ANSWER_SECONDS", 0.02)
    async with connected(tmp_path, silence) as store:
        with pytest.raises(XeniaError, match=r"does not answer within 0\.02 s") as caught:
            await store.read("/tool")
        assert caught.value.kind is ErrorKind.UNAVAILABLE
        assert await asyncio.gather(store.wait_for("/tool", 1), return_exceptions=True) != [None]
        assert store._waiting == {}


async def test_requests_that_wait_end_with_the_client(tmp_path: Path) -> None:
    async with connected(tmp_path, silence) as store:
        waiting = asyncio.gather(*(store.read("/tool") for _ in range(3)), return_exceptions=True)
        await asyncio.sleep(0)
        await store.close()
        errors = await waiting
        assert [type(error) for error in errors] == [XeniaError] * 3
        with pytest.raises(XeniaError, match="xenstored"):
            await store.read("/tool")
