"""One session: a browser's request is read, its guest's RDP server is begun with, and then all is passed on."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from xenia.desktop.rdcleanpath import Refused, negotiation_failed, read_request, response
from xenia.desktop.x224 import NotX224, check_request, read_confirm, wants_tls
from xenia.lib.splice import splice
from xenia.lib.wire import Wire

SECONDS_TO_ASK = 20.0
SECONDS_TO_ANSWER = 15.0
_FAREWELL = 5.0


@dataclass(frozen=True, slots=True)
class Guest:
    """`address` is where it is, as the browser is told; `tls` how it is spoken to."""

    address: str
    tls: ssl.SSLContext
    seconds: float = SECONDS_TO_ANSWER


async def serve(browser: Wire, server: Wire, guest: Guest, *, seconds: float = SECONDS_TO_ASK) -> None:
    """Until one of both has gone; `seconds` are those within which the browser has to ask. `server` is in the guest."""
    with browser, server:
        try:
            try:
                x224 = await _asked(browser, seconds)
                browser.write(await _answer(x224, server, guest))
            except Refused as refused:
                browser.write(refused.pdu)
                async with asyncio.timeout(_FAREWELL):
                    await browser.hang_up()
                return
            await splice(browser, server)
        except (OSError, EOFError, TimeoutError):
            pass  # one of them has gone


async def _asked(browser: Wire, seconds: float) -> bytes:
    """Raises Refused, EOFError for who leaves before having asked."""
    try:
        async with asyncio.timeout(seconds):
            x224 = await read_request(browser)
        check_request(x224)
    except TimeoutError:
        raise Refused(408, "it asks for nothing") from None
    except NotX224:
        raise Refused(400, "it has no X.224 Connection Request") from None
    return x224


async def _answer(x224: bytes, server: Wire, guest: Guest) -> bytes:
    """Begin with the guest. Raises Refused."""
    try:
        async with asyncio.timeout(guest.seconds):
            server.write(x224)
            confirm = await read_confirm(server)
            if not wants_tls(confirm):
                raise Refused(502, "the guest wants no TLS", negotiation_failed(confirm))
            await server.start_tls(guest.tls)
    except NotX224:
        raise Refused(502, "what answers is no RDP server") from None
    except TimeoutError:
        raise Refused(504, "the guest does not answer") from None
    except (OSError, EOFError):  # also TLS that fails
        raise Refused(502, "the guest has hung up") from None
    certificate = server.certificate()
    if certificate is None or len(certificate) > 1 << 15:
        raise Refused(502, "the guest has no certificate that can be told")
    return response(guest.address, confirm, [certificate])


def tls_to_guests() -> ssl.SSLContext:
    """Guests make their certificates themselves: the browser is told which it was. Files are read here, not later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
