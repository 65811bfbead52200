"""Images and snapshots of Xen hosts, made when they are first wanted and kept below the cache of Xenia."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.xenlab import image, ready, recipe, snapshot
from tests.live.xenlab.image import Image
from tests.live.xenlab.snapshot import Snapshot

from xenia.images.kernel import default_cache

_KEPT_IMAGES = 2
"""How many images stay: two checkouts with different recipes do not take each other's away."""

_KEPT_READY = 4
"""How many checkouts have their host ready on one image."""


@contextmanager
def snapshot_in_use() -> Iterator[tuple[Image, Snapshot]]:
    """The image and the snapshot to start a host from, made if need be; not removed before the end of the `with`.

    Making all of it takes two minutes; several processes may ask at once, one makes it. Raises LabError.
    """
    folder = default_cache() / "xenlab"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        found, kept = _places(folder)
        if not kept.folder.is_dir():
            # The lock is given up for a moment here, and another process may be quicker.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.folder.is_dir():
                _make(found, kept)
            fcntl.flock(lock, fcntl.LOCK_SH)
        for folder in (found.folder, kept.folder):
            os.utime(folder)
        yield found, kept


def _places(folder: Path) -> tuple[Image, Snapshot]:
    found = Image(folder / recipe.key())
    return found, Snapshot(found.folder / f"ready-{ready.key()}")


def _make(made: Image, kept: Snapshot) -> None:
    if not made.folder.is_dir():
        _say("Making the image of a Xen host, which takes a minute or two")
        with _in_one_step(made.folder) as work, tempfile.TemporaryDirectory(dir=work, prefix="work-") as scratch:
            (work / "image").mkdir()
            image.build(Image(work / "image"), Path(scratch))
        _remove_old(made.folder.parent, "*", _KEPT_IMAGES)
    booted = Snapshot(made.folder / f"snapshot-{snapshot.key()}")
    if not booted.folder.is_dir():
        _say("Starting the Xen host once, for a snapshot of it")
        for old in (*made.folder.glob("snapshot-*"), *made.folder.glob("ready-*")):
            shutil.rmtree(old)
        with _in_one_step(booted.folder) as work:
            (work / "image").mkdir()
            snapshot.take(made, Snapshot(work / "image"))
    _say("Starting xend on it, for another snapshot")
    with _in_one_step(kept.folder) as work:
        (work / "image").mkdir()
        ready.take(made, booted, Snapshot(work / "image"))
    _remove_old(made.folder, "ready-*", _KEPT_READY)


@contextmanager
def _in_one_step(target: Path) -> Iterator[Path]:
    """A folder to work in, beside `target`; what is then `image` in it becomes `target`."""
    for stale in target.parent.glob(".making-*"):  # of a process that was killed: this one holds the lock
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as name:
        yield Path(name)
        (Path(name) / "image").rename(target)


def _remove_old(folder: Path, names: str, kept: int) -> None:
    found = [path for path in folder.glob(names) if path.is_dir()]
    for old in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[kept:]:
        shutil.rmtree(old)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
