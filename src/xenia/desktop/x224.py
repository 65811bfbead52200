"""The first words of RDP: an X.224 Connection Request and its Confirm, each in a TPKT (RFC 1006; [MS-RDPBCGR] 2.2.1.1
and 2.2.1.2).
"""

from __future__ import annotations

import struct

from xenia.lib.wire import Reader

_HEAD = struct.Struct(">BxHBB")
"""Of the TPKT: version and length of all; of the TPDU: the length of what follows that octet, and its code."""
_TPKT = 4
_VERSION = 3
_SHORTEST, _LONGEST = 11, 512
_REQUEST, _CONFIRM = 0xE0, 0xD0
_NEGOTIATION = struct.Struct("<BxHI")
"""Type, length (8) and the protocol that was selected."""
_RESPONSE = 2
_WITH_TLS = frozenset({1, 2, 8})
"""TLS, CredSSP and its later form, which begin with TLS alike."""


class NotX224(Exception):
    """It is none."""


def check_request(data: bytes) -> None:
    """Raises NotX224 for what is no single Connection Request."""
    _check(data, _REQUEST)


async def read_confirm(reader: Reader) -> bytes:
    """What an RDP server answers. Raises NotX224 for something else, EOFError."""
    head = await reader.readexactly(_TPKT)
    length = int.from_bytes(head[2:])
    if head[0] != _VERSION or not _SHORTEST <= length <= _LONGEST:
        raise NotX224
    confirm = head + await reader.readexactly(length - _TPKT)
    _check(confirm, _CONFIRM)
    return confirm


def wants_tls(confirm: bytes) -> bool:
    """Whether TLS comes next."""
    if len(confirm) != _SHORTEST + _NEGOTIATION.size:
        return False
    kind, length, protocol = _NEGOTIATION.unpack(confirm[_SHORTEST:])
    return kind == _RESPONSE and length == _NEGOTIATION.size and protocol in _WITH_TLS


def _check(data: bytes, code: int) -> None:
    if not _SHORTEST <= len(data) <= _LONGEST:
        raise NotX224
    version, length, following, kind = _HEAD.unpack_from(data)
    if version != _VERSION or length != len(data) or following != length - _TPKT - 1 or kind != code:
        raise NotX224
