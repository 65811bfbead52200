"""The latest output of one console."""

from __future__ import annotations

import re

RING = 64 * 1024
"""Bytes kept of each console."""

_QUESTIONS = re.compile(
    rb"\x1b\[[0-9;?>=]*[nc]"  # device status and attributes: CSI n, CSI c
    rb"|\x1b\[[0-9;]*t"  # window operations, among them reports of size and title
    rb"|\x1b\[\?[0-9;]*\$p"  # mode requests
    rb"|\x1b\][0-9;]*\?(?:\x07|\x1b\\)"  # colour queries
    rb"|\x1bZ|\x05"  # identify, enquiry
)


class Ring:
    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def add(self, data: bytes) -> None:
        self._bytes += data
        if len(self._bytes) > RING:
            del self._bytes[:-RING]

    def tail(self, length: int) -> bytes:
        """The last `length` bytes at most, beginning at the start of a line where there is one.

        What the guest once asked the terminal (where is the cursor, what are you) is left out: a terminal that is
        shown it again would answer again, and the answer would be typed into the guest.
        """
        if length <= 0:
            return b""
        data = bytes(self._bytes[-length:])
        if len(data) < len(self._bytes):
            line_end = data.find(b"\n")
            data = data[line_end + 1 :]
        return _QUESTIONS.sub(b"", data)
