"""The process that becomes xrdp: without rights, and with all that it starts ended when it is."""

from __future__ import annotations

import json
import os

from xenia.lib.sandbox import confine_program
from xenia.screen.rdp.ini import CONFIG_PATH

_MEMORY_MIB = 512
"""Of address space, for each connection."""
_PROCESSES = 256
"""The most that xrdp may have, one for each connection."""


def main(orders: str) -> None:
    """`orders` is JSON: `{program, uid, parent}`. The working folder is the one with the configuration."""
    wanted = json.loads(orders)
    confine_program(memory_mib=_MEMORY_MIB, processes=_PROCESSES, uid=wanted["uid"], parent=wanted["parent"])
    os.execv(wanted["program"], [wanted["program"], "--nodaemon", "--config", CONFIG_PATH])  # noqa: S606 -- no shell
