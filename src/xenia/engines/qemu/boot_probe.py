"""A boot sector of ours that shows whether an accelerator really runs guests.

That /dev/kvm can be opened, and even that firmware starts, does not: a nested KVM may emulate a guest's instructions
one by one. So the probe does what an operating system does: it enters 64-bit mode with paging and works there for some
hundred million instructions.
"""

from __future__ import annotations

_EXIT = 0x31
PASSED = _EXIT << 1 | 1
"""The exit status of a QEMU with `isa-debug-exit,iobase=0xf4` in which the sector came to its end."""

_SIZE = 1 << 20
_ROUNDS = 100_000_000

_START = bytes.fromhex(
    "FA"                # cli
    "FC"                # cld
    "31C0"              # xor ax, ax
    "8ED8"              # mov ds, ax
    "8EC0"              # mov es, ax
    "66BF00100000"      # mov edi, 0x1000       page tables: 0x1000 level 4, 0x2000 level 3, 0x3000 level 2
    "0F22DF"            # mov cr3, edi
    "66B9000C0000"      # mov ecx, 3 * 1024
    "6631C0"            # xor eax, eax
    "F366AB"            # rep stosd             clear them
    "C70600100320"      # mov word [0x1000], 0x2003
    "C70600200330"      # mov word [0x2000], 0x3003
    "C70600308300"      # mov word [0x3000], 0x0083     the first 2 MiB, mapped to themselves
    "0F20E0"            # mov eax, cr4
    "0C20"              # or al, 0x20           PAE
    "0F22E0"            # mov cr4, eax
    "66B9800000C0"      # mov ecx, 0xC0000080   EFER
    "0F32"              # rdmsr
    "0D0001"            # or ax, 0x100          long mode
    "0F30"              # wrmsr
    "0F0116607C"        # lgdt [0x7C60]
    "0F20C0"            # mov eax, cr0
    "660D01000080"      # or eax, 0x80000001    paging and protection
    "0F22C0"            # mov cr0, eax
    "EA807C0800"        # jmp 0x08:0x7C80
)  # fmt: skip
_TABLE = bytes.fromhex(
    "0F00" "687C0000"   # at 0x7C60: limit and address of the descriptor table
    "0000"
    "0000000000000000"  # at 0x7C68: the null descriptor
    "00000000009A2000"  # 64-bit code
)  # fmt: skip
_WORK = (
    b"\xb9" + _ROUNDS.to_bytes(4, "little")  # at 0x7C80: mov ecx, rounds
    + bytes.fromhex(
        "FFC9"          # dec ecx
        "75FC"          # jnz to the dec
        "B0"            # mov al, ...
    )
    + bytes([_EXIT])
    + bytes.fromhex(
        "E6F4"          # out 0xf4, al
        "F4"            # hlt
        "EBFD"          # jmp to the hlt
    )
)  # fmt: skip


def image() -> bytes:
    """A disk with the sector on it."""
    sector = _START.ljust(0x60, b"\x90") + _TABLE.ljust(0x20, b"\0") + _WORK
    return (sector.ljust(510, b"\0") + b"\x55\xaa").ljust(_SIZE, b"\0")
