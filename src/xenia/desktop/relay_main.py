"""The process of one session: what needs files comes first, then it sees none any more."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import socket

from xenia.desktop.relay import Guest, serve, tls_to_guests
from xenia.lib.sandbox import confine
from xenia.lib.wire import Wire

_MEMORY_MIB = 256
_OPEN_FILES = 16
_NEEDED_LATER = ("encodings.idna", "encodings.ascii", "encodings.latin_1")


def main(orders: str) -> None:
    """`orders` is JSON: `{browser, guest, address, uid, parent}`; the first two are descriptors of sockets."""
    wanted = json.loads(orders)
    guest = Guest(wanted["address"], tls_to_guests())
    for name in _NEEDED_LATER:
        importlib.import_module(name)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of TLS that a guest breaks off
    confine(memory_mib=_MEMORY_MIB, uid=wanted["uid"], parent=wanted["parent"], open_files=_OPEN_FILES)
    asyncio.run(_run(wanted["browser"], wanted["guest"], guest))


async def _run(browser: int, guest_end: int, guest: Guest) -> None:
    ends = [Wire(socket.socket(fileno=each)) for each in (browser, guest_end)]
    await serve(ends[0], ends[1], guest)
