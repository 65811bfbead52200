"""Programs that are run: what becomes of them when nobody waits any more."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest

from xenia.lib.aio import Tasks
from xenia.lib.program import run


def script(file: Path) -> tuple[str, ...]:
    """Tells its process id in `file`, and stays."""
    return ("sh", "-c", f"echo $$ >{file}.new; mv {file}.new {file}; exec sleep 60")


async def pid_in(file: Path) -> int:
    async with asyncio.timeout(10):
        while not file.exists():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.005)
    return int(file.read_text())


async def test_it_is_over_when_its_call_is_cancelled(tmp_path: Path) -> None:
    tasks = Tasks()
    task = tasks.start(run(script(tmp_path / "pid"), seconds=60), name="sleep")
    pid = await pid_in(tmp_path / "pid")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    del task
    gc.collect()  # what is not closed complains here


async def test_it_is_over_when_its_time_is() -> None:
    with pytest.raises(TimeoutError):
        await run(("sleep", "60"), seconds=0.05)
    gc.collect()


async def test_what_is_too_much_is_read_and_not_kept() -> None:
    heard: list[bytes] = []
    ended = await run(("sh", "-c", "seq 100000; echo late >&2"), seconds=10, most=8, hear=heard.append)
    assert (ended.code, ended.out, ended.err) == (0, "1\n2\n3\n4\n", "late\n")
    assert b"".join(heard).endswith(b"100000\n")


async def test_who_does_not_listen_is_told_no_more() -> None:
    assert (await run(("true",), "x" * (1 << 20), seconds=10)).code == 0
    assert (await run(("cat",), "x" * (1 << 20), seconds=10)).out == "x" * (1 << 20)
