"""RDCleanPath: whatever a browser and a guest say, a PDU is the answer, and the guest hears one request at most."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

from tests.support.in_memory import Written, heard
from tests.support.rdcleanpath import decode, request
from tests.support.rdp_server import CONFIRM, PLAIN_CONFIRM, REQUEST

from xenia.desktop.relay import Guest, serve

_TLS = cast(ssl.SSLContext, object())
_CERTIFICATE = b"\x30\x03\x02\x01\x07"
WORDS = (
    request(REQUEST), REQUEST, CONFIRM, PLAIN_CONFIRM, b"\x30\x82\x10\x00", b"\xa0\x04\x02\x02\x0d\x3e", b"\xa1\x80",
    b"\xa2\x03\x0c\x01x", b"\xa3\x03\x0c\x01x", b"\xa5\x03\x0c\x01x", b"\xa6\x15\x04\x13", b"\xa7\x00", b"\x04\x13",
    b"\x0c\x81\x01", b"\x30\x80", b"\x02\x02\x0d\x3e", b"\x03\x00\x00\x13\x0e\xd0", b"\x03\x00\x00\x13\x0e\xe0",
)  # fmt: skip


class _Browser(Written):
    def close(self) -> None:
        pass

    async def wait_closed(self) -> None:
        pass


class _Server(Written):
    """A guest's RDP server, by TLS that is transparent."""

    transport: Any

    def __init__(self) -> None:
        super().__init__()
        self.transport = self

    def abort(self) -> None:
        pass

    def get_extra_info(self, _: str) -> Any:
        return self

    def getpeercert(self, *, binary_form: bool) -> bytes:
        assert binary_form
        return _CERTIFICATE


def one(data: bytes) -> None:
    """The first byte says how much of the rest the browser says; the guest says what is left."""
    if data:
        asyncio.run(_serve(data[1 : 1 + data[0]], data[1 + data[0] :]))


async def _serve(asked: bytes, answered: bytes) -> None:
    browser, server = _Browser(), _Server()
    ends = heard(asked), cast(Any, browser)
    await serve(ends, (heard(answered), cast(Any, server)), Guest("192.0.2.7", _TLS), seconds=60)
    if not browser.written:
        assert not server.written, "the guest hears of who has said nothing"
        return
    answer = decode(browser.written)
    if answer.chain is not None:
        assert (answer.chain, answer.address) == ([_CERTIFICATE], "192.0.2.7")
        assert answer.x224 == answered[: len(answer.x224 or b"")]
        assert server.written[0] == 3
        assert server.written[: int.from_bytes(server.written[2:4])] in asked
    else:
        assert answer.error is not None
        assert server.written in asked
        assert answer.error == (2, None) or answer.error[1] in (400, 408, 413, 501, 502, 504)
