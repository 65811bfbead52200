from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xenia.lib.worker import Worker, WorkerDied, WorkerRefused, WorkerTimedOut
from xenia.lib.worker_main import MOST_DESCRIPTORS

NOBODY = 65534
FUNCTIONS = (
    "echo",
    "read_descriptors",
    "loop",
    "signal_and_loop",
    "regex_bomb",
    "memory_bomb",
    "crash",
    "leave",
    "refuse",
    "no_json",
    "rights",
)
CALLS = {name: f"tests.lib.worker_functions:{name}" for name in FUNCTIONS}


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker(CALLS, seconds=10, memory_mib=256, uid=NOBODY)
    yield worker
    await worker.close()


@pytest.fixture
async def hasty() -> AsyncIterator[Worker]:
    worker = Worker(CALLS, seconds=0.5, memory_mib=256, uid=NOBODY)
    await worker.start()
    yield worker
    await worker.close()


async def test_a_call_gives_what_the_function_gives(worker: Worker) -> None:
    result = await worker.call("echo", {"text": "häuser\udc80", "numbers": [1, 2.5, None]})
    assert result["arguments"] == {"text": "häuser\udc80", "numbers": [1, 2.5, None]}


async def test_one_process_serves_all_calls(worker: Worker) -> None:
    await worker.start()
    pids = {(await worker.call("echo", {}))["pid"] for _ in range(5)}
    assert len(pids) == 1
    assert os.getpid() not in pids


async def test_concurrent_calls_each_get_their_own_result(worker: Worker) -> None:
    results = await asyncio.gather(*(worker.call("echo", {"number": number}) for number in range(20)))
    assert [result["arguments"]["number"] for result in results] == list(range(20))


async def test_descriptors_are_handed_over_and_closed_after_the_call(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("from outside")
    (tmp_path / "file").chmod(0o600)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        for _ in range(100):
            result = await worker.call("read_descriptors", {}, [descriptor, descriptor])
            os.lseek(descriptor, 0, os.SEEK_SET)
    finally:
        os.close(descriptor)
    assert result["content"] == ["from outside", ""]


async def test_a_large_request_and_result_pass(worker: Worker) -> None:
    text = "x" * (3 << 20)
    assert (await worker.call("echo", {"text": text}))["arguments"]["text"] == text


async def test_a_call_that_is_too_large_is_refused(worker: Worker) -> None:
    with pytest.raises(WorkerRefused, match="too large"):
        await worker.call("echo", {"text": "x" * (17 << 20)})
    with pytest.raises(WorkerRefused, match="too large"):
        await worker.call("echo", {}, [0] * (MOST_DESCRIPTORS + 1))


@pytest.mark.parametrize("name", ["loop", "regex_bomb"])
async def test_a_call_without_end_is_killed_and_the_next_one_works(hasty: Worker, name: str) -> None:
    before = (await hasty.call("echo", {}))["pid"]
    with pytest.raises(WorkerTimedOut, match=r"0\.5 s"):
        await hasty.call(name, {})
    assert (await hasty.call("echo", {}))["pid"] != before


async def test_a_memory_bomb_is_refused_and_the_next_call_works(worker: Worker) -> None:
    with pytest.raises(WorkerRefused, match="memory"):
        await worker.call("memory_bomb", {})
    assert (await worker.call("echo", {"still": "here"}))["arguments"] == {"still": "here"}


@pytest.mark.parametrize(("name", "said"), [("crash", "SIGSEGV"), ("leave", "status 3")])
async def test_a_crash_is_told_and_the_next_call_works(worker: Worker, name: str, said: str) -> None:
    with pytest.raises(WorkerDied, match=said):
        await worker.call(name, {})
    assert (await worker.call("echo", {"still": "here"}))["arguments"] == {"still": "here"}


async def test_a_process_that_died_between_calls_is_replaced_unnoticed(worker: Worker) -> None:
    pid = (await worker.call("echo", {}))["pid"]
    os.kill(pid, 9)
    await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert (await worker.call("echo", {}))["pid"] != pid


async def test_a_function_that_raises_is_a_refusal(worker: Worker) -> None:
    with pytest.raises(WorkerRefused, match="ValueError: not like this"):
        await worker.call("refuse", {})
    with pytest.raises(WorkerRefused, match="cannot be sent"):
        await worker.call("no_json", {})
    with pytest.raises(WorkerRefused, match="offers no"):
        await worker.call("unknown", {})


async def test_a_cancelled_call_leaves_no_answer_for_the_next_one(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    source, sink = os.pipe()
    task = loop.create_task(worker.call("signal_and_loop", {}, [sink]))
    assert await loop.run_in_executor(None, os.read, source, 1) == b"!"
    os.close(source)
    os.close(sink)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await worker.call("echo", {"mine": 1}))["arguments"] == {"mine": 1}


async def test_a_function_that_is_not_there_is_told_at_the_start() -> None:
    worker = Worker({"gone": "tests.lib.worker_functions:gone"}, seconds=5, memory_mib=256, uid=NOBODY)
    with pytest.raises(WorkerDied, match="has no attribute 'gone'"):
        await worker.start()
    await worker.close()


async def test_a_closed_worker_takes_no_calls(worker: Worker) -> None:
    await worker.close()
    with pytest.raises(WorkerDied, match="closed"):
        await worker.call("echo", {})


async def test_the_process_has_no_rights_left(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        rights = await worker.call("rights", {"port": server.getsockname()[1]})
    assert rights["fork"]
    assert rights["make"]
    assert rights["run"]
    assert rights["no_new_privileges"] == 1
    assert rights["dumpable"] == 0
    assert rights["core"] == 0
    assert len(rights["descriptors"]) == 4
    assert set(rights["environment"]) <= {"LC_ALL", "LC_CTYPE"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_as_root_it_becomes_nobody_and_sees_neither_files_nor_network(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        rights = await worker.call("rights", {"port": server.getsockname()[1]})
    assert rights["uid"] == [NOBODY] * 3
    assert rights["gid"] == [NOBODY] * 3
    assert rights["groups"] == []
    assert rights["open"]
    assert rights["network"]


async def test_it_ends_when_its_parent_is_gone(worker: Worker) -> None:
    """The parent here is a process of its own that is killed, as xend may be."""
    script = (
        "import asyncio, sys\n"
        "from xenia.lib.worker import Worker\n"
        f"worker = Worker({{'echo': {CALLS['echo']!r}}}, seconds=5, memory_mib=256, uid={NOBODY})\n"
        "print(asyncio.run(worker.call('echo', {}))['pid'], flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = await asyncio.create_subprocess_exec(
        "python3", "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=_environment()
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    gone = os.pidfd_open(pid)
    process.kill()
    await process.wait()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(gone, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), 10)
    finally:
        loop.remove_reader(gone)
        os.close(gone)


def _environment() -> dict[str, str]:
    here = Path(__file__).parents[2]
    return {"PYTHONPATH": f"{here}:{here / 'src'}", "PATH": os.environ["PATH"]}
