"""Saves: whole or not there, and whatever byte of one changes, it is found."""

import asyncio
import json
import os
import random
import resource
from contextlib import suppress

import pytest
from tests.contract.rigs import inspect_here

from xenia.model.domain import Definition, DomainConfig, Started
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.save import SaveInfo
from xenia.storage.save.extents import data_by_chunk, data_in
from xenia.storage.save.files import SaveFiles
from xenia.storage.save.inspect import inspect_save
from xenia.storage.save.layout import CHUNK, TRAILER_SIZE

ID = "0123456789abcdef" * 2
MEMORY = 3 * CHUNK + (1 << 20)
STATE = b"what the devices are" * 200_000
STARTED = Started("u", 7, DomainConfig("web"), Definition("/etc/xen/web.cfg"), (), "qemu", 1.0)
INFO = SaveInfo(ID, 1.0, "host", "boot", "1", STARTED, traits={"version": "7.2"})


def silent(_):
    pass


@pytest.fixture
def memory():
    """The memory of a guest: two places that it has touched, holes around them."""
    descriptor = os.memfd_create("memory")
    os.truncate(descriptor, MEMORY)
    os.pwrite(descriptor, random.Random(1).randbytes(100_000), 8192)  # noqa: S311  # the same every time
    os.pwrite(descriptor, b"last", MEMORY - 4)
    yield descriptor
    os.close(descriptor)


async def write(path, memory, state=STATE, tell=silent):
    with SaveFiles(inspect_here).create(path, ID, tell) as sink:
        reader, writer = os.pipe()
        writing = asyncio.gather(asyncio.to_thread(_write_all, writer, state))
        try:
            await sink.state(reader, memory=0 if memory is None else MEMORY)
        finally:
            os.close(reader)
            await writing
        if memory is not None:
            await sink.memory(memory)
        await sink.finish(INFO)
        assert not path.exists() or path.read_bytes()[-TRAILER_SIZE:][:8] == b"XeniaSav"
        return await sink.keep()


def _write_all(writer, content):
    """As QEMU does, which gives up where nobody reads it."""
    with suppress(BrokenPipeError):
        while content:
            content = content[os.write(writer, content) :]
    os.close(writer)


async def read(path):
    """Memory and state, as an engine gets them."""
    memory = os.memfd_create("restored")
    os.truncate(memory, MEMORY)
    reader, writer = os.pipe()
    taken = bytearray()

    def drain():
        while piece := os.read(reader, 1 << 20):
            taken.extend(piece)

    draining = asyncio.gather(asyncio.to_thread(drain))
    try:
        async with SaveFiles(inspect_here).open(path, silent) as source:
            if source.memory:
                await source.fill(memory)
            await source.feed(writer)
        os.close(writer)
        writer = -1
        await draining
        return os.pread(memory, MEMORY, 0), bytes(taken), list(data_in(memory, 0, MEMORY))
    finally:
        if writer >= 0:
            os.close(writer)
            await draining
        os.close(reader)
        os.close(memory)


async def test_what_is_saved_is_what_is_restored_and_holes_stay_holes(tmp_path, memory):
    path, progress = tmp_path / "web.save", []
    await write(path, memory, tell=progress.append)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    content, state, data = await read(path)
    assert content == os.pread(memory, MEMORY, 0)
    assert state == STATE
    assert data == [(8192, 102400), (MEMORY - 4096, 4096)]
    assert progress == sorted(progress)
    with open(path, "rb") as file:
        assert file.read(MEMORY) == content, "it can be mapped as it is"
        assert [length for _, length in data_in(file.fileno(), 0, MEMORY)] == [102400, 4096]
    async with SaveFiles(inspect_here).open(path, silent) as source:
        assert source.info == INFO
        assert source.trusted
        await source.check()


def test_data_is_told_by_chunk(memory):
    os.pwrite(memory, bytes(3 * CHUNK), CHUNK - 4096)
    assert data_by_chunk(memory, MEMORY, CHUNK) == {
        0: [(8192, 102400), (CHUNK - 4096, 4096)],
        CHUNK: [(CHUNK, CHUNK)],
        2 * CHUNK: [(2 * CHUNK, CHUNK)],
        3 * CHUNK: [(3 * CHUNK, 1 << 20)],
    }


async def test_a_state_that_has_the_memory_in_it(tmp_path):
    await write(tmp_path / "web.save", None)
    assert (await read(tmp_path / "web.save"))[1] == STATE


async def test_a_flipped_byte_is_found_wherever_it_is(tmp_path, memory):
    path = tmp_path / "web.save"
    await write(path, memory)
    content, size = path.read_bytes(), path.stat().st_size
    dice = random.Random(2)  # noqa: S311  # the same every time
    ends = [*range(size - TRAILER_SIZE, size), 0, 8192, MEMORY - 1, MEMORY, MEMORY + len(STATE) - 1]
    for at in [
        *ends,
        *(dice.randrange(size) for _ in range(20)),
        *(dice.randrange(size - 500, size) for _ in range(50)),
    ]:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes([content[at] ^ 1 << dice.randrange(8)]))
        with pytest.raises(XeniaError) as raised:
            async with SaveFiles(inspect_here).open(path, silent) as source:
                await source.check()
        assert raised.value.kind is ErrorKind.INVALID, at
        with path.open("r+b") as file:
            file.seek(at)
            file.write(content[at : at + 1])
    with path.open("r+b") as file:
        file.seek(2 * CHUNK + 5)
        file.write(b"x")
    with pytest.raises(XeniaError, match="the memory between 4 and 6 MiB has changed"):
        await read(path)


@pytest.mark.parametrize("left", [0, 1, TRAILER_SIZE, MEMORY, MEMORY + 100, -1])
async def test_a_file_that_was_cut_short_or_is_another_is_none(tmp_path, memory, left):
    path = tmp_path / "web.save"
    await write(path, memory)
    os.truncate(path, left if left >= 0 else path.stat().st_size - 1)
    with pytest.raises(XeniaError, match="it is none, or its end is missing"):
        async with SaveFiles(inspect_here).open(path, silent):
            pass


async def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path, kind in ((tmp_path / "fifo", ErrorKind.INVALID), (tmp_path, ErrorKind.INVALID)):
        with pytest.raises(XeniaError) as raised:
            async with SaveFiles(inspect_here).open(path, silent):
                pass
        assert raised.value.kind is kind
    with pytest.raises(XeniaError, match="there is no file"):
        async with SaveFiles(inspect_here).open(tmp_path / "none", silent):
            pass


async def test_a_save_takes_the_place_of_a_save_and_of_nothing_else(tmp_path, memory):
    path = tmp_path / "web.save"
    await write(path, memory, b"first")
    await write(path, memory, b"second")
    assert (await read(path))[1] == b"second"
    assert list(tmp_path.iterdir()) == [path]
    mine = tmp_path / "mine"
    mine.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(path)
    for other in (mine, link, tmp_path):
        with pytest.raises(XeniaError) as raised:
            await write(other, memory)
        assert raised.value.kind is ErrorKind.CONFLICT
    assert mine.read_text() == "mine"
    with pytest.raises(XeniaError, match="no save can be written to the folder"):
        await write(tmp_path / "no/folder", memory)


async def test_a_disk_that_is_full_leaves_nothing(tmp_path, memory):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (MEMORY // 2, MEMORY + 1000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(OSError, match=r"web\.save"):
                await write(tmp_path / "web.save", memory)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(tmp_path.iterdir()) == []


async def test_whether_a_save_is_the_one_that_was_begun(tmp_path, memory):
    path, files = tmp_path / "web.save", SaveFiles(inspect_here)
    assert not files.holds(path, ID)
    await write(path, memory)
    assert files.holds(path, ID)
    (tmp_path / f".web.save.{'f' * 32}").write_text("left over")
    assert not files.holds(path, "f" * 32)
    assert list(tmp_path.iterdir()) == [path]


async def test_one_that_is_kept_is_known_again(tmp_path, memory):
    path, files = tmp_path / "web.save", SaveFiles(inspect_here)
    seal = await write(path, memory)
    for _ in range(2):
        async with files.open(path, silent, seal) as source:
            assert (source.trusted, source.untouched) == (True, True)
            assert source.lent() is source, "so little is not worth it"
    path.chmod(0o666)
    async with files.open(path, silent, seal) as source:
        assert (source.trusted, source.untouched) == (True, False)
    os.utime(path)
    async with files.open(path, silent, seal) as source:
        assert (source.trusted, source.untouched) == (True, False)
    async with files.open(path, silent) as source:
        assert not source.untouched


async def test_one_that_is_kept_is_lent_to_who_maps_it(tmp_path, memory, monkeypatch):
    monkeypatch.setattr("xenia.storage.save.reader._WORTH_LENDING", 4096)
    path, files = tmp_path / "web.save", SaveFiles(inspect_here)
    seal = await write(path, memory)
    async with files.open(path, silent, seal) as source:
        lent = source.lent()
        assert path.stat().st_mode & 0o777 == 0o666
        assert os.pread(lent.template, MEMORY, 0) == os.pread(memory, MEMORY, 0)
        lent.read_ahead()
    assert path.stat().st_mode & 0o777 == 0o600
    async with files.open(path, silent, seal) as source:
        assert (source.trusted, source.untouched) == (True, False), "it was in the hands of somebody"
    other = await write(path, memory, b"other devices")
    with pytest.raises(XeniaError, match="is not the save that was written there"):
        async with files.open(path, silent, seal):
            pass
    async with files.open(path, silent, other) as source:
        assert source.untouched


async def test_a_memory_that_is_mapped_stays_while_it_is_wanted(tmp_path, memory, monkeypatch):
    monkeypatch.setattr("xenia.storage.save.templates.SECONDS", 0.0)
    path, files = tmp_path / "web.save", SaveFiles(inspect_here)
    await write(path, memory)

    async def mapped():
        async with files.open(path, silent) as source:
            source = await source.mapped()
            assert os.pread(source.template, 4, MEMORY - 4) == b"last"

    await mapped()
    assert files.mapped_size(ID)
    async with asyncio.timeout(10):
        while files.mapped_size(ID):  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
    files.keep_mapped({ID})
    await mapped()
    await asyncio.sleep(0)
    assert files.mapped_size(ID) >= 100_000
    files.keep_mapped(())
    assert not files.mapped_size(ID)
    files.keep_mapped({ID})
    async with files.open(path, silent) as source:
        source = await source.mapped()
        files.close()
        assert not files.mapped_size(ID)
        assert os.pread(source.template, 4, MEMORY - 4) == b"last", "who is using it has it still"


async def test_a_file_of_somebody_else_is_not_trusted(tmp_path, memory):
    path = tmp_path / "web.save"
    await write(path, memory)
    path.chmod(0o666)
    async with SaveFiles(inspect_here).open(path, silent) as source:
        assert not source.trusted


def test_metadata_of_a_stranger(tmp_path, memory):
    """Right by its checksums, and still nonsense."""
    path = tmp_path / "web.save"
    asyncio.run(write(path, memory))
    descriptor = os.open(path, os.O_RDONLY)
    found = inspect_save({}, [descriptor])
    os.close(descriptor)
    assert json.dumps(found)

    async def nonsense(name, arguments, descriptors):
        return {**found, "info": {"id": 5}}

    async def opened():
        async with SaveFiles(nonsense).open(path, silent):
            pass

    with pytest.raises(XeniaError, match="its metadata are not those of a save"):
        asyncio.run(opened())


async def test_of_a_large_state_it_is_told_how_far_it_is(tmp_path, memory):
    async def take(expected):
        told = []
        with SaveFiles(inspect_here).create(tmp_path / "save", ID, told.append) as sink:
            reader, writer = os.pipe()
            writing = asyncio.gather(asyncio.to_thread(_write_all, writer, STATE))
            try:
                await sink.state(reader, memory=0, expected=expected)
            finally:
                os.close(reader)
                await writing
            await sink.finish(INFO)
            await sink.keep()
        return told

    told = await take(len(STATE) // 2)
    assert (told == sorted(told), told[-1], len(told) > 2) == (True, 1.0, True)
    with pytest.raises(OSError, match="No space left"):
        await take(1 << 60)
    told.clear()
    async with SaveFiles(inspect_here).open(tmp_path / "save", told.append) as save:
        reader, writer = os.pipe()
        with open(reader, "rb") as source, open(writer, "wb"):
            reading = asyncio.gather(asyncio.to_thread(source.read, len(STATE)))
            await save.feed(writer)
            assert await reading == [STATE]
    await asyncio.sleep(0)  # what a thread has told comes in the next round
    assert (told == sorted(told), told[-1]) == (True, 1.0)
