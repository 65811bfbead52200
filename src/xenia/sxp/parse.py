"""S-expressions as xend of old read them: lists in brackets, words, texts in either kind of quotes, comments from #."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_BLANK = re.compile(r"[ \t\n\v\f\r]+")
_COMMENT = re.compile(r"#[^\n]*")
_WORD = re.compile(r"[^ \t\n\v\f\r#{}()<>\[\]!;][^ \t\n\v\f\r#{}()<>\[\]!;]*|[{}<>\[\]!;]")
_TEXT = re.compile(r"""(['"])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_DEEPEST = 64


class Broken(Exception):
    """What cannot be read, at the letter number `at` of the text."""

    def __init__(self, at: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Atom:
    """A word or a text. `at` is its first letter."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class List:
    """`at` is its opening bracket."""

    at: int
    items: list[Atom | List] = field(default_factory=list)


def parse(text: str) -> list[Atom | List]:
    """All that stands at the top of `text`. Raises Broken."""
    top = List(0)
    open_lists = [top]
    at = 0
    while at < len(text):
        if skipped := _BLANK.match(text, at) or _COMMENT.match(text, at):
            at = skipped.end()
        elif text[at] == "(":
            if len(open_lists) > _DEEPEST:
                raise Broken(at, f"brackets are nested more than {_DEEPEST} times", "no setting of xend needs that")
            inner = List(at)
            open_lists[-1].items.append(inner)
            open_lists.append(inner)
            at += 1
        elif text[at] == ")":
            if len(open_lists) == 1:
                raise Broken(at, "this bracket closes nothing", "take it out, or look for one that is missing before")
            open_lists.pop()
            at += 1
        else:
            atom, at = _atom(text, at)
            open_lists[-1].items.append(atom)
    if len(open_lists) > 1:
        raise Broken(open_lists[-1].at, "this bracket is never closed", "put a ) where its setting ends")
    return top.items


def _atom(text: str, at: int) -> tuple[Atom, int]:
    """The word or text that begins at `at`, and where what follows it begins."""
    if text[at] in "'\"":
        found = _TEXT.match(text, at)
        if found is None:
            raise Broken(at, "this quote is never closed", f"put a {text[at]} where the text ends")
        return Atom(_ESCAPE.sub(_unescaped, found[2]), at), found.end()
    found = _WORD.match(text, at)
    if found is None or not text[at].isprintable():
        raise Broken(at, "there is a character here that no text file has", "is this the right file?")
    return Atom(found[0], at), found.end()


def _unescaped(found: re.Match[str]) -> str:
    r"""One escape. Xend of old dropped the letter of one that it did not know, so that `\.` became `\`: hardly what
    its author meant, who gets both.
    """
    escape = found[1]
    if escape in _ESCAPES:
        return _ESCAPES[escape]
    if escape[0] == "x" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape[0] in "01234567":
        return chr(int(escape, 8) & 0xFF)
    return found[0]
