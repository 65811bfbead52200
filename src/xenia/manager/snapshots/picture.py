"""A picture of the screen of a guest, kept with a snapshot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from xenia.engines.base import Engine, ShowsScreens
from xenia.manager.table import Entry
from xenia.model.host import Capability


async def take_picture(engine: Engine, entry: Entry, path: Path) -> bool:
    """Write it to `path`, in a folder that only xend's own user may enter; whether there is one. Raises engine_failed,
    OSError; then there is no file.
    """
    if Capability.SCREENSHOT not in engine.capabilities:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    shown = False
    try:
        shown = await cast(ShowsScreens, engine).screenshot(entry.started.uuid, descriptor)
    finally:
        os.close(descriptor)
        if not shown:
            path.unlink()
    return shown
