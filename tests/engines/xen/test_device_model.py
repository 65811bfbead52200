"""The device model of a guest on Xen: found as libxl has written it down, and its death seen."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from xenia.engines.xen.device_model import DeviceModel, pid_of
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.domain import EndReason, Kind, State


class Store:
    def __init__(self, told: str | None) -> None:
        self._told = told

    async def read(self, path: str) -> str | None:
        assert path == "/local/domain/7/image/device-model-pid"
        return self._told


@pytest.mark.parametrize(("told", "pid"), [("4711", 4711), (None, None), ("", None), ("0", None), ("-1", None)])
async def test_it_is_found_where_there_is_one(told: str | None, pid: int | None) -> None:
    assert await pid_of(cast(Xenstore, Store(told)), 7) == pid


async def test_its_end_is_told_once_and_not_after_the_watching_was_stopped() -> None:
    ended = asyncio.Event()
    for watched in (True, False):
        process = await asyncio.create_subprocess_exec("sleep", "1000")
        model = DeviceModel(process.pid, ended.set)
        if not watched:
            model.close()
        process.kill()
        await process.wait()
        if watched:
            async with asyncio.timeout(10):
                await ended.wait()
            ended.clear()
        model.close()
    assert not ended.is_set()


def test_a_guest_that_has_lost_it_has_crashed_whatever_the_hypervisor_sees() -> None:
    guest = Guest("u", 7, "web", Kind.HVM, State.RUNNING)
    guest.lose_model()
    assert (guest.observed.state, guest.observed.end) == (State.CRASHED, EndReason.CRASH)
    assert "qemu-dm-web.log" in guest.observed.detail
