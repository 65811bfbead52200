"""The monitor of a QEMU that is found again, spoken for by the test."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.monitor import NoAnswer
from xenia.model.domain import Definition, DomainConfig, Started

EVENT = {"event": "RTC_CHANGE", "data": {}, "timestamp": {"seconds": 1, "microseconds": 0}}
GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []}}


class FakeMonitor:
    """Greets each client with the next of `greetings`, and agrees to what it asks for first."""

    def __init__(self, greetings: list[dict[str, object]]) -> None:
        self._greetings = greetings
        self.clients = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = self._greetings[min(self.clients, len(self._greetings) - 1)]
        self.clients += 1
        writer.write(json.dumps(greeting).encode() + b"\n")
        if await reader.read(4096):  # the client asks for capabilities, in one piece
            writer.write(b'{"return": {}}\n')
        await reader.read()
        writer.close()


async def take_over(folder: Path, monitor: FakeMonitor) -> None:
    started = Started("u", 1, DomainConfig("a"), Definition(), (), "qemu", 1.0)
    guest = Guest(
        started, folder, folder / "log", lambda guest, situation: None, lambda guest, target: None, lambda guest: None
    )
    async with await asyncio.start_unix_server(monitor, folder / "monitor.sock"):
        await guest.connect_again(seconds=10)
        assert guest.monitor is not None
        await guest.monitor.close()


async def test_an_event_before_the_greeting_is_no_reason_to_give_up(tmp_path: Path) -> None:
    monitor = FakeMonitor([EVENT, GREETING])
    await take_over(tmp_path, monitor)
    assert monitor.clients == 2


async def test_who_never_greets_is_given_up(tmp_path: Path) -> None:
    monitor = FakeMonitor([EVENT])
    with pytest.raises(NoAnswer):
        await take_over(tmp_path, monitor)
    assert monitor.clients == 2
