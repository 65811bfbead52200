"""The helper that asks the hypervisor, with a module in the place of Xen's; and what its figures mean."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from xenia.engines.xen.hypervisor import DomainInfo, Hypervisor, module_folders
from xenia.model.domain import EndReason, State
from xenia.model.errors import ErrorKind, XeniaError

MODULE = """
import os, time

COUNT, UUID = 3, list(range(16))


class Error(Exception):
    pass


class xc:
    def domain_getinfo(self, first_dom=0, max_doms=1024):
        return [
            {"domid": domid, "ssidref": 0, "handle": UUID, "dying": 0, "crashed": 0, "shutdown": 0,
             "shutdown_reason": 255, "paused": 0, "blocked": 1, "running": 0, "hvm": 0, "mem_kb": 1024 * domid,
             "maxmem_kb": 2048, "cpu_time": domid, "online_vcpus": 1,
             "max_vcpu_id": 3}
            for domid in range(first_dom, min(COUNT, first_dom + max_doms))
        ]

    def vcpu_getinfo(self, domid, vcpu=0):
        if domid >= 2:
            raise Error(3, "No such process")
        return {"online": int(vcpu != 3), "blocked": int(vcpu == 2), "running": int(vcpu == 0), "cpu": 0,
                "cpu_time": 1500000000}

    def physinfo(self):
        return {"total_memory": 4096, "free_memory": 1024}

    def xeninfo(self):
        return {"xen_major": 4, "xen_minor": 17, "pid": os.getpid()}

    def domain_pause(self, domid):
        if domid == 97:
            raise Error(1, "Operation not permitted")
        if domid >= 98:
            time.sleep({98: 0.3, 99: 600}[domid])
            return
        if domid >= COUNT:
            raise Error(3, "No such process")

    def domain_unpause(self, domid):
        os._exit(4)

    def domain_sethandle(self, domid, handle):
        UUID[:] = handle

    def domain_resume(self, domid, fast):
        if (domid, fast) != (1, 1):
            raise Error(3, "No such process")

    def hvm_get_param(self, domid, param):
        return 100 * domid + param
"""

Make = Callable[..., Hypervisor]


@pytest.fixture
async def hypervisor_of(tmp_path: Path) -> AsyncIterator[Make]:
    """A helper that loads a module of this text."""
    folder = tmp_path / "xen/lowlevel"
    folder.mkdir(parents=True)
    for package in (folder.parent, folder):
        (package / "__init__.py").touch()
    async with AsyncExitStack() as made:

        def make(module: str = MODULE) -> Hypervisor:
            (folder / "xc.py").write_text(module)
            hypervisor = Hypervisor(sys.executable, [str(tmp_path)])
            made.push_async_callback(hypervisor.close)
            return hypervisor

        yield make


async def pid_of(hypervisor: Hypervisor) -> int:
    pid: int = (await hypervisor.host())["pid"]
    return pid


async def test_domains_come_by_id_with_their_figures(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    await hypervisor.start()
    domains = await hypervisor.domains()
    assert [info.domid for info in domains] == [0, 1, 2]
    assert domains[2].uuid == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert (domains[2].mem_kb, domains[2].maxmem_kb, domains[2].cpu_time) == (2048, 2048, 2)


@pytest.mark.parametrize("count", [1023, 1024, 1025, 2500])
async def test_domains_of_more_than_one_batch_come_once_each(hypervisor_of: Make, count: int) -> None:
    domains = await hypervisor_of(MODULE.replace("COUNT, UUID = 3", f"COUNT, UUID = {count}")).domains()
    assert [info.domid for info in domains] == list(range(count))


async def test_what_machine_and_hypervisor_tell_comes_as_one(hypervisor_of: Make) -> None:
    told = await hypervisor_of().host()
    assert (told["total_memory"], told["xen_minor"]) == (4096, 17)


async def test_many_may_ask_at_once(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    assert len(set(await asyncio.gather(*(pid_of(hypervisor) for _ in range(50))))) == 1


async def test_a_domain_gets_another_uuid(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    await hypervisor.set_handle(1, bytes(range(1, 17)))
    assert (await hypervisor.domains())[1].uuid == "01020304-0506-0708-090a-0b0c0d0e0f10"


async def test_a_domain_that_is_suspended_goes_on(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    await hypervisor.resume(1)
    with pytest.raises(XeniaError, match="there is no such domain any more"):
        await hypervisor.resume(2)
    assert await hypervisor.hvm_param(2, 13) == 213


async def test_what_the_hypervisor_refuses_is_told_in_words(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    await hypervisor.pause(1)
    for domid, words in ((7, "there is no such domain any more"), (97, "Xen refuses: Operation not permitted")):
        with pytest.raises(XeniaError) as caught:
            await hypervisor.pause(domid)
        assert (caught.value.kind, caught.value.message) == (ErrorKind.ENGINE_FAILED, words)


async def test_without_xens_module_its_package_is_told() -> None:
    hypervisor = Hypervisor(sys.executable)
    with pytest.raises(XeniaError, match="cannot be asked: ModuleNotFoundError: No module named 'xen'") as caught:
        await hypervisor.start()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert "xen.lowlevel.xc" in (caught.value.hint or "")
    await hypervisor.close()


async def test_without_the_systems_python_it_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(XeniaError, match="python3 cannot be run: No such file") as caught:
        await Hypervisor(str(tmp_path / "python3")).start()
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_a_hypervisor_that_cannot_be_reached_is_said_so(hypervisor_of: Make) -> None:
    broken = MODULE.replace(
        "class xc:", "class xc:\n    def __init__(self):\n        raise Error(13, 'Permission denied')"
    )
    with pytest.raises(XeniaError, match="Permission denied") as caught:
        await hypervisor_of(broken).start()
    assert caught.value.kind is ErrorKind.UNAVAILABLE


async def test_a_helper_that_is_killed_is_started_anew(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    first = await pid_of(hypervisor)
    waiting = asyncio.gather(hypervisor.pause(99), return_exceptions=True)
    os.kill(first, signal.SIGKILL)
    (error,) = await waiting
    assert isinstance(error, XeniaError)
    assert error.kind is ErrorKind.UNAVAILABLE
    assert await pid_of(hypervisor) != first


async def test_a_helper_that_dies_of_a_request_says_so_and_is_started_anew(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    with pytest.raises(XeniaError, match="cannot be asked: it ended with 4"):
        await hypervisor.unpause(1)
    assert len(await hypervisor.domains()) == 3


async def test_who_asks_the_next_helper_is_not_answered_by_the_end_of_the_last(hypervisor_of: Make) -> None:
    """The last one is dead, but that has not been heard out yet: its standard error is still open."""
    hypervisor = hypervisor_of(
        MODULE.replace("os._exit(4)", "os.fork() or time.sleep(0.1) or os._exit(0); os._exit(4)")
    )
    await hypervisor.start()
    process = hypervisor._process
    assert process is not None
    failed = asyncio.gather(hypervisor.unpause(1), return_exceptions=True)
    while process.returncode is None:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await hypervisor.pause(98)  # takes longer than the end of the last one
    assert isinstance((await failed)[0], XeniaError)


async def test_a_helper_that_hangs_is_not_waited_for_for_ever(
    hypervisor_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    hypervisor = hypervisor_of()
    first = await pid_of(hypervisor)
    with pytest.raises(XeniaError, match=r"does not answer within 0\.05 s") as caught:
        await hypervisor._call("pause", 99, seconds=0.05)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert hypervisor._process is not None
    await hypervisor._process.wait()
    assert await pid_of(hypervisor) != first


async def test_closing_ends_the_helper(hypervisor_of: Make) -> None:
    hypervisor = hypervisor_of()
    pid = await pid_of(hypervisor)
    await hypervisor.close()
    assert not Path(f"/proc/{pid}").exists()
    await hypervisor.close()


def info(**flags: int) -> DomainInfo:
    usual = dict.fromkeys(DomainInfo.__dataclass_fields__, 0) | {"shutdown_reason": 255} | flags
    return DomainInfo(**(usual | {"handle": (0,) * 16}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flags", "state", "end"),
    [
        ({}, State.RUNNING, None),
        ({"blocked": 1}, State.BLOCKED, None),
        ({"paused": 1}, State.PAUSED, None),
        ({"paused": 1, "blocked": 1}, State.PAUSED, None),
        ({"shutdown": 1, "shutdown_reason": 0}, State.SHUTDOWN, EndReason.POWEROFF),
        ({"shutdown": 1, "shutdown_reason": 1}, State.SHUTDOWN, EndReason.REBOOT),
        ({"shutdown": 1, "shutdown_reason": 2}, State.PAUSED, None),
        ({"shutdown": 1, "shutdown_reason": 2, "paused": 1}, State.PAUSED, None),
        ({"shutdown": 1, "shutdown_reason": 3, "crashed": 1}, State.CRASHED, EndReason.CRASH),
        ({"shutdown": 1, "shutdown_reason": 3}, State.CRASHED, EndReason.CRASH),
        ({"shutdown": 1, "shutdown_reason": 4}, State.CRASHED, EndReason.CRASH),
        ({"shutdown": 1, "shutdown_reason": 5}, State.SHUTDOWN, EndReason.REBOOT),
        ({"shutdown": 1, "shutdown_reason": 0, "paused": 1, "blocked": 1}, State.SHUTDOWN, EndReason.POWEROFF),
        ({"dying": 1}, State.DYING, None),
        ({"dying": 1, "shutdown": 1, "shutdown_reason": 0}, State.DYING, EndReason.POWEROFF),
        ({"dying": 1, "paused": 1}, State.DYING, None),
    ],
)
def test_flags_and_reasons_are_a_state_and_an_end(flags: dict[str, int], state: State, end: EndReason | None) -> None:
    assert (info(**flags).state, info(**flags).end) == (state, end)


def test_the_modules_of_a_version_are_where_debian_keeps_them() -> None:
    assert module_folders("4", "17")[0] == "/usr/lib/xen-4.17/lib/python"


def test_the_reason_is_told_in_words() -> None:
    assert info(shutdown=1, shutdown_reason=4).why == "the guest did not feed its watchdog in time"
    assert "soft reset" in info(shutdown=1, shutdown_reason=5).why
    assert info(paused=1).why == info(shutdown=1, shutdown_reason=2).why == ""
