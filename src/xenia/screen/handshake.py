"""The beginning of RFB (RFC 6143), from both sides: a viewer is let in, and a guest's own server lets us in.

VeNCrypt, TLS in RFB, is as the RFB Protocol Specification of the community has it (security type 19), with a
certificate. After either handshake the client's first word is ClientInit, in every version of the protocol.
"""

from __future__ import annotations

import hmac
import re
import secrets
import ssl
from dataclasses import dataclass

from xenia.lib.wire import Reader, Writer
from xenia.screen.des import CHALLENGE_LENGTH, answer_to

_VERSION = b"RFB 003.008\n"
_NONE, _VNC, _VENCRYPT = 1, 2, 19
_X509_NONE, _X509_VNC = 260, 261
_VENCRYPT_VERSION = b"\0\2"
_OK, _FAILED = (0).to_bytes(4), (1).to_bytes(4)
_LONGEST_REASON = 4096


class Refused(Exception):
    """A viewer is not let in; the text says why."""


class Broken(Exception):
    """The other side does not speak RFB as it should."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a viewer needs to come in: `password` ("" for none), and `tls` where nothing is said in the clear."""

    password: str
    tls: ssl.SSLContext | None


async def admit(reader: Reader, writer: Writer, terms: Terms) -> None:
    """Let a viewer in. Raises Refused, when it was told so, Broken, OSError (also for TLS that fails), EOFError."""
    writer.write(_VERSION)
    minor = _minor(await reader.readexactly(len(_VERSION)))
    if terms.tls is not None:
        await _over_tls(reader, writer, terms.password, terms.tls, minor)
        return
    kind = _VNC if terms.password else _NONE
    if minor < 7:
        writer.write(kind.to_bytes(4))
    else:
        writer.write(bytes((1, kind)))
        if (await reader.readexactly(1))[0] != kind:
            await _refuse(writer, minor, "it wants what was not offered")
    if kind == _VNC:
        await _ask_for(terms.password, reader, writer, minor)
    elif minor >= 8:
        writer.write(_OK)


async def refuse(reader: Reader, writer: Writer, why: str) -> None:
    """Tell a viewer that it does not come in. Raises Refused, and as `admit`."""
    writer.write(_VERSION)
    minor = _minor(await reader.readexactly(len(_VERSION)))
    writer.write((b"\0" if minor >= 7 else bytes(4)) + _reason(why))
    await writer.drain()
    raise Refused(why)


async def _over_tls(reader: Reader, writer: Writer, password: str, tls: ssl.SSLContext, minor: int) -> None:
    if minor < 7:
        why = "its version of RFB knows no TLS, which is asked for here"
        writer.write(bytes(4) + _reason(why))
        await writer.drain()
        raise Refused(why)
    writer.write(bytes((1, _VENCRYPT)))
    if (await reader.readexactly(1))[0] != _VENCRYPT:
        await _refuse(writer, minor, "it wants what was not offered")
    writer.write(_VENCRYPT_VERSION)
    if await reader.readexactly(2) != _VENCRYPT_VERSION:
        writer.write(b"\xff")
        await writer.drain()
        raise Refused("it does not know version 0.2 of VeNCrypt")
    writer.write(b"\0")
    kind = _X509_VNC if password else _X509_NONE
    writer.write(b"\1" + kind.to_bytes(4))
    chosen = int.from_bytes(await reader.readexactly(4))
    if chosen != kind:
        writer.write(b"\0")
        await writer.drain()
        raise Refused("it wants a kind of VeNCrypt that was not offered")
    writer.write(b"\1")
    await writer.start_tls(tls)
    if password:
        await _ask_for(password, reader, writer, minor)
    elif minor >= 8:
        writer.write(_OK)


async def _ask_for(password: str, reader: Reader, writer: Writer, minor: int) -> None:
    challenge = secrets.token_bytes(CHALLENGE_LENGTH)
    writer.write(challenge)
    answer = await reader.readexactly(CHALLENGE_LENGTH)
    if not hmac.compare_digest(answer, answer_to(challenge, password)):
        await _refuse(writer, minor, "the password is wrong")
    writer.write(_OK)


async def _refuse(writer: Writer, minor: int, why: str) -> None:
    writer.write(_FAILED + (_reason(why) if minor >= 8 else b""))
    await writer.drain()
    raise Refused(why)


def _reason(why: str) -> bytes:
    return len(why.encode()).to_bytes(4) + why.encode()


def _minor(version: bytes) -> int:
    """3, 7 or 8: other versions count as the next lower one (section 7.1.1)."""
    match = re.fullmatch(rb"RFB (\d{3})\.(\d{3})\n", version)
    if match is None or int(match[1]) < 3:
        raise Broken("it does not speak RFB")
    if int(match[1]) > 3:
        return 8
    return 8 if int(match[2]) >= 8 else 7 if int(match[2]) == 7 else 3


async def enter(reader: Reader, writer: Writer) -> None:
    """Come in at a guest's own server, which asks for nothing. Raises Broken, OSError, EOFError."""
    version = await reader.readexactly(len(_VERSION))
    if version != _VERSION:
        raise Broken(f"the guest's screen speaks {version!r}")
    writer.write(_VERSION)
    kinds = await reader.readexactly((await reader.readexactly(1))[0])
    if _NONE not in kinds:
        raise Broken("the guest's screen asks for more than was expected")
    writer.write(bytes((_NONE,)))
    if await reader.readexactly(4) != _OK:
        raise Broken("the guest's screen lets nobody in")
