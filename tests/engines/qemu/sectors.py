"""Boot sectors: guests of 512 bytes that do one thing, without an operating system."""

from __future__ import annotations

_COM1 = 0x3F8


def _disk(code: bytes) -> bytes:
    """A disk of 1 MiB that the BIOS boots `code` from."""
    assert len(code) <= 510
    return (code.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0")


def _say(text: str) -> bytes:
    """mov dx, COM1; then mov al, character; out dx, al for each."""
    return b"\xba" + _COM1.to_bytes(2, "little") + b"".join(b"\xb0" + bytes([char]) + b"\xee" for char in text.encode())


_CLI = b"\xfa"
_HALT = bytes.fromhex("f4ebfd")  # hlt; jmp to it


def saying(text: str) -> bytes:
    """Says `text` on COM1 and sleeps."""
    return _disk(_CLI + _say(text) + _HALT)


def spinning() -> bytes:
    """Takes all the CPU time that it can get."""
    return _disk(_CLI + bytes.fromhex("ebfe"))  # jmp to it


def reading() -> bytes:
    """Reads the second sector of its disk, again and again."""
    segment = bytes.fromhex("31c0 8ec0")  # es = 0
    read = bytes.fromhex("b80102 bb007e b90200 ba8000 cd13 ebf0")  # one sector, BIOS call 0x13; jmp to it
    return _disk(segment + read)


def obedient() -> bytes:
    """Says `ready` on COM1 and obeys single characters: p power off, r reset, c crash; others it echoes."""
    power_off = bytes.fromhex("ba0406 b80020 ef") + _HALT  # ACPI: SLP_EN with type 0 to PM1a_CNT at 0x604
    reset = bytes.fromhex("baf90c b006 ee") + _HALT  # the reset register 0xcf9
    crash = bytes.fromhex("ba0505 b001 ee") + _HALT  # pvpanic's port 0x505
    read = bytes.fromhex("bafd03 ec a801 74f8 baf803 ec")  # until bit 0 of the line status is set; then the character
    size = len(read) + 3 * 4 + 3
    tests, target = b"", size
    for number, (char, action) in enumerate(zip(b"prc", (power_off, reset, crash), strict=True)):
        here = len(read) + 4 * (number + 1)
        tests += bytes([0x3C, char, 0x74, target - here])  # cmp al, char; je action
        target += len(action)
    echo = b"\xee\xeb" + bytes([256 - size])  # out dx, al; jmp to read
    return _disk(_CLI + _say("ready\n") + read + tests + echo + power_off + reset + crash)


def echoing_keys() -> bytes:
    """Says `ready` on COM1, and then each scan code that its keyboard controller has, as two hexadecimal digits."""
    read = bytes.fromhex("e464 a801 74fa e460 88c3")  # until bit 0 of port 0x64 is set; bl = the code at 0x60
    digit = bytes.fromhex("3c0a 7202 0427 0430 ee")  # out dx, the digit that al stands for
    body = read + bytes.fromhex("c0e804") + digit + bytes.fromhex("88d8 240f") + digit + bytes.fromhex("b020 ee")
    return _disk(_CLI + _say("ready\n") + body + bytes([0xEB, 256 - len(body) - 2]))


def enlarging_at_a_key() -> bytes:
    """Waits for a key, and then has a screen of 640 by 480 pixels."""
    return _disk(bytes.fromhex("b400 cd16 b81200 cd10") + _HALT)  # BIOS calls 0x16 and 0x10, mode 0x12


def counting(word: str) -> bytes:
    """Says `word` and a number of four hexadecimal digits that grows by one, a line about once a second."""
    begin = bytes.fromhex("31c0 8ed8 8ed0 bc007c fb 31db")  # ds = ss = 0; sp = 0x7c00; interrupts on; bx = 0
    digit = bytes.fromhex("c1c304 88d8 240f 0430 3c3a 7202 0427 ee")  # rol bx, 4; out dx, the digit of its last 4 bits
    digits = b"\xb9\4\0" + digit + bytes([0xE2, 256 - len(digit) - 2])  # mov cx, 4; ...; loop
    tick = bytes.fromhex("a16c04 f4 3b066c04 74f9")  # the BIOS counts ticks at 0x46c: hlt until it has
    second = b"\xb9\x12\0" + tick + bytes([0xE2, 256 - len(tick) - 2])  # 18 ticks
    body = b"\x43" + _say(word) + digits + _say("\r\n") + second  # inc bx; ...
    return _disk(begin + body + b"\xe9" + (0x10000 - len(body) - 3).to_bytes(2, "little"))
