"""Finding the guests of an earlier xend again: by the lease, the process that holds it, and the monitor that still
listens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from xenia.engines.qemu import background_pipe, ends, lease
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.monitor import NoAnswer
from xenia.engines.qemu.process import Process
from xenia.lib.only_one import is_taken
from xenia.model.errors import XeniaError
from xenia.model.vif import USER_MODE

log = logging.getLogger(__name__)

GREETING_SECONDS = 3.0
"""A QEMU that is well greets within milliseconds."""

_DYING_SECONDS = 0.5

_SEARCHES = 20
_SEARCH_PAUSE = 0.1


async def recover(guests: Sequence[Guest]) -> list[Guest]:
    """Those of `guests` that run, with their process and, where it answers, their monitor. What the others have left
    behind is removed.
    """
    running = {}
    for guest in guests:
        if is_taken(lease.lease_of(guest.folder)):
            running[guest.uuid] = guest
        else:
            ends.remove(guest.folder)
    pids = await _holders(running)
    found = []
    for uuid, guest in running.items():
        if uuid not in pids:
            log.error(
                "domain %s runs by its lease %s, but its process cannot be found",
                guest.name,
                lease.lease_of(guest.folder),
            )
            continue
        try:
            guest.process = Process(pids[uuid], guest.on_process_end)
        except ProcessLookupError:
            ends.remove(guest.folder)
            continue
        taps = _taps(pids[uuid])
        guest.cards.started_with(
            {number: name if name in taps else USER_MODE for number, name in guest.interfaces.items()}
        )
        _call_logs_by_name(guest, pids[uuid])
        found.append(guest)
    await asyncio.gather(*(_reach(guest) for guest in found))
    for guest in found:
        if guest.process.gone.is_set():
            await guest.let_go()
            ends.remove(guest.folder)
    return [guest for guest in found if not guest.process.gone.is_set()]


async def _holders(running: dict[str, Guest]) -> dict[str, int]:
    """Searched for a while: between fork and exec a process does not look like a QEMU yet."""
    folders = {uuid: guest.folder for uuid, guest in running.items()}
    pids = lease.holders(folders)
    for _ in range(_SEARCHES):
        if len(pids) == len(folders):
            break
        await asyncio.sleep(_SEARCH_PAUSE)
        pids = lease.holders(folders)
    return pids


def _call_logs_by_name(guest: Guest, pid: int) -> None:
    """An xend that was cut off while it gave the guest another name may have left its logs under the old one: the log
    is what standard error leads to.
    """
    try:
        log_file = Path(f"/proc/{pid}/fd/2").readlink()
        if log_file != guest.log and log_file.parent == guest.log.parent:
            ends.move_logs(log_file, guest.name)
    except OSError as error:
        log.warning("the logs of domain %s may be under another name: %s", guest.name, error)


def _taps(pid: int) -> frozenset[str]:
    """The tap devices that a guest has, from its descriptors (proc(5), fdinfo: a line `iff:` and the interface's name).
    Empty when the process has ended meanwhile.
    """
    try:
        return frozenset(_interface(info) for info in Path(f"/proc/{pid}/fdinfo").iterdir())
    except OSError:
        return frozenset()


def _interface(info: Path) -> str:
    lines = (line.split() for line in info.read_text().splitlines())
    return next((words[1] for words in lines if len(words) > 1 and words[0] == "iff:"), "")


async def _reach(guest: Guest) -> None:
    """A guest whose QEMU does not answer stays known, as paused: it can be destroyed, and its monitor may come back."""
    try:
        async with background_pipe.taken_over(guest.folder):
            await guest.connect_again(seconds=GREETING_SECONDS)
            await guest.refresh()
    except (NoAnswer, XeniaError) as error:
        if await guest.process.wait(_DYING_SECONDS):
            return
        log.warning("the QEMU of domain %s (process %d) does not answer: %s", guest.name, guest.process.pid, error)
