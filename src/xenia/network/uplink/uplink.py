"""xend's end of it: looks, does what is harmless itself, and has a watchdog do the rest."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from xenia.lib.codec import to_plain
from xenia.lib.only_one import is_taken
from xenia.model.errors import ErrorKind, XeniaError, engine_failed, unavailable
from xenia.network.rtnetlink import Rtnetlink
from xenia.network.uplink import link as interfaces
from xenia.network.uplink.move import make_bridge
from xenia.network.uplink.plan import Seen
from xenia.network.uplink.record import BEING_MADE, Phase, Place, Record
from xenia.network.uplink.watchdog import Task

_BOOT = """\
import os, sys, json
if os.fork():
    os._exit(0)
sys.path[:] = json.loads(sys.argv.pop(1))
from xenia.network.uplink.watchdog import main
sys.exit(main(sys.argv[1:]))
"""
_SECONDS = 60.0


@dataclass(slots=True)
class Uplink:
    """`boot` names this boot of the host."""

    place: Place
    boot: str

    def see(self) -> Seen:
        """How it is now. Raises unavailable where the record, or the kernel, does not tell."""
        record = self.place.read(self.boot)
        try:
            with Rtnetlink() as kernel:
                return Seen(record, interfaces.links(kernel), is_taken(self.place.lock))
        except OSError as error:
            raise unavailable(f"the kernel does not tell of its interfaces: {error.strerror}") from error

    def make(self, bridge: str) -> None:
        """Make the bridge, without a card. Raises engine_failed."""
        before = self.place.read(self.boot)
        record = Record(self.boot, bridge, Phase.BARE, BEING_MADE, confirmed=before.confirmed if before else "")
        try:
            self.place.write(record)
            with Rtnetlink() as kernel:
                made = make_bridge(kernel, bridge)
            self.place.write(replace(record, bridge_index=made.index))
        except OSError as error:
            raise engine_failed(f"cannot make the bridge '{bridge}': {error.strerror}") from error

    def remove(self) -> None:
        """Remove the bridge that is ours. Raises engine_failed."""
        seen = self.see()
        record, ours = seen.record, seen.ours
        if record is None or ours is None:
            return
        try:
            with Rtnetlink() as kernel:
                interfaces.remove(kernel, ours.index)
        except OSError as error:
            raise engine_failed(f"cannot remove the bridge '{ours.name}': {error.strerror}") from error
        self.place.write(Record(self.boot, record.bridge, Phase.BARE, confirmed=record.confirmed))

    async def run(self, task: Task) -> dict[str, Any]:
        """Have a watchdog do it; what it says once the network is as it is to be, while it may go on watching.

        Raises what it could not do; then the host is as it was.
        """
        process = _spawn(task)
        try:
            with cast(IO[bytes], process.stdout) as said:
                await asyncio.to_thread(process.wait)
                async with asyncio.timeout(_SECONDS):
                    line = await _first_line(said)
        except TimeoutError:
            raise engine_failed("the network of the host has not come to rest within a minute", _LOOK) from None
        if not line:
            raise engine_failed("what changes the host's bridge has ended before it was done", _LOOK)
        answer: dict[str, Any] = json.loads(line)
        if problem := answer.get("problem"):
            raise XeniaError(problem["message"], kind=ErrorKind(problem["kind"]), hint=problem["hint"])
        return answer

    def tell(self, number: signal.Signals) -> bool:
        """Send the watchdog that is at work a signal; whether there is one."""
        watchdog = self._watchdog()
        with contextlib.suppress(ProcessLookupError):
            if watchdog:
                os.kill(watchdog, number)
                return True
        return False

    def _watchdog(self) -> int:
        """The process that is at work, or 0."""
        try:
            return int(self.place.lock.read_text()) if is_taken(self.place.lock) else 0
        except ValueError:  # it is just writing it
            return 0

    async def ended(self) -> None:
        """Return when no watchdog is at work any more, ours or an earlier xend's."""
        while is_taken(self.place.lock):
            watchdog = self._watchdog()
            if watchdog:
                await _until_ended(watchdog)
            await asyncio.sleep(0.01)


_LOOK = "xm network bridge tells how it is; start xend again to have it put in order"


def _spawn(task: Task) -> subprocess.Popen[bytes]:
    """It leaves xend at once, in a session of its own; what is waited for is only its start."""
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, path, json.dumps(to_plain(task))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={"LC_ALL": "C.UTF-8"},
    )


async def _first_line(pipe: IO[bytes]) -> bytes:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await reader.readline()
    finally:
        transport.close()


async def _until_ended(process: int) -> None:
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
