"""What kind of kernel a file is. Runs in the worker, for strangers wrote these bytes.

Sources: Linux Documentation/arch/x86/boot.rst (bzImage), the Multiboot specification 0.6.96, and elf.py's.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from xenia.storage.elf import ElfFacts, read_elf

EXPANDED_LIMIT = 1 << 28
"""Bytes of a compressed kernel once it is expanded (256 MiB)."""

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_BANNER = b"Linux version "
_DECOMPRESSORS: tuple[tuple[bytes, Callable[[BinaryIO], Any]], ...] = (
    (_GZIP, lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"\x5d\0\0", lzma.LZMAFile),
)
_UNREADABLE = (OSError, EOFError, ValueError, MemoryError, zlib.error, lzma.LZMAError)


def classify_kernel(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """The members of kernel.KernelFacts for the file open as the first descriptor, and `compressed`: it is a gzip file
    as a whole."""
    del arguments
    with open(descriptors[0], "rb", closefd=False) as file:
        head = _head(file, 8192)
        if head[0x202:0x206] == b"HdrS":
            return _bzimage(file, head)
        if not head.startswith(_GZIP):
            return _plain(file, head)
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) as inner:
                return _plain(cast(BinaryIO, inner), _head(cast(BinaryIO, inner), 8192)) | {"compressed": True}
        except _UNREADABLE:
            return {"form": "unknown", "bare_metal": False}


def expand_kernel(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Write the gzip file that is open as the first descriptor, expanded, to the pipe that is the second.

    `complete` tells whether it was sound and no larger than EXPANDED_LIMIT.
    """
    del arguments
    written = 0
    try:
        with open(descriptors[0], "rb", closefd=False) as file, open(descriptors[1], "wb", closefd=False) as pipe:
            file.seek(0)
            expander = zlib.decompressobj(wbits=31)
            while not expander.eof and written <= EXPANDED_LIMIT:
                chunk = expander.decompress(expander.unconsumed_tail or file.read(_CHUNK), _CHUNK)
                if not chunk and not expander.unconsumed_tail and not expander.eof:
                    break
                pipe.write(chunk)
                written += len(chunk)
    except _UNREADABLE:
        return {"complete": False}
    return {"complete": expander.eof}


def _head(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    return file.read(size)


def _bzimage(file: BinaryIO, head: bytes) -> dict[str, Any]:
    protocol = _number(head, 0x206, 2)
    pointer = _number(head, 0x20E, 2)
    version = ""
    if pointer:
        file.seek(pointer + 0x200)
        version = _words(file.read(256))
    bits = 0
    if protocol >= 0x20C:
        bits = 64 if _number(head, 0x236, 2) & 1 else 32
    facts: dict[str, Any] = {"form": "bzimage", "bits": bits, "version": version}
    if bits == 0 or "xen" in version.lower():
        facts |= _payload_facts(file, head) if protocol >= 0x208 else {}
    return facts


def _payload_facts(file: BinaryIO, head: bytes) -> dict[str, Any]:
    """What the ELF file inside says; read only where the header around it leaves a doubt, since it takes its time."""
    start = ((head[0x1F1] or 4) + 1) * 512 + _number(head, 0x248, 4)
    length = _number(head, 0x24C, 4)
    file.seek(start)
    payload = io.BytesIO(file.read(min(length, EXPANDED_LIMIT)))
    begin = payload.getvalue()[:6]
    for magic, decompressor in _DECOMPRESSORS:
        if begin.startswith(magic):
            try:
                elf = read_elf(decompressor(payload))
            except _UNREADABLE:
                return {}
            return {} if elf is None else _elf_facts(elf, bare_metal=not elf.entry_virtual)
    return {}


def _plain(file: BinaryIO, head: bytes) -> dict[str, Any]:
    elf = read_elf(file)
    if _multiboot(head) and (elf is None or elf.bits == 32):
        return {"form": "multiboot", "bits": 32, "version": _banner(file, elf)}
    if elf is None:
        return {"form": "unknown", "bare_metal": False}
    bare_metal = elf.pvh or not elf.entry_virtual
    return {"form": "elf", "version": _banner(file, elf)} | _elf_facts(elf, bare_metal=bare_metal)


def _elf_facts(elf: ElfFacts, *, bare_metal: bool) -> dict[str, Any]:
    return {"bits": elf.bits, "pvh": elf.pvh, "xen": elf.xen, "pae": elf.pae, "bare_metal": bare_metal}


def _multiboot(head: bytes) -> bool:
    """A magic number, flags and a checksum that make zero together, on a multiple of 4 in the first 8 KiB."""
    for match in re.finditer(rb"\x02\xb0\xad\x1b", head):
        at = match.start()
        total = sum(_number(head, at + 4 * word, 4) for word in range(3))
        if at % 4 == 0 and len(head) >= at + 12 and total & 0xFFFFFFFF == 0:
            return True
    return False


def _banner(file: BinaryIO, elf: ElfFacts | None) -> str:
    """Linux's own version, or what the Xen notes say of another system."""
    tail = b""
    try:
        file.seek(0)
        for _ in range(EXPANDED_LIMIT // _CHUNK):
            chunk = file.read(_CHUNK)
            if not chunk:
                break
            window = tail + chunk
            at = window.find(_BANNER)
            if at >= 0:
                return _words((window + file.read(256))[at + len(_BANNER) : at + len(_BANNER) + 256])
            tail = window[-len(_BANNER) :]
    except _UNREADABLE:
        pass
    return _words(elf.guest.encode()) if elf else ""


def _words(raw: bytes) -> str:
    """The printable text at the beginning of `raw`: it is shown to administrators."""
    match = re.match(rb"[\x20-\x7e]*", raw)
    return match.group().decode("ascii").strip() if match else ""


def _number(raw: bytes, offset: int, size: int) -> int:
    return int.from_bytes(raw[offset : offset + size], "little")
