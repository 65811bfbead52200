"""The text of a guest file, made fit to be read: one kind of line end, no byte-order mark, places that can be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xenia.model.complaint import Complaint, Severity
from xenia.model.reading import Place

LIMIT = 128 << 10
"""The longest guest file that is read, in characters: real ones have less than a tenth of it, and twice as much could
take 100 MB to read.
"""

_SHOWN = 400
"""How much of a line is quoted."""

_UTF_16 = ("\xff\xfe", "\xfe\xff", "\ufffe")
"""Its byte-order marks, as they look once they are read as Latin-1."""

_LINE_END = re.compile(r"\r\n|\r|\n")


class Refused(Exception):
    """Reading ends here, with one complaint. `error` names Python's exception where the file itself may catch it."""

    def __init__(self, complaint: Complaint, error: str = "") -> None:
        super().__init__(complaint.message)
        self.complaint = complaint
        self.error = error


@dataclass(frozen=True, slots=True)
class Source:
    """`text` has `\\n` line ends only; `lines` are its lines without them."""

    file: str
    text: str
    lines: tuple[str, ...]

    def place(self, line: int, column: int) -> Place:
        """The place at `line` and `column`, both from 1."""
        shown = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Place(line, column, printable(shown[:_SHOWN]))

    def complaint(self, line: int, column: int, message: str, hint: str | None = None) -> Complaint:
        """An error at one place."""
        place = self.place(line, column)
        message, hint = printable(message), printable(hint) if hint else None
        return Complaint(Severity.ERROR, message, self.file, place.line, place.column, place.text, hint)


def printable(text: str) -> str:
    """`text` without what a terminal could take for a command; each letter keeps its column."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in text)


def prepare(text: str, file: str) -> tuple[Source, list[Complaint]]:
    """The source of `text` and what is to be noted about its form. Raises Refused where it is no text or too long."""
    if len(text) > LIMIT:
        raise Refused(
            Complaint(Severity.ERROR, f"the file is longer than {LIMIT >> 10} KiB: it is no guest file", file)
        )
    if text.startswith(_UTF_16) or text[1:8:2] == "\0\0\0\0":
        message = "this is UTF-16 text, which neither xm nor xl reads"
        hint = "save the file as UTF-8 (iconv -f UTF-16 -t UTF-8)"
        raise Refused(Complaint(Severity.ERROR, message, file, 1, 1, hint=hint))
    notes = []
    if text.startswith("\ufeff"):
        text = text[1:]
        notes.append(Complaint(Severity.NOTE, "the byte-order mark at the start is skipped; xl refuses it", file, 1, 1))
    text = _LINE_END.sub("\n", _from_bytes(text))
    source = Source(file, text, tuple(text.split("\n")))
    if (at := text.find("\0")) >= 0:
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        raise Refused(source.complaint(line, column, "there is a NUL byte here: this is no text file"))
    return source, notes


def _from_bytes(text: str) -> str:
    """`text` without lone surrogates: those that stand for undecodable bytes become Latin-1 letters, others a question
    mark.
    """
    if text.isascii():
        return text
    return re.sub("[\ud800-\udfff]", lambda found: _letter(ord(found[0])), text)


def _letter(code: int) -> str:
    return chr(code - 0xDC00) if 0xDC80 <= code <= 0xDCFF else "?"
