"""xl's grammar: assignments of strings, numbers and lists, and nothing else.

    file   = { [ name ("=" | "+=") value ] (newline | ";") }
    value  = string | number | "[" { value "," } [ value ] "]"

As libxlutil 4.17 has it (libxlu_cfg_l.l, libxlu_cfg_y.y): lines may be indented, lists span lines and may end with a
comma, `#` starts a comment, strings stand in ' or " with backslash escapes, `+=` extends a list or a string. What xl
refuses and Python reads alike is taken as well: capitals in names and numbers, a comment in a last line without end,
form feeds, three quotes around several lines, letters by their number (`\\101`, which xl drops or refuses). Numbers are
decimal, 0x hexadecimal, 0 octal; a word that begins with a digit and is no number (`1a`, `09`) is a text, as for xl.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from xenia.guestfile.bindings import Binding, Evaluated, WrittenInt, placed
from xenia.guestfile.budget import BITS, ITEMS
from xenia.guestfile.text import Refused, Source
from xenia.model.complaint import Complaint, Severity
from xenia.model.reading import Place

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\f\v]+|\#[^\n]*)
  | (?P<newline>\n|;)
  | (?P<string>\"\"\"(?:[^\\]|\\[\s\S])*?\"\"\"|'''(?:[^\\]|\\[\s\S])*?'''|"(?!"")(?:[^"\\\n]|\\[^\n])*"
             |'(?!'')(?:[^'\\\n]|\\[^\n])*'|""|'')
  | (?P<number>[0-9][0-9A-Za-z_.]*)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>\+=|[=\[\],])
    """,
    re.VERBOSE,
)

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"'}

_WORD = re.compile(r"[0-9][0-9a-fx]*")
"""What xl takes for a number, which need not be one."""
_DEPTH = 16
_MOST_NOTES = 50


class NotPlain(Refused):
    """The text is not in xl's grammar; the complaint says where."""


def parse(source: Source) -> Evaluated:
    """What a file in xl's grammar gives. Raises NotPlain at the first thing that is not in it."""
    parser = Parser(source)
    return Evaluated(parser.file(), python=False, complaints=parser.notes)


class Parser:
    """One pass over the tokens of a file; `edit` has a parser that notes where they stand besides."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.at = 0
        self.line = 1
        self.line_start = 0
        self.kind = "newline"
        self.word = ""
        self.place_at = (1, 1)
        self.bindings: dict[str, Binding] = {}
        self.notes: list[Complaint] = []

    def file(self) -> dict[str, Binding]:
        self.advance()
        while self.kind != "end":
            if self.kind == "newline":
                self.advance()
                continue
            self.assignment()
            if self.kind not in ("newline", "end"):
                raise self.unexpected("the end of the line")
        return self.bindings

    def assignment(self) -> None:
        if self.kind != "name":
            raise self.unexpected("a name")
        name, key = self.word, self.place()
        self.advance()
        operator = self.word
        if self.kind != "mark" or operator not in ("=", "+="):
            raise self.unexpected("'='")
        self.advance()
        place = self.place()
        value = self.value(0)
        old = self.bindings.get(name)
        if old is not None and old.key is not None and operator == "=" and len(self.notes) < _MOST_NOTES:
            message = f"{name} stands here once more (first in line {old.key.line}): the last one counts"
            self.notes.append(replace(self.source.complaint(key.line, key.column, message), severity=Severity.NOTE))
        elif old is not None and operator == "+=":
            message = f"+= cannot join what {name} is with this value"
            value = _joined(old.value, value)
            if value is None:
                raise NotPlain(self.source.complaint(key.line, key.column, message))
            place = old.place or place
        self.bindings[name] = Binding(value, key, place)

    def value(self, depth: int) -> Any:
        if self.kind == "string":
            return self.take(self.unquoted(self.word))
        if self.kind == "number":
            return self.take(self.number(self.word))
        if self.word == "[" and self.kind == "mark":
            if depth >= _DEPTH:
                raise NotPlain(self.error("lists are nested too deeply here"))
            return self.list(depth)
        raise self.unexpected("a string, a number or a list")

    def list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        self.advance()
        while True:
            self.skip_newlines()
            if self.word == "]" and self.kind == "mark":
                self.advance()
                return items
            if len(items) >= ITEMS:
                raise NotPlain(self.error(f"a list of more than {ITEMS} items is too long"))
            place = self.place()
            item = self.value(depth + 1)
            items.append(placed(item, place) if isinstance(item, str) else item)
            self.skip_newlines()
            if self.word == "," and self.kind == "mark":
                self.advance()
            elif not (self.word == "]" and self.kind == "mark"):
                raise self.unexpected("',' or ']'")

    def skip_newlines(self) -> None:
        while self.kind == "newline" and self.word == "\n":
            self.advance()

    def number(self, word: str) -> int | str:
        try:
            value = int(word, _base(word)) if "_" not in word else None
        except ValueError:
            value = None
        if value is not None and value.bit_length() <= BITS:
            return WrittenInt(value, word)
        if _WORD.fullmatch(word):
            return word
        raise NotPlain(self.error(f"{word[:40]} is no number", "put it in quotes if it is a text"))

    def unquoted(self, word: str) -> str:
        quotes = 3 if len(word) >= 6 and word[:3] in ("'''", '"""') else 1
        return _ESCAPE.sub(self.unescaped, word[quotes:-quotes])

    def unescaped(self, found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "x" and len(code) == 3:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8) & 0xFF)
        if code not in _LETTERS:
            raise NotPlain(self.error(f"the escape \\{code} means nothing in a string", "write \\\\ for a backslash"))
        return _LETTERS[code]

    def take(self, value: Any) -> Any:
        self.advance()
        return value

    def advance(self) -> None:
        """Move to the next token that is no blank."""
        text = self.source.text
        while True:
            self.place_at = (self.line, self.at - self.line_start + 1)
            if self.at >= len(text):
                self.kind, self.word = "end", ""
                return
            found = _TOKEN.match(text, self.at)
            if found is None:
                self.kind, self.word = "unknown", text[self.at]
                return
            self.kind, self.word = str(found.lastgroup), found[0]
            self.at = found.end()
            if newlines := self.word.count("\n"):
                self.line += newlines
                self.line_start = text.rfind("\n", 0, self.at) + 1
            if self.kind != "blank":
                return

    def place(self) -> Place:
        return self.source.place(*self.place_at)

    def error(self, message: str, hint: str | None = None) -> Complaint:
        return self.source.complaint(*self.place_at, message, hint)

    def unexpected(self, wanted: str) -> NotPlain:
        found = {"end": "the end of the file", "newline": "the end of the line"}.get(self.kind, f"'{self.word[:40]}'")
        return NotPlain(self.error(f"{wanted} is expected here, not {found}"))


def _joined(old: Any, more: Any) -> Any:
    """Two lists, or a text and a text or a number. None for what does not fit, and for two numbers: xl joins their
    letters, xm added them."""
    if isinstance(old, list) and isinstance(more, list):
        return old + more
    if isinstance(old, list) or isinstance(more, list) or (isinstance(old, int) and isinstance(more, int)):
        return None
    return "".join(value.letters if isinstance(value, WrittenInt) else value for value in (old, more))


def _base(word: str) -> int:
    return 16 if word[:2] in ("0x", "0X") else 8 if word[0] == "0" and len(word) > 1 else 10
