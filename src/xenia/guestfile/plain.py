"""xl's grammar: assignments of strings, numbers and lists, and nothing else.

    file   = { [ name ("=" | "+=") value ] (newline | ";") }
    value  = string | number | "[" { value "," } [ value ] "]"

As libxlu_cfg has it: lines may be indented, lists span lines and may end with a comma, `#` starts a comment, strings
stand in ' or " (or three of them, over several lines) with backslash escapes, `+=` extends a list or a string. Numbers
keep their value, where xl keeps their letters: decimal, 0x hexadecimal, 0 octal.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from xenia.guestfile.bindings import Binding, Evaluated, placed
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

_KEYWORDS = frozenset(
    {
        "if", "else", "elif", "for", "in", "while", "def", "return", "import", "from", "not", "and", "or", "is",
        "lambda", "class", "try", "pass", "True", "False", "None",
    }
)  # fmt: skip
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
        if self.kind != "name" or self.word in _KEYWORDS:
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
            if type(old.value) is not type(value) or isinstance(value, int):
                raise NotPlain(
                    self.source.complaint(key.line, key.column, f"+= cannot join what {name} is with this value")
                )
            value, place = old.value + value, old.place or place
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

    def number(self, word: str) -> int:
        base = 16 if word[:2] in ("0x", "0X") else 8 if word[0] == "0" and len(word) > 1 else 10
        try:
            value = int(word, base)
        except ValueError:
            raise NotPlain(self.error(f"{word[:40]} is no number", "put it in quotes if it is a text")) from None
        if "_" in word or value.bit_length() > 64:
            raise NotPlain(self.error(f"the number {word[:40]} is too large or has a _ in it"))
        return value

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
