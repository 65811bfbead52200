"""DER (ITU-T X.690), as far as one PDU needs it: definite lengths below 64 KiB, in their shortest form, and no nesting
beyond what the caller takes apart.
"""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, OCTETS, TEXT, SEQUENCE = 0x02, 0x04, 0x0C, 0x30
"""Universal tags; TEXT is UTF8String."""

_LONGEST_NUMBER = 8


class Broken(Exception):
    """It is no DER, or none that is meant; the text says why."""


def field(number: int) -> int:
    """The tag of a field [number] that is tagged explicitly."""
    return 0xA0 | number


def more_of_length(first: int) -> int:
    """How many octets of a length follow its `first` one. Raises Broken for one that is too long or has no end."""
    if first < 0x80:
        return 0
    if first & 0x7F not in (1, 2):
        raise Broken("it has a length that is too long, or indefinite")
    return first & 0x7F


def length_of(octets: bytes) -> int:
    """What all octets of a length say. Raises Broken where fewer would say it, too."""
    if len(octets) == 1:
        return octets[0]
    length = int.from_bytes(octets[1:])
    if length < (0x80 if len(octets) == 2 else 0x100):
        raise Broken("it has a length that is not in its shortest form")
    return length


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of all that `data` consists of. Raises Broken, also for what is cut off."""
    at = 0
    while at < len(data):
        tag, lengths = data[at], at + 1
        if tag & 0x1F == 0x1F:
            raise Broken("it has a tag of several octets")
        if lengths >= len(data):
            raise Broken("it is cut off")
        begin = lengths + 1 + more_of_length(data[lengths])
        if begin > len(data):
            raise Broken("it is cut off")
        at = begin + length_of(data[lengths:begin])
        if at > len(data):
            raise Broken("it is cut off")
        yield tag, data[begin:at]


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element that `data` is. Raises Broken for anything else."""
    found = [*elements(data)]
    if len(found) != 1 or found[0][0] != tag:
        raise Broken("it has something else where one thing is meant")
    return found[0][1]


def number(content: bytes) -> int:
    """A number from 0 on. Raises Broken."""
    if not content or len(content) > _LONGEST_NUMBER or content[0] >= 0x80:
        raise Broken("it has a number that is negative, too large or none")
    if len(content) > 1 and content[0] == 0 and content[1] < 0x80:
        raise Broken("it has a number that is not in its shortest form")
    return int.from_bytes(content)


def write(tag: int, content: bytes) -> bytes:
    """Raises ValueError for `content` of 64 KiB or more."""
    size = len(content)
    if size >= 1 << 16:
        raise ValueError("too long for this DER")
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes(1 if size < 0x100 else 2)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def write_number(value: int) -> bytes:
    """`value` from 0 on, with its tag."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))
