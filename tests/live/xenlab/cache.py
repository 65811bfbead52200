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

from tests.live.xenlab import image, recipe, snapshot
from tests.live.xenlab.image import Image
from tests.live.xenlab.snapshot import Snapshot

from xenia.images.kernel import default_cache

_KEPT = 2
"""How many images stay: two checkouts with different recipes do not take each other's away."""


@contextmanager
def snapshot_in_use() -> Iterator[tuple[Image, Snapshot]]:
    """The image and the snapshot to start a host from, made if need be; not removed before the end of the `with`.

    Making them takes two minutes; several processes may ask at once, one makes them. Raises LabError.
    """
    folder = default_cache() / "xenlab"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        found = _find(folder)
        if found is None:
            # The lock is given up for a moment here, and another process may be quicker.
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = _find(folder) or _make(folder)
            fcntl.flock(lock, fcntl.LOCK_SH)
        os.utime(found[0].folder)
        yield found


def _find(folder: Path) -> tuple[Image, Snapshot] | None:
    found = Image(folder / recipe.key())
    kept = Snapshot(found.folder / f"snapshot-{snapshot.key()}")
    return (found, kept) if kept.folder.is_dir() else None


def _make(folder: Path) -> tuple[Image, Snapshot]:
    made = Image(folder / recipe.key())
    if not made.folder.is_dir():
        _say("Making the image of a Xen host, which takes a minute or two")
        with _in_one_step(made.folder) as work:
            (work / "image").mkdir()
            with tempfile.TemporaryDirectory(dir=work, prefix="work-") as scratch:
                image.build(Image(work / "image"), Path(scratch))
        _remove_old(folder)
    _say("Starting the Xen host once, for a snapshot of it")
    kept = Snapshot(made.folder / f"snapshot-{snapshot.key()}")
    for old in made.folder.glob("snapshot-*"):
        shutil.rmtree(old)
    with _in_one_step(kept.folder) as work:
        (work / "image").mkdir()
        snapshot.take(made, Snapshot(work / "image"))
    return made, kept


@contextmanager
def _in_one_step(target: Path) -> Iterator[Path]:
    """A folder to work in, beside `target`; what is then `image` in it becomes `target`."""
    for stale in target.parent.glob(".making-*"):  # of a process that was killed: this one holds the lock
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as name:
        yield Path(name)
        (Path(name) / "image").rename(target)


def _remove_old(folder: Path) -> None:
    images = [path for path in folder.iterdir() if path.is_dir()]
    for old in sorted(images, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(old)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
