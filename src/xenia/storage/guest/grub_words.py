"""The language of grub.cfg as words and blocks (GNU GRUB manual 2.06, chapter "Writing full configuration files").

Conditions are not decided here: commands in all their branches are seen, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from xenia.storage.guest.blocks import Unreadable

_TOKEN = re.compile(
    r"""(?P<blank>(?:[ \t\r]|\\\n)+)
      | (?P<end>[\n;&|]+)
      | '(?P<raw>[^']*)'
      | "(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"
      | \$\{(?P<braced>[^}\n]*)\}
      | \$(?P<variable>\w+|[?@*\#])
      | \\(?P<escaped>.)
      | (?P<plain>[^\s;&|'"$\\]+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_QUOTES = re.compile(
    r"""\\(?P<escaped>[\\"$]) | \$\{(?P<braced>[^}\n]*)\} | \$(?P<variable>\w+) | (?P<text>[^\\$]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 16
_MOST_COMMANDS = 50_000
_LONGEST = 1 << 13
"""Characters of a word, or of what a variable holds."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a word: text, or with `variable` the name of one, whose blanks part words unless it is `quoted`."""

    text: str
    variable: bool = False
    quoted: bool = False


Word = tuple[Piece, ...]


@dataclass(slots=True)
class Block:
    """`commands` in order; one that opens a block (`menuentry ... {`) has it as its second member, else None."""

    commands: list[tuple[list[Word], Block | None]] = field(default_factory=list)


def parse_blocks(text: str) -> Block:
    """The commands of a whole file. Raises Unreadable for one with too many, or blocks too deep in each other."""
    outermost = Block()
    stack = [outermost]
    words: list[Word] = []
    commands = 0
    for part in _tokens(text):
        if isinstance(part, tuple):
            words.append(part)
            continue
        inner = Block() if part == "{" else None
        if words or inner:
            stack[-1].commands.append((words, inner))
            commands += 1
            words = []
        if inner is not None:
            stack.append(inner)
        elif part == "}" and len(stack) > 1:
            stack.pop()
        if len(stack) > _DEEPEST or commands > _MOST_COMMANDS:
            raise Unreadable("its configuration is too long or too deep to be read")
    return outermost


def expand(words: list[Word], variables: Mapping[str, str]) -> list[str]:
    """The words of a command with their variables; one that was never set is empty. Raises Unreadable for bombs."""
    expanded: list[str] = []
    for word in words:
        expanded += _expand_word(word, variables)
    return expanded


def _expand_word(word: Word, variables: Mapping[str, str]) -> list[str]:
    parts = [""]
    solid = False
    for piece in word:
        value = variables.get(piece.text, "") if piece.variable else piece.text
        if piece.variable and not piece.quoted:
            first, *more = re.split(r"[ \t]+", value)
            parts[-1] += first
            parts += more
        else:
            parts[-1] += value
            solid = True
        if len(parts) > _LONGEST or len(parts[-1]) > _LONGEST:
            raise Unreadable("its configuration has a word that is too long to be read")
    return [part for part in parts if part or solid]


def _tokens(text: str) -> Iterator[Word | str]:
    """Words, and between them "end", "{" and "}"."""
    pieces: list[Piece] = []
    at = 0
    while at < len(text):
        if text[at] == "#" and not pieces:
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        match = _TOKEN.match(text, at)
        if match is None:  # cannot be: the last alternative takes anything
            break
        at = match.end()
        if match["blank"] is None and match["end"] is None:
            pieces += _pieces(match)
            continue
        if pieces:
            yield _word_or_brace(pieces)
            pieces = []
        if match["end"] is not None:
            yield "end"
    if pieces:
        yield _word_or_brace(pieces)
    yield "end"


def _word_or_brace(pieces: list[Piece]) -> Word | str:
    (first, *more) = pieces
    if not more and first.text in ("{", "}") and not first.quoted and not first.variable:
        return first.text
    return tuple(pieces)


def _pieces(match: re.Match[str]) -> list[Piece]:
    if match["quoted"] is not None:
        found = []
        for inner in _IN_QUOTES.finditer(match["quoted"]):
            name = inner["braced"] if inner["braced"] is not None else inner["variable"]
            text = inner["escaped"] or inner["text"] or ""
            found.append(Piece(text, quoted=True) if name is None else Piece(name, variable=True, quoted=True))
        return found or [Piece("", quoted=True)]
    name = match["braced"] if match["braced"] is not None else match["variable"]
    if name is not None:
        return [Piece(name, variable=True)]
    if match["raw"] is not None:
        return [Piece(match["raw"], quoted=True)]
    if match["escaped"] is not None:
        return [Piece(match["escaped"], quoted=True)]
    return [Piece(match["plain"] or match["other"])]
