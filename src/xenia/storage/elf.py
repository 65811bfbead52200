"""What an ELF file of a kernel says about how it can be started. Runs in the worker.

Sources: the ELF specification; Xen's public/elfnote.h for the notes, and xen.h's `__xen_guest` section for kernels
before them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"\x7fELF"

_MACHINES = {3: 32, 62: 64}
"""e_machine of i386 and x86-64, and the bits of each."""
_PT_NOTE = 4
_ENTRY, _GUEST_OS, _GUEST_VERSION, _PAE_MODE, _PHYS32_ENTRY = 1, 6, 7, 9, 18
_NOTE_LIMIT = 1 << 16
_TABLE_LIMIT = 128
_OFFSET_LIMIT = 1 << 29
"""How far into a file is looked (512 MiB): a compressed file may claim to be endless."""
_VIRTUAL = {32: 0x40000000, 64: 1 << 47}
"""An entry point from here on is an address that only a hypervisor's page tables give a meaning."""


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """`entry_virtual`: it is entered with page tables in place, which only Xen sets up. `guest` is the notes' own OS
    and version."""

    bits: int
    entry_virtual: bool
    pvh: bool = False
    xen: bool = False
    pae: bool | None = None
    guest: str = ""


@dataclass(frozen=True, slots=True)
class _Header:
    bits: int
    entry: int
    program_offset: int
    section_offset: int
    program_size: int
    program_count: int
    section_size: int
    section_count: int
    names_index: int


def read_elf(file: BinaryIO) -> ElfFacts | None:
    """The facts of an x86 ELF file, None for anything else. Reads forward where it can, for the file may be
    compressed."""
    header = _read_header(file)
    if header is None:
        return None
    notes: dict[int, bytes] = {}
    for offset, size in _note_segments(file, header):
        notes.update(_xen_notes(_read(file, offset, min(size, _NOTE_LIMIT))))
    old = "" if notes else _xen_guest_section(file, header)
    pae = notes[_PAE_MODE].startswith((b"yes", b"bimodal")) if _PAE_MODE in notes else None
    guest = " ".join(
        notes.get(kind, b"").rstrip(b"\0").decode("ascii", "replace") for kind in (_GUEST_OS, _GUEST_VERSION)
    )
    return ElfFacts(
        bits=header.bits,
        entry_virtual=header.entry >= _VIRTUAL[header.bits],
        pvh=_PHYS32_ENTRY in notes,
        xen=_ENTRY in notes or _GUEST_OS in notes or bool(old),
        pae="PAE=no" not in old if "PAE=" in old else pae,
        guest=guest.strip(),
    )


def _read_header(file: BinaryIO) -> _Header | None:
    raw = _read(file, 0, 64)
    if len(raw) < 64 or not raw.startswith(MAGIC) or raw[5] != 1:
        return None
    bits = _MACHINES.get(int.from_bytes(raw[18:20], "little"))
    if bits is None or bits != {1: 32, 2: 64}.get(raw[4]):
        return None
    entry, program, section = struct.unpack_from("<III" if bits == 32 else "<QQQ", raw, 24)
    sizes = struct.unpack_from("<HHHHH", raw, 42 if bits == 32 else 54)
    return _Header(bits, entry, program, section, *sizes)


def _note_segments(file: BinaryIO, header: _Header) -> Iterator[tuple[int, int]]:
    wanted = 32 if header.bits == 32 else 56
    if header.program_size != wanted:
        return
    table = _read(file, header.program_offset, wanted * min(header.program_count, _TABLE_LIMIT))
    for start in range(0, len(table) - wanted + 1, wanted):
        if header.bits == 32:
            kind, offset, _, _, size = struct.unpack_from("<IIIII", table, start)
        else:
            kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", table, start)
        if kind == _PT_NOTE:
            yield offset, size


def _xen_notes(raw: bytes) -> dict[int, bytes]:
    notes, position = {}, 0
    while position + 12 <= len(raw):
        name_size, size, kind = struct.unpack_from("<III", raw, position)
        start = position + 12 + (name_size + 3) // 4 * 4
        if raw[position + 12 : position + 12 + name_size] == b"Xen\0":
            notes[kind] = raw[start : start + size]
        position = start + (size + 3) // 4 * 4
    return notes


def _xen_guest_section(file: BinaryIO, header: _Header) -> str:
    """The text of the section `__xen_guest` (`GUEST_OS=linux,GUEST_VER=2.6,PAE=yes,...`), "" without one."""
    wanted = 40 if header.bits == 32 else 64
    if header.section_size != wanted or header.names_index >= header.section_count:
        return ""
    count = min(header.section_count, _TABLE_LIMIT)
    table = _read(file, header.section_offset, wanted * count)
    sections = [_section(table, start, header.bits) for start in range(0, len(table) - wanted + 1, wanted)]
    if header.names_index >= len(sections):
        return ""
    names = _read(file, *_bounded(sections[header.names_index]))
    for name, offset, size in sections:
        if names[name : name + 12] == b"__xen_guest\0":
            return _read(file, offset, min(size, 4096)).rstrip(b"\0").decode("ascii", "replace")
    return ""


def _section(table: bytes, start: int, bits: int) -> tuple[int, int, int]:
    if bits == 32:
        name, _, _, _, offset, size = struct.unpack_from("<IIIIII", table, start)
    else:
        name, _, _, _, offset, size = struct.unpack_from("<IIQQQQ", table, start)
    return name, offset, size


def _bounded(section: tuple[int, int, int]) -> tuple[int, int]:
    return section[1], min(section[2], _NOTE_LIMIT)


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    if offset + size > _OFFSET_LIMIT:
        return b""
    file.seek(offset)
    return file.read(size)
