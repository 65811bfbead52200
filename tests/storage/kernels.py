"""Kernel files made by hand: headers as the specifications have them, and nothing that would run."""

from __future__ import annotations

import gzip
import struct

LINUX = b"Linux version 2.6.18-6-xen-686 (Debian 2.6.18) (dannf@debian.org) #1 SMP\n\0"
NEW_LINUX = b"Linux version 6.1.0-9 (x@y) #1 SMP\n\0"


def note(kind: int, content: bytes, name: bytes = b"Xen\0") -> bytes:
    def padded(raw: bytes) -> bytes:
        return raw + bytes(-len(raw) % 4)

    return struct.pack("<III", len(name), len(content), kind) + padded(name) + padded(content)


PVH = note(18, struct.pack("<I", 0x1000000))
XEN = note(6, b"linux\0") + note(7, b"2.6\0") + note(1, struct.pack("<I", 0xC0100000)) + note(9, b"yes\0")


def elf(
    bits: int = 32, *, notes: bytes = b"", entry: int = 0x1000000, section: bytes = b"", text: bytes = LINUX
) -> bytes:
    """An ELF file with one PT_NOTE segment and, where asked for, a section `__xen_guest`."""
    small = bits == 32
    size, program, shsize = (52, 32, 40) if small else (64, 56, 64)
    names = b"\0.shstrtab\0__xen_guest\0"
    at_notes = size + program
    at_section = at_notes + len(notes)
    at_names = at_section + len(section)
    at_text = at_names + len(names)
    at_table = at_text + len(text)
    identity = b"\x7fELF" + bytes([1 if small else 2, 1, 1]) + bytes(9)
    header = struct.pack(
        "<HHI" + ("III" if small else "QQQ") + "IHHHHHH",
        2,
        3 if small else 62,
        1,
        entry,
        size,
        at_table if section else 0,
        0,
        size,
        program,
        1,
        shsize,
        3 if section else 0,
        1 if section else 0,
    )
    if small:
        segment = struct.pack("<8I", 4, at_notes, 0, 0, len(notes), len(notes), 0, 4)
    else:
        segment = struct.pack("<IIQQQQQQ", 4, 0, at_notes, 0, 0, len(notes), len(notes), 4)
    table = bytes(shsize)
    for name, offset, length in ((1, at_names, len(names)), (11, at_section, len(section))):
        if small:
            table += struct.pack("<10I", name, 1, 0, 0, offset, length, 0, 0, 1, 0)
        else:
            table += struct.pack("<IIQQQQIIQQ", name, 1, 0, 0, offset, length, 0, 0, 1, 0)
    return identity + header + segment + notes + section + names + text + (table if section else b"")


def bzimage(
    version: bytes = b"6.1.0-9-amd64 (x@y) #1", *, protocol: int = 0x20F, wide: bool = True, payload: bytes = b""
) -> bytes:
    image = bytearray(512 * 6)
    image[0x1F1] = 4
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", image, 0x206, protocol)
    struct.pack_into("<H", image, 0x20E, 0x300 if version else 0)
    struct.pack_into("<H", image, 0x236, 1 if wide else 0)
    struct.pack_into("<II", image, 0x248, 16, len(payload))
    image[0x500 : 0x500 + len(version) + 1] = version + b"\0"
    return bytes(image[: 512 * 5 + 16]) + payload


def multiboot(*, checksum_off: int = 0) -> bytes:
    flags = 0x10000
    return (
        bytes(64)
        + struct.pack("<III", 0x1BADB002, flags, (-(0x1BADB002 + flags) + checksum_off) & 0xFFFFFFFF)
        + bytes(99)
    )


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # the tests of several processes have the same names
