"""Whether guests can be saved while they run on here: asked of a QEMU like theirs, with a guest's user and sandbox."""

from __future__ import annotations

from xenia.engines.qemu.background import said_of
from xenia.engines.qemu.launch import SANDBOX
from xenia.engines.qemu.migration import let_run_on
from xenia.engines.qemu.probe import answering
from xenia.engines.qemu.process import find
from xenia.engines.qemu.settings import QemuSettings
from xenia.model.errors import XeniaError

OFF = "background_snapshots is off in xend.toml"

_WORDS = [
    *("-sandbox", SANDBOX, "-S", "-machine", "pc,memory-backend=ram", "-m", "2M"),
    *("-object", "memory-backend-memfd,id=ram,size=2M,share=on"),
]


async def why_no_background(settings: QemuSettings) -> str:
    """Why guests cannot be saved while they run on; "" where they can."""
    if not settings.background:
        return OFF
    try:
        async with answering(find(settings.binary), _WORDS, settings) as monitor:
            await let_run_on(monitor)
    except XeniaError as error:
        return said_of(error)
    return ""
