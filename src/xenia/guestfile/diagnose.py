"""What is probably wrong with a line that neither dialect understands."""

from __future__ import annotations

import difflib
import re

from xenia.guestfile.given import flag_of, number_hint
from xenia.guestfile.keys import KEYS, MEANT
from xenia.guestfile.keys.key import KeyType
from xenia.guestfile.listing import brought_along, placeholder
from xenia.guestfile.text import Source
from xenia.model.complaint import Complaint

_TYPOGRAPHIC = re.compile("[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2032\u2033\u00b4`]")
_INVISIBLE = {
    "\u00a0": "a no-break space", "\u2007": "a figure space", "\u202f": "a narrow no-break space",
    "\u3000": "a wide space", "\u200b": "a zero-width space", "\u200e": "a direction mark",
    "\u200f": "a direction mark", "\u2060": "a word joiner", "\ufeff": "a byte-order mark",
    "\u00ad": "a soft hyphen", "\v": "a vertical tab", "\x1a": "an end-of-file mark of DOS",
}  # fmt: skip
_ODD = re.compile("[" + "".join(_INVISIBLE) + "]")
_DASHED = re.compile(r"\s*([A-Za-z_]\w*(?:-\w+)+)\s*\+?=")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*\+?=\s*(.*)")
_BARE = re.compile(r"([A-Za-z_/.][\w./:+\- ]*?)\s*(?:#.*)?$")
_STATEMENT = re.compile(
    r"\s*(?:if|elif|else|for|while|def|return|import|from|print|raise|assert|try|except|class|with|lambda|not|pass)\b"
)
_BROKEN_TEXT = re.compile(r"(['\"])[^'\"]*\1\s*[\w/.]")
_SECOND_KEY = re.compile(r"(['\"])[^'\"]*\1\s*([A-Za-z_]\w*)\s*=")
_OTHER_FORMATS = (
    (re.compile(r"\s*<[?!A-Za-z]"), "this is XML, not a guest file", "a guest file has lines like memory = 512"),
    (re.compile(r"\s*\{(?!%)"), "this is JSON, not a guest file", "a guest file has lines like memory = 512"),
    (re.compile(r"\s*\(\s*(?:vm|domain)\b"), "this is SXP, in which xend kept domains, not a guest file",
     "a guest file has lines like memory = 512"),
    (re.compile(r"#!.*\b(?:ba|da|z|k)?sh\b"), "this is a shell script, not a guest file",
     "name the guest file that it starts"),
)  # fmt: skip
_UNIT = re.compile(r"(\d+\s*[KMGTkmgt](?:i?[Bb])?)\s*(?:#.*)?$")
_ONE_LINE = "it goes on in the next line: make one line of the two"
_LOOKED_AT = 400
_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"|#.*")
_PYTHON_2 = (
    (re.compile(r"\s*print\s+[^(\s]"), "print without brackets is Python 2", "remove the line, or write print(...)"),
    (re.compile(r"\s*raise\s+\w+\s*,"), "a comma after raise is Python 2", "write raise ValueError('why')"),
    (re.compile(r"\s*except\s+\w+\s*,"), "a comma after except is Python 2", "write except ValueError as error:"),
    (re.compile(r"\s*exec\b"), "exec runs a text, and a guest file is read, not run", "write the lines themselves"),
    (re.compile(r"[^'\"]*<>"), "<> is Python 2", "write !="),
    (re.compile(r"[^'\"]*\b0[0-7]*[lL]\b|[^'\"]*\b[1-9]\d*[lL]\b"), "an L behind a number is Python 2", "remove the L"),
)


def diagnose(source: Source, line: int, column: int, message: str) -> Complaint:
    """The complaint about a place where reading stopped: what a look at the line suggests, or else `message`."""
    for number in dict.fromkeys((line, line - 1)):
        text = source.lines[number - 1] if 0 < number <= len(source.lines) else ""
        if (found := _line(source, number, text[:_LOOKED_AT])) is not None:
            return found
    if (unclosed := _unclosed(source, line)) is not None:
        return unclosed
    return source.complaint(line, column, _spoken(message), _hint(message))


def other_format(source: Source) -> Complaint | None:
    """What a file is that is not meant to be a guest file at all."""
    for pattern, message, hint in _OTHER_FORMATS:
        if pattern.match(source.text):
            return source.complaint(1, 1, message, hint)
    return None


def _line(source: Source, number: int, text: str) -> Complaint | None:
    code = text.partition("#")[0]
    if (found_along := brought_along(source, number, text)) is not None:
        return found_along
    if (found := _TYPOGRAPHIC.search(code)) is not None:
        message = f"{found[0]} is a typographic quote: a text stands in ' or \""
        return source.complaint(number, found.start() + 1, message, "replace both by plain quotes")
    if (found := _ODD.search(_TEXT.sub(_blanked, text))) is not None:
        message = f"{_INVISIBLE[found[0]]} (U+{ord(found[0]):04X}) stands here, which looks like nothing or a blank"
        return source.complaint(number, found.start() + 1, message, "delete it, or write a plain blank in its place")
    if (found := _DASHED.match(text)) is not None:
        return source.complaint(
            number, found.start(1) + 1, f"a key has no - in it: {found[1]}", _meant(found[1].replace("-", "_"))
        )
    for pattern, message, hint in _PYTHON_2:
        if pattern.match(code):
            return source.complaint(number, len(text) - len(text.lstrip()) + 1, message, hint)
    if _STATEMENT.match(text):
        return None
    if (found := _ASSIGNMENT.match(text)) is not None:
        return _value(source, number, found)
    if _is_prose(code):
        return source.complaint(
            number, 1, "this line is neither an assignment nor a comment", "is it a comment that has lost its #?"
        )
    return None


def _blanked(found: re.Match[str]) -> str:
    """As many letters, so that columns stay: what stands in a text or a comment may be odd."""
    return "x" * len(found[0])


def _is_prose(code: str) -> bool:
    words = [word.strip(".,;:!?()'\"-/") for word in code.split()]
    return "=" not in code and len(words) > 1 and sum(word.isalpha() for word in words) >= 2


def _value(source: Source, number: int, found: re.Match[str]) -> Complaint | None:
    key, value = found[1], found[2].rstrip()
    column = found.start(2) + 1
    if not value or value.startswith("#"):
        return source.complaint(
            number,
            found.start(1) + 1,
            f"{key} has no value on its line",
            "a value, or at least the [ of a list, stands on the line of the =",
        )
    if (hole := placeholder(value)) is not None:
        message = f"{hole} is a place in a template that nobody has filled in"
        return source.complaint(number, column, message, f"write the value itself after {key} =")
    quote = value[0]
    if quote in "'\"" and value.count(quote) == 1:
        hint = f"a text ends on its line; one of several lines stands between {quote * 3}"
        if value[-1] in "'\"" and len(value) > 1:
            hint = f"it begins with {quote} and ends with {value[-1]}: both are to be the same"
        elif _goes_on(source, number, quote):
            hint = _ONE_LINE
        return source.complaint(number, column, f"the text that begins here is not closed: a {quote} is missing", hint)
    if (more := _SECOND_KEY.match(value)) is not None and more[2] in KEYS:
        message = f"the second {quote} ends this text, and another key follows it: {more[2]}"
        return source.complaint(number, column + more.start(2), message, "each key = value stands on a line of its own")
    if _BROKEN_TEXT.match(value):
        other = "'" if quote == '"' else '"'
        hint = f"put the whole text in {other}, or a \\ before each {quote} in it"
        return source.complaint(number, column, f"the second {quote} ends this text, and more follows it", hint)
    if (unit := _UNIT.match(value)) is not None:
        return source.complaint(number, column, f"{unit[1]} is no number", number_hint(key, unit[1]))
    if (bare := _BARE.fullmatch(value)) is not None and not value[0].isdigit():
        word = bare[1][:80]
        flag = flag_of(word) if key in KEYS and KEYS[key].type is KeyType.FLAG else None
        hint = f'{key} = "{word}"' if flag is None else f"{key} = {int(flag)}"
        return source.complaint(number, column, f"{word} is a text without quotes", hint)
    return _open_text(source, number, found.string, found.start(2))


def _open_text(source: Source, number: int, text: str, start: int) -> Complaint | None:
    """A text in a list that does not end on its line."""
    rest = _TEXT.sub(_blanked, text)
    found = re.search(r"['\"]", rest[start:])
    if found is None:
        return None
    message = f"the text that begins here is not closed: a {found[0]} is missing"
    return source.complaint(
        number, start + found.start() + 1, message, _ONE_LINE if _goes_on(source, number, found[0]) else None
    )


def _goes_on(source: Source, number: int, quote: str) -> bool:
    """Whether the line after line `number` ends a text that it did not begin."""
    following = source.lines[number] if number < len(source.lines) else ""
    return following.count(quote) % 2 == 1 and _ASSIGNMENT.match(following) is None


def _meant(word: str) -> str | None:
    if word in KEYS:
        return f"did you mean {word}?"
    near = nearest(word)
    return f"did you mean {near}?" if near else "is it a comment that has lost its #?"


def nearest(word: str) -> str | None:
    """The key that `word` is probably meant to be."""
    lowered = word.lower()
    if lowered in KEYS or lowered in MEANT:
        return MEANT.get(lowered, lowered)
    near = difflib.get_close_matches(lowered[:64], KEYS, n=1, cutoff=0.8)
    return near[0] if near else None


def _unclosed(source: Source, line: int) -> Complaint | None:
    """A list whose end is missing: some line above begins one, and another assignment follows before it ends."""
    for number in range(line, max(0, line - 50), -1):
        text = source.lines[number - 1] if number <= len(source.lines) else ""
        found = _ASSIGNMENT.match(text[:_LOOKED_AT])
        if found is None:
            continue
        value = re.sub(r"'[^']*'|\"[^\"]*\"", "", found[2]).partition("#")[0]
        if value.count("[") > value.count("]"):
            return source.complaint(
                number,
                found.start(2) + 1,
                f"the list of {found[1]} that begins here is not closed or lacks a comma",
                "every [ needs its ], and a , stands between items",
            )
    return None


def _spoken(message: str) -> str:
    message = message.partition(" (")[0].rstrip(".")
    if message == "invalid syntax":
        return "this is neither an assignment nor a comment"
    return message[:1].lower() + message[1:200]


def _hint(message: str) -> str | None:
    if message.startswith("the end of the line is expected"):
        return "an assignment ends with its value; a comment begins with #"
    if "tabs and spaces" in message:
        return "begin the lines with blanks only, or with tabs only"
    if "indent" in message:
        return "lines begin without blanks, except those below if, for and def"
    if "leading zeros" in message:
        return "write 0o17 for an octal number, 17 for a decimal one"
    return None
