"""A small client of RDCleanPath; its DER is that of a library which is not the code's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat import asn1

VERSION = 3390


@asn1.sequence
class _Error:
    code: Annotated[int, asn1.Explicit(0)]
    http: Annotated[int | None, asn1.Explicit(1)]
    wsa: Annotated[int | None, asn1.Explicit(2)]
    tls: Annotated[int | None, asn1.Explicit(3)]


@asn1.sequence
class _Pdu:
    version: Annotated[int, asn1.Explicit(0)]
    error: Annotated[_Error | None, asn1.Explicit(1)]
    destination: Annotated[str | None, asn1.Explicit(2)]
    proxy_auth: Annotated[str | None, asn1.Explicit(3)]
    server_auth: Annotated[str | None, asn1.Explicit(4)]
    blob: Annotated[str | None, asn1.Explicit(5)]
    x224: Annotated[bytes | None, asn1.Explicit(6)]
    chain: Annotated[list[bytes] | None, asn1.Explicit(7)]
    address: Annotated[str | None, asn1.Explicit(9)]


@dataclass(frozen=True)
class Answer:
    """`error` is its code and the HTTP status."""

    error: tuple[int, int | None] | None
    x224: bytes | None
    chain: list[bytes] | None
    address: str | None
    length: int


def request(
    x224: bytes | None,
    *,
    version: int = VERSION,
    destination: str | None = "192.0.2.99:3389",
    proxy_auth: str | None = "secret",
    blob: str | None = None,
) -> bytes:
    return asn1.encode_der(
        _Pdu(
            version=version,
            error=None,
            destination=destination,
            proxy_auth=proxy_auth,
            server_auth=None,
            blob=blob,
            x224=x224,
            chain=None,
            address=None,
        )
    )


def decode(data: bytes) -> Answer:
    """The PDU that `data` begins with."""
    length = length_of(data)
    pdu = asn1.decode_der(_Pdu, data[:length])
    assert pdu.version == VERSION
    error = (pdu.error.code, pdu.error.http) if pdu.error is not None else None
    return Answer(error, pdu.x224, pdu.chain, pdu.address, length)


def length_of(data: bytes) -> int:
    """Of the PDU that it begins with."""
    more = data[1] & 0x7F if data[1] & 0x80 else 0
    return 2 + more + (int.from_bytes(data[2 : 2 + more]) if more else data[1])
