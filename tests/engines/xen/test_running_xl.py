"""xl as a program that says things, fails and hangs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from xenia.engines.xen.xenstore import Xenstore
from xenia.engines.xen.xl import Xl, last_words
from xenia.model.errors import ErrorKind, XeniaError

Program = Callable[[str], Xl]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """An xl that is a shell script."""

    def make(script: str) -> Xl:
        path = tmp_path / "xl"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return Xl(str(path))

    return make


async def failure(xl: Xl, *words: str, seconds: float = 10) -> XeniaError:
    with pytest.raises(XeniaError) as caught:
        await xl.run(*words, seconds=seconds)
    return caught.value


async def test_what_it_prints_comes_back(program: Program) -> None:
    xl = program("""printf '%s|' "$@"; echo "libxl: warning: a word of no weight" >&2; cat; echo "$LC_ALL" """)
    assert await xl.run("list", "-l", "a b") == "list|-l|a b|C.UTF-8\n"


async def test_what_is_no_utf_8_is_shown_somehow(program: Program) -> None:
    assert await program(r"printf '\377'").run("list") == "�"


async def test_many_lines_on_both_streams_block_nobody(program: Program) -> None:
    said = await program("i=0; while [ $i -lt 5000 ]; do echo out of the way; echo err >&2; i=$((i+1)); done").run("x")
    assert len(said.splitlines()) == 5000


async def test_a_failure_is_told_in_its_own_words(program: Program) -> None:
    error = await failure(
        program(
            "cat >&2 <<'END'\n"
            "Parsing config from /run/xenia/domains/1/domain.cfg\n"
            "libxl: error: libxl_exec.c:117:libxl_report_child_exitstatus: /etc/xen/scripts/block add [1234] "
            "exited with error status 1\n"
            "libxl: error: libxl_device.c:1290:device_hotplug_child_death_cb: script: no loop device\n"
            "END\n"
            "exit 3"
        ),
        "create",
    )
    assert error.kind is ErrorKind.ENGINE_FAILED
    assert error.message == (
        "xl create failed: /etc/xen/scripts/block add [1234] exited with error status 1; script: no loop device"
    )
    assert "/var/log/xen" in (error.hint or "")


async def test_one_that_fails_in_silence_is_said_so(program: Program) -> None:
    error = await failure(program("exit 5"), "destroy", "7")
    assert error.message == "xl destroy failed: it ended with code 5 and says nothing"


async def test_one_that_is_killed_is_a_failure(program: Program) -> None:
    error = await failure(program("kill -9 $$"), "list")
    assert error.message == "xl list failed: it ended with code -9 and says nothing"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", ""),
        ("libxl: warning: libxl_dom.c:1: f: this\nParsing config from x\n\n", ""),
        ("7 is an invalid domain identifier (rc=-6)", "7 is an invalid domain identifier (rc=-6)"),
        (
            "libxl: error: libxl_create.c:1639:domcreate_launch_dm: Domain 5:unable to add disk devices",
            "unable to add disk devices",
        ),
        ("libxl: error: no place here", "no place here"),
        (
            "xc: error: panic: xg_dom_boot.c:120: xc_dom_boot_mem_init: can't allocate low memory for domain: "
            "Out of memory",
            "can't allocate low memory for domain: Out of memory",
        ),
        ("one\ntwo\none\nthree\nfour", "one; two; three"),
        ("xl: error: this\r\n", "this"),
    ],
)
def test_of_its_words_the_errors_are_left_without_places_in_its_source(said: str, words: str) -> None:
    assert last_words(said) == words


async def gone(pid: int) -> None:
    """A killed process is gone soon, or is a zombie that nobody has looked at."""
    async with asyncio.timeout(5):
        while True:
            try:
                if " Z " in Path(f"/proc/{pid}/stat").read_text():
                    return
            except (FileNotFoundError, ProcessLookupError):
                return
            await asyncio.sleep(0.01)


async def test_one_that_hangs_is_ended_with_what_it_has_started(program: Program, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    xl = program(f"sleep 600 & echo $$ $! >{pids}; wait")
    async with asyncio.TaskGroup() as tasks:
        heard = tasks.create_task(asyncio.to_thread(pids.read_text))
        error = await failure(xl, "create", seconds=1)
    assert error.kind is ErrorKind.TIMED_OUT
    assert error.message == "xl create did not end within 1 s and was ended"
    for pid in heard.result().split():
        await gone(int(pid))


async def test_one_that_nobody_waits_for_any_more_is_ended(program: Program, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    xl = program(f"sleep 600 & echo $$ $! >{pids}; wait")
    running = asyncio.get_running_loop().create_task(xl.run("create"))
    heard = await asyncio.to_thread(pids.read_text)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in heard.split():
        await gone(int(pid))


async def test_one_that_is_given_up_as_it_is_started_is_ended(program: Program, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    running = asyncio.get_running_loop().create_task(program(f"sleep 600 & echo $$ $! >{pids}; wait").run("create"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it runs by now, and nobody knows its pid yet
    running.cancel()
    heard = pids.read_text()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in heard.split():
        await gone(int(pid))


async def test_what_it_leaves_behind_with_its_output_is_ended_as_well(program: Program, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    xl = program(f"sleep 600 & echo $! >{pids}")
    async with asyncio.TaskGroup() as tasks:
        heard = tasks.create_task(asyncio.to_thread(pids.read_text))
        error = await failure(xl, "create", seconds=1)
    assert error.kind is ErrorKind.TIMED_OUT
    await gone(int(heard.result()))


async def test_without_xl_its_package_is_told(tmp_path: Path) -> None:
    error = await failure(Xl(str(tmp_path / "xl")), "list")
    assert (error.kind, error.message) == (ErrorKind.UNAVAILABLE, "xl is not installed")
    assert error.hint == "apt-get install xen-utils-common"


async def test_an_xl_that_cannot_be_run_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "xl").write_text("#!/bin/sh\n")
    error = await failure(Xl(str(tmp_path / "xl")), "list")
    assert (error.kind, error.message) == (ErrorKind.UNAVAILABLE, "xl cannot be run: Permission denied")


async def test_nothing_is_run_while_there_is_no_xenstored_to_answer_it(tmp_path: Path) -> None:
    error = await failure(Xl("/no/such/xl", Xenstore([tmp_path / "socket"]).check), "create")
    assert (error.kind, error.message) == (ErrorKind.UNAVAILABLE, "xenstored is not connected")
