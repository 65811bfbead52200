"""What a listing brings along from where it was copied: a mail, a web page, a template, a shell."""

from __future__ import annotations

import re

from xenia.guestfile.text import Source
from xenia.model.complaint import Complaint

_KEY = r"[A-Za-z_]\w*\s*="
_EACH_LINE = "remove it from the beginning of each line"
_THIS_LINE = "remove this line"
_AROUND = (
    (rf"(\s*[>|+-])\s*{_KEY}", "this line begins with a {}, as in a mail, a table or a diff", _EACH_LINE),
    (rf"(\s*\d+[.:)]?)\s+{_KEY}", "this line begins with its number: {}", _EACH_LINE),
    (r"(\s*\w+\s*=3D)", "=3D is how mails encode a =", "decode the mail (quoted-printable) first"),
    (r"(\s*```)", "{} stands around a listing in a web page", _THIS_LINE),
    (r"(\s*\{%)", "{} begins a tag of a template, and is no part of a guest file", _THIS_LINE),
    (
        r"(\s*`).*`\s*$",
        "this line stands between two {}, as in the source of a web page",
        "remove the ` from each line",
    ),
    (
        r"(\s*\w*\\_|\s*\w+\s*=\s*\\\[)",
        "a \\ stands here, as in the source of a web page",
        "remove the \\ before _, [ and ]",
    ),
    (
        rf"\s*{_KEY}\s*\[?\s*(&(?:quot|apos|#0?39|#34);)",
        "{} is how web pages write a quote",
        "write the quote itself, here and elsewhere",
    ),
    (r"(\s*\[\w[\w ]*\])\s*$", "{} is a section, and a guest file has none", _THIS_LINE),
    (rf"(\s*(?:export|declare|local))\s+{_KEY}", "{} is a word of the shell, not of a guest file", "remove the word"),
    (
        r"(\s*(?:\S+@[\w.-]+\S*[#$]|(?:[$#]\s+)?(?:sudo|cat|echo|vi|vim|nano|xl|xm|tee)\b(?!\s*=)))",
        "this is a line of the shell, not of a guest file",
        _THIS_LINE,
    ),
)
_PATTERNS = tuple((re.compile(pattern), message, hint) for pattern, message, hint in _AROUND)
_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\$\{?\w+\}?|\$\(\(?[^)]*\)\)?|<[\w .-]+>|%\w+%|%\(\w+\)[sd]|@\w+@",
)


def brought_along(source: Source, number: int, text: str) -> Complaint | None:
    """The complaint about a line that shows that it was copied from elsewhere."""
    for pattern, message, hint in _PATTERNS:
        if (found := pattern.match(text)) is not None:
            word = found[1].strip()
            column = found.end(1) - len(word) + 1
            return source.complaint(number, column, message.format(word), hint)
    return None


def placeholder(value: str) -> str | None:
    """The part of a template that `value` begins with and that nobody has filled in."""
    found = _PLACEHOLDER.match(value)
    return found[0] if found else None
