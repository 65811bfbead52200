"""What a guest says, made harmless for the terminal of who looks at it.

A terminal obeys what it is shown: it answers questions (and the answer is typed), takes a title, fills the clipboard
(OSC 52), changes its modes. What is kept is visible text, the ends of lines, tabs, backspaces and, where they are
wanted, colours: the control function SGR of ECMA-48, as `less -R` does. All else is left out.
"""

from __future__ import annotations

import codecs
import re

_LONGEST = 4096
"""Characters of one control sequence. None is that long; what is has no end."""

_SEQUENCE = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]{0,64}m)"
    r"|(?:\x1b\[|\x9b)[ -?]*[@-~]?"  # any other CSI
    # OSC, DCS, SOS, PM, APC: up to their end, or that of the line, so that one without an end hides no more.
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\n\x07\x18\x1a\x1b\x80-\x9f]*(?:[\x07\x18\x1a\x9c]|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
_BEGUN = re.compile(
    r"(?:(?:\x1b\[|\x9b)[ -?]*"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\n\x07\x18\x1a\x1b\x80-\x9f]*\x1b?"
    r"|\x1b[ -/]*)\Z"
)
"""A sequence at the end of a piece, of which more may come."""

_RESET = "\x1b[0m"


class _Shown(dict[int, str | None]):
    """What each character is shown as, found out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        # The other spaces of Unicode are no visible characters in Python's eyes.
        shown = char if char.isprintable() or char in "\n\r\t\b" else " " if char.isspace() and code > 0x9F else None
        if len(self) < _LONGEST:
            self[code] = shown
        return shown


_SHOWN = _Shown()


def harmless(text: str, *, colours: bool = True) -> str:
    """The whole of `text`, made harmless; the colours are those of the terminal again at its end."""
    kept = _kept(text, colours=colours)
    return kept + _RESET if "\x1b" in kept else kept


def _kept(text: str, *, colours: bool) -> str:
    kept = []
    start = 0
    for sequence in _SEQUENCE.finditer(text):
        kept.append(text[start : sequence.start()].translate(_SHOWN))
        start = sequence.end()
        if colours and sequence["colour"]:
            kept.append(sequence["colour"])
    kept.append(text[start:].translate(_SHOWN))
    return "".join(kept)


class HarmlessStream:
    """Makes harmless what comes in pieces, which may end anywhere: in the midst of a character or of a sequence."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._coloured = False

    def feed(self, data: bytes) -> str:
        """What can be shown of all that has come by now. Bytes that are no UTF-8 are shown as U+FFFD."""
        text = self._begun + self._decoder.decode(data)
        begun = _BEGUN.search(text)
        self._begun = begun[0] if begun is not None and len(begun[0]) <= _LONGEST else ""
        kept = _kept(text[: len(text) - len(self._begun)], colours=True)
        self._coloured = self._coloured or "\x1b" in kept
        return kept

    def end(self) -> str:
        """What gives the terminal its own colours back, if it has shown others."""
        return _RESET if self._coloured else ""
