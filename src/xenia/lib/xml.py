"""XML as plain nodes. What strangers wrote is read without document types and entities: those are refused.

Written on expat, which xml.etree uses as well: it tells lines and columns, and what is refused can be refused at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_DEEPEST = 64
_MOST = 50_000
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold (XML 1.0, production 2)."""


class XmlError(Exception):
    """The text is no XML that is read here. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(slots=True)
class Node:
    """An element: its name, attributes, children in order and the text directly in it; where it stands, from 1."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""
    line: int = 0
    column: int = 0

    def add(self, name: str, attributes: Mapping[str, str | None] | None = None, text: str = "") -> Node:
        """A new last child; attributes that are None are left out."""
        given = {key: value for key, value in (attributes or {}).items() if value is not None}
        child = Node(name, given, text=text)
        self.children.append(child)
        return child


class _Builder:
    """Puts nodes together as expat meets them."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.root: Node | None = None
        self._open: list[Node] = []
        self._count = 0

    def _error(self, message: str) -> XmlError:
        return XmlError(message, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST:
            raise self._error("there are too many elements, or they are nested too deeply")
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        node = Node(name, attributes, line=line, column=column)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, *_: object) -> None:
        raise self._error("a document type (<!DOCTYPE>) is not read: it could name files, or grow without end")


def parse(text: str) -> Node:
    """The root element of `text`. Raises XmlError."""
    builder = _Builder()
    try:
        builder.parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        message = expat.errors.messages[error.code]
        raise XmlError(f"this is no XML: {message}", error.lineno, error.offset + 1) from None
    if builder.root is None:
        raise XmlError("there is no element", 1, 1)
    return builder.root


def dump(node: Node) -> str:
    """`node` as a document, two blanks deeper each level. Raises ValueError for a character that XML cannot hold."""
    return "".join(f"{line}\n" for line in _lines(node, ""))


def _lines(node: Node, indent: str) -> Iterator[str]:
    attributes = "".join(f" {name}='{_escaped(value)}'" for name, value in node.attributes.items())
    head = f"{indent}<{node.name}{attributes}"
    if node.children:
        yield f"{head}>"
        for child in node.children:
            yield from _lines(child, f"{indent}  ")
        yield f"{indent}</{node.name}>"
    elif node.text:
        yield f"{head}>{_escaped(node.text)}</{node.name}>"
    else:
        yield f"{head}/>"


def _escaped(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise ValueError(f"{text!r} has characters that XML cannot hold")
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&apos;")):
        text = text.replace(character, name)
    # In an attribute these would be read as blanks.
    return text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
