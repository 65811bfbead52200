"""The process of the relay: what needs files comes first, then it sees none any more."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import socket
import ssl

from xenia.lib.sandbox import confine
from xenia.screen.des import CHALLENGE_LENGTH, answer_to
from xenia.screen.relay import MOST_VIEWERS, Relay

_MEMORY_MIB = 1024
_NEEDED_LATER = ("encodings.idna", "encodings.ascii", "encodings.latin_1")


def main(orders: str) -> None:
    """`orders` is JSON: `{descriptor, chain, key, uid, parent}`; chain and key are descriptors of files in PEM, or null
    for a relay without TLS.
    """
    wanted = json.loads(orders)
    tls = _tls(wanted["chain"], wanted["key"]) if wanted["chain"] is not None else None
    answer_to(bytes(CHALLENGE_LENGTH), "")  # loads libcrypto
    for name in _NEEDED_LATER:
        importlib.import_module(name)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of a listener that xend has shut
    confine(memory_mib=_MEMORY_MIB, uid=wanted["uid"], parent=wanted["parent"], open_files=4 * MOST_VIEWERS)
    asyncio.run(_relay(wanted["descriptor"], tls))


async def _relay(descriptor: int, tls: ssl.SSLContext | None) -> None:
    await Relay(socket.socket(fileno=descriptor), tls).run()


def _tls(chain: int, key: int) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # TigerVNC 1.12 waits for ever where a ticket and the first word come together
    context.load_cert_chain(f"/proc/self/fd/{chain}", f"/proc/self/fd/{key}")
    for each in (chain, key):
        os.close(each)
    return context
