"""Text from guests and strangers: read whatever its encoding, and made fit for a terminal or a log."""

from __future__ import annotations


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, or else Latin-1, in which old ones were written."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def encode_like(text: str, content: bytes) -> bytes:
    """`text` in the encoding that `decode` found `content` to be in. Raises UnicodeEncodeError where that lacks a
    letter.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        return text.encode("latin-1")
    return text.encode()


def printable(text: str) -> str:
    r"""`text` on one line, all that is no visible character escaped as Python would: `\x1b`, `\n`, `\u202e`.

    That covers control characters (and with them terminal escapes), marks that turn the writing direction, invisible
    characters and the stand-ins for bytes that are not UTF-8 (Unicode's categories Other and Separator, but the blank).
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
