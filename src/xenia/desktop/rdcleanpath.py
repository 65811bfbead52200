"""RDCleanPath, by which a browser has a proxy begin with an RDP server, TLS included, that it cannot speak to itself.

A PDU is, in DER with explicit tags, as Devolutions' crate ironrdp-rdcleanpath has it (crates/ironrdp-rdcleanpath in
https://github.com/Devolutions/IronRDP; there is no other specification):

    RDCleanPathPdu ::= SEQUENCE {
        version [0] INTEGER (3390), error [1] RDCleanPathErr OPTIONAL, destination [2] UTF8String OPTIONAL,
        proxyAuth [3] UTF8String OPTIONAL, serverAuth [4] UTF8String OPTIONAL,
        preconnectionBlob [5] UTF8String OPTIONAL, x224ConnectionPdu [6] OCTET STRING OPTIONAL,
        serverCertChain [7] SEQUENCE OF OCTET STRING OPTIONAL, serverAddr [9] UTF8String OPTIONAL }
    RDCleanPathErr ::= SEQUENCE {
        errorCode [0] INTEGER, httpStatusCode [1] INTEGER OPTIONAL, wsaLastError [2] INTEGER OPTIONAL,
        tlsAlertCode [3] INTEGER OPTIONAL }

The destination that a browser names means nothing here: xend knows where its guest is. Nor does the proxy's
authorisation: who may come this far was settled by the token, cookie or ticket that the WebSocket was opened with.
"""

from __future__ import annotations

from collections.abc import Sequence

from xenia.desktop.der import (
    INTEGER,
    OCTETS,
    SEQUENCE,
    TEXT,
    Broken,
    elements,
    field,
    length_of,
    more_of_length,
    number,
    only,
    write,
    write_number,
)
from xenia.lib.wire import Reader

LONGEST_REQUEST = 1 << 14
"""Bytes: the token of other proxies takes most of it."""

_VERSION = 3390
_GENERAL, _NEGOTIATION = 1, 2
"""Error codes: the second comes with the server's own words."""

_OF_VERSION, _OF_ERROR, _OF_BLOB, _OF_X224, _OF_CHAIN, _OF_ADDRESS = 0, 1, 5, 6, 7, 9
_TEXTS = frozenset({2, 3, 4, _OF_BLOB})


class Refused(Exception):
    """A browser is refused, with an HTTP `status`; `pdu` tells it so, the text why."""

    def __init__(self, status: int, why: str, pdu: bytes = b"") -> None:
        super().__init__(why)
        self.status = status
        self.pdu = pdu or refusal(status)


async def read_request(reader: Reader) -> bytes:
    """The X.224 Connection Request of the browser, whatever its bytes. Raises Refused, EOFError."""
    head = await reader.readexactly(2)
    try:
        if head[0] != SEQUENCE:
            raise Broken("it is no sequence")
        head += await reader.readexactly(more_of_length(head[1]))
        length = length_of(head[1:])
        if length > LONGEST_REQUEST:
            raise Refused(413, "its request is too long")
        return _x224_of(await reader.readexactly(length))
    except Broken as error:
        raise Refused(400, f"what it says is no RDCleanPath: {error}") from error


def _x224_of(content: bytes) -> bytes:
    """Raises Broken, Refused."""
    fields: dict[int, bytes] = {}
    last = -1
    for tag, inner in elements(content):
        name = tag & 0x1F
        if tag != field(name) or name <= last:
            raise Broken("its fields are not in order")
        fields[name] = inner
        last = name
    if _OF_VERSION not in fields or number(only(fields.pop(_OF_VERSION), INTEGER)) != _VERSION:
        raise Broken("its version is another one")
    if _OF_X224 not in fields:
        raise Broken("it has no X.224 Connection Request")
    x224 = only(fields.pop(_OF_X224), OCTETS)
    for name, inner in fields.items():
        if name not in _TEXTS:
            raise Broken(f"it has a field {name}")
        _text(only(inner, TEXT))
    if _OF_BLOB in fields:
        raise Refused(501, "it wants a preconnection blob sent, which is not done here")
    return x224


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Broken("it has a text that is none") from None


def response(address: str, x224: bytes, chain: Sequence[bytes]) -> bytes:
    """What begins the session: the server's Connection Confirm and its certificates (in DER), its own first."""
    certificates = b"".join(write(OCTETS, each) for each in chain)
    return _pdu(
        {
            _OF_X224: write(OCTETS, x224),
            _OF_CHAIN: write(SEQUENCE, certificates),
            _OF_ADDRESS: write(TEXT, address.encode()),
        }
    )


def refusal(status: int) -> bytes:
    """There is no session, for the reason that an HTTP status gives."""
    return _pdu({_OF_ERROR: write(SEQUENCE, _numbered(0, _GENERAL) + _numbered(1, status))})


def negotiation_failed(x224: bytes) -> bytes:
    """There is none, for what the server's answer `x224` says: it wants no TLS."""
    return _pdu({_OF_ERROR: write(SEQUENCE, _numbered(0, _NEGOTIATION)), _OF_X224: write(OCTETS, x224)})


def _numbered(name: int, value: int) -> bytes:
    return write(field(name), write_number(value))


def _pdu(fields: dict[int, bytes]) -> bytes:
    inner = b"".join(write(field(name), content) for name, content in fields.items())
    return write(SEQUENCE, _numbered(_OF_VERSION, _VERSION) + inner)
