"""The folder of guest files: 1,000 of them read cold, looked at again, and one noticed when it changes."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from _table import Row, main, median_ms

from xenia.daemon.sandbox import Sandbox
from xenia.lib.aio import Tasks
from xenia.manager.definitions import Definitions
from xenia.manager.noticing import SETTLE, Watch
from xenia.settings.settings import Settings
from xenia.store.folder import GuestFolder

MANY = 1_000

_TEXT = """\
# guest number {number}
name = "web{number}"
builder = "hvm"
memory = 1024
vcpus = 2
disk = [ 'phy:/dev/vg0/web{number}-root,hda,w', 'phy:/dev/vg0/web{number}-swap,hdb,w',
         'file:/var/lib/xen/iso/tools.iso,hdc:cdrom,r' ]
vif = [ 'mac=00:16:3e:00:{high:02x}:{low:02x},bridge=xenbr0', 'bridge=xenbr1' ]
boot = "dc"
vnc = 1
vnclisten = "127.0.0.1"
on_crash = "restart"
"""


def bench(options: argparse.Namespace) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(MANY):
            text = _TEXT.format(number=number, high=number >> 8, low=number & 255)
            (folder / f"web{number}.cfg").write_text(text)
        return asyncio.run(_measure(folder, max(3, options.rounds // 4)))


async def _measure(folder: Path, rounds: int) -> list[Row]:
    sandbox = Sandbox(Settings(roots=()))
    await sandbox.start()
    cold, again, noticed = [], [], []
    try:
        for _ in range(rounds):
            definitions = Definitions(GuestFolder(folder), sandbox.read_definition, lambda *_: None)
            cold.append(await _seconds(definitions))
            again.append(await _seconds(definitions))
            noticed.append(await _until_noticed(folder, sandbox))
    finally:
        await sandbox.close()
    return [
        Row(f"{MANY} files, cold", "ms", median_ms(cold), goal="under 1500 ms", ok=median_ms(cold) < 1500),
        Row(f"{MANY} files, none changed", "ms", median_ms(again)),
        Row("one file changed, until it is known", "ms", median_ms(noticed), SETTLE * 1000, "ms given to editors"),
    ]


async def _seconds(definitions: Definitions) -> float:
    start = time.perf_counter()
    await definitions.refresh()
    return time.perf_counter() - start


async def _until_noticed(folder: Path, sandbox: Sandbox) -> float:
    """From the write of one file until it has been read."""
    seen, tasks = asyncio.Event(), Tasks()
    definitions = Definitions(GuestFolder(folder), sandbox.read_definition, lambda *_: seen.set())
    watch = Watch(definitions)
    watch.start(tasks)
    start = time.perf_counter()
    (folder / "web7.cfg").touch()
    with (folder / "web7.cfg").open("a") as file:
        file.write("# changed\n")
    await seen.wait()
    seconds = time.perf_counter() - start
    await tasks.close()
    watch.close()
    return seconds


if __name__ == "__main__":
    main(bench, __doc__ or "")
