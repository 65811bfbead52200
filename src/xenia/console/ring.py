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
        start = max(0, len(self._bytes) - max(0, length))
        if start > 0:
            line_end = self._bytes.find(b"\n", start - 1, -1)
            start = line_end + 1 if line_end >= 0 else start
        return _QUESTIONS.sub(b"", self._bytes[start:])
