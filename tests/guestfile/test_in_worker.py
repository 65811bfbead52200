"""Reading guest files in the worker, as xend does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from xenia.guestfile.read import read
from xenia.lib.codec import from_plain
from xenia.lib.worker import Worker, WorkerTimedOut
from xenia.model.reading import Reading

TEXT = (
    "import os\nname = 'häuser'[:1] + '%02d' % 7\nkernel = '/k'\nmemory = 64\ndisk = ['phy:a,xvda,w']\nvif = [ '' ]\n"
)


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    calls = {"read_guest_file": "xenia.guestfile.in_worker:read_guest_file"}
    worker = Worker(calls, seconds=2, memory_mib=256, uid=65534)
    yield worker
    await worker.close()


async def call(worker: Worker, text: str, **more: Any) -> Reading:
    return from_plain(Reading, await worker.call("read_guest_file", {"text": text, "file": "x.cfg", **more}))


async def test_the_reading_is_the_same_as_here(worker: Worker) -> None:
    assert await call(worker, TEXT, overrides=["vcpus=2"]) == read(TEXT, file="x.cfg", overrides=["vcpus=2"])


async def test_what_only_time_can_end_is_ended_by_it(worker: Worker) -> None:
    with pytest.raises(WorkerTimedOut):
        await call(worker, "import re\nx = re.search('(a+)+$', 'a' * 60 + 'b')\n")
    assert (await call(worker, TEXT)).config is not None


@pytest.mark.parametrize(
    "text", ["a = 1\n" * 170_000, "x" * (1 << 21), "[" * 900_000, "# \udc80\n", "x = " + "(" * 100_000]
)
async def test_a_huge_or_odd_text_gets_an_answer(worker: Worker, text: str) -> None:
    try:
        await call(worker, text)
    except WorkerTimedOut:
        pytest.fail("it should have been refused or read in time")
