"""What runs in a Debian guest as root, whose kernel has a device mapper: what xend does to volumes of LVM, without xend
itself, which takes minutes to start under emulation (`inside_volumes`). Ends with 0 when all of it is as it should be.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xenia.lib.aio import Tasks
from xenia.model.errors import XeniaError
from xenia.model.volume import VolumeKind
from xenia.storage.paths import Roots, find
from xenia.storage.volumes.device import real_path
from xenia.storage.volumes.names import VolumeName
from xenia.storage.volumes.volumes import Volumes

MIB = 1 << 20
LIMIT = 240
"""Seconds for each part, which takes some ten."""

WEB, BASE, COPY, HALF = (VolumeName("vg0", name) for name in ("web", "ba-se", "copy", "half"))


def lvm(words: str) -> None:
    subprocess.run(words.split(), check=True, capture_output=True)


def read(name: VolumeName, begin: int = 0, size: int = -1) -> bytes:
    with open(name.path, "rb") as file:
        file.seek(begin)
        return file.read(size)


def write(path: str, content: bytes, times: int = 1) -> None:
    with open(path, "r+b") as file:
        for _ in range(times):
            file.write(content)
        os.fsync(file.fileno())


@contextmanager
def refused(words: str) -> Iterator[None]:
    message = ""
    try:
        yield
    except XeniaError as error:
        message = error.message
    assert words in message, message


@contextmanager
def ends() -> Iterator[None]:
    """What hangs is told of: xend itself never interrupts what changes volumes."""
    watch = threading.Timer(LIMIT, give_up)
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def give_up() -> None:
    for words in ("dmesg --level err,warn", "ps -eo pid,ppid,stat,wchan:30,args --forest"):
        subprocess.run(words.split(), check=False)
    os._exit(1)


def prepare() -> None:
    """A thin pool, and what another volume has left."""
    lvm("vgcreate --quiet vg0 /dev/vdc")
    lvm("lvcreate --quiet --yes --type thin-pool --size 100m --name pool0 vg0")
    lvm("lvcreate --quiet --yes --size 32m --name old vg0")
    write("/dev/vg0/old", b"secret.." * (MIB // 8), 32)
    lvm("lvremove --quiet --yes vg0/old")


async def thick(volumes: Volumes) -> None:
    """It holds nothing of what was there, nor does what it gets later."""
    done: list[float] = []
    await volumes.create(WEB, 14 * MIB, "", done.append)
    assert read(WEB) == bytes(16 * MIB)
    assert done[-1] == 1
    write(WEB.path, b"mine")
    assert await volumes.grow(WEB, 31 * MIB, done.append) == (32 * MIB, [])
    assert read(WEB) == b"mine".ljust(32 * MIB, b"\0")


async def thin(volumes: Volumes) -> None:
    """It takes what is written, and what begins as it stands alone, and is active."""
    (note,) = await volumes.create(BASE, 200 * MIB, "pool0", print)
    assert "have 200 MiB together, and it has 100 MiB" in note
    write(BASE.path, b"base" * MIB)
    await volumes.snapshot(BASE, COPY)
    write(COPY.path, b"copy")
    assert (read(BASE, 0, 4), read(COPY, 0, 8)) == (b"base", b"copybase")
    about = await volumes.about(BASE.path)
    assert about is not None
    assert about.snapshots == (COPY.path,)
    assert 3 * MIB < about.volume.allocated < 6 * MIB
    await volumes.remove(BASE)
    assert read(COPY, 0, 8) == b"copybase"
    write(COPY.path, b"full" * (MIB // 4), 93)
    size, (full, _) = await volumes.grow(COPY, 300 * MIB, print)
    assert "almost full (9" in full
    assert len(read(COPY, 200 * MIB)) == size - 200 * MIB == 100 * MIB


async def named(volumes: Volumes) -> None:
    """By whatever path, a volume has one name."""
    link = Path("/x/link")
    link.symlink_to("/dev/mapper/vg0-copy")
    for path in (COPY.path, "/dev/mapper/vg0-copy", os.path.realpath(COPY.path), str(link)):
        assert (real_path(path), volumes.named(path)) == (COPY.path, COPY)
    with find(str(link), Roots(volumes.folders)) as place:
        assert place.real == COPY.path
    with refused("is outside the folders"):
        find("/dev/mapper/vg0-copy", Roots(("/var/lib/xen",)))
    pool = VolumeName("vg0", "pool0")
    with refused("is a thin pool, and no disk"):
        await volumes.remove(pool)


async def failed(volumes: Volumes) -> None:
    """What is in use stays; what fails, or was cut off, is not there."""
    with open(COPY.path, "rb"), refused("in use"):
        await volumes.remove(COPY)
    tasks = Tasks()
    making = tasks.start(volumes.create(HALF, 200 * MIB, "", lambda _: making.cancel()), name="making")
    await asyncio.wait([making])
    assert making.cancelled()
    assert not os.path.lexists(HALF.path)
    lvm("lvcreate --quiet --yes --size 8m --addtag xenia.making --name half vg0")
    await volumes.sweep()
    _, found = await volumes.all()
    assert [(each.name, each.kind, each.size, each.making) for each in found] == [
        ("copy", VolumeKind.THIN, 300 * MIB, False),
        ("web", VolumeKind.THICK, 32 * MIB, False),
    ]


async def main() -> None:
    with ends():
        prepare()
    print("prepared", flush=True)
    volumes = Volumes(("vg0",))
    for what in (thick, thin, named, failed):
        begun = time.monotonic()
        with ends():
            await what(volumes)
        print(what.__name__, f"{time.monotonic() - begun:.1f} s", flush=True)


asyncio.run(main())
