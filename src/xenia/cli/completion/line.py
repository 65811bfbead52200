"""The words of a line up to the cursor, and what the last of them may become."""

from __future__ import annotations

import shlex

from xenia.cli.commands import TABLE, resolve
from xenia.cli.completion.values import Asked, offers
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Iterator

    from xenia.cli.commands import Found

    Offer = tuple[str, str]

_BEFORE = {
    "--root": "the root of xend",
    "--host": "another host, after xm login",
    "--help": "list the commands",
    "--version": "tell the version",
}


class Line:
    """`root` is that of xend, and `host` another host ("" for this one), where the line names none."""

    def __init__(self, line: str, root: str, host: str = "") -> None:
        self._root = root
        self._host = host
        self._words = _split(line)[1:]
        self.current = self._words.pop() if self._words else ""

    def offered(self, breaks: str = "") -> list[str]:
        """What xm prints: words with what they are, and lines with a colon that tell the shell what to do.

        A shell that takes words apart at `breaks` is given the part behind them. Nothing where nothing can be said,
        for whatever reason: nobody reads errors while they type.
        """
        try:
            offered = [offer for offer in self._offers() if offer[0].startswith((self.current, ":files"))]
        except ClientError:
            return []
        cut = max((self.current.rfind(each) + 1 for each in breaks), default=0)
        told = [f"{word if word == ':files' else word[cut:]}\t{what}" for word, what in offered]
        words = [word for word, _ in offered if word != ":files"]
        return [":nospace\t", *told] if words and all(word.endswith("=") for word in words) else told

    def _offers(self) -> Iterator[Offer]:
        words = self._words_after_the_place()
        if not words:
            if self.current.startswith("-"):
                yield from _BEFORE.items()
            yield from ((entry.name, entry.summary) for entry in TABLE)
            return
        found = resolve(words)
        if found.entry.table:
            yield from ((entry.name, entry.summary) for entry in found.entry.rows())
        else:
            yield from self._of_command(found)

    def _words_after_the_place(self) -> list[str]:
        words = list(self._words)
        while words and words[0].startswith("-"):
            word, *words = words
            name, given, value = word.partition("=")
            if name in ("--root", "--host") and not given:
                value, *words = words or [""]
            if name == "--root":
                self._root = value
            elif name == "--host":
                self._host = value
        return words

    def _of_command(self, found: Found) -> Iterator[Offer]:
        from xenia.cli.parser import Parser

        actions = [action for action in Parser(found.name, found.command())._actions if action.help != "==SUPPRESS=="]
        flags = {flag: action for action in actions for flag in action.option_strings}
        given, pending = _given(found.words, flags)
        asked = Asked(self._root, self._host, found.name, tuple(given))
        flag, sign, _ = self.current.partition("=")
        if pending is not None:
            yield from offers(pending, asked)
        elif sign and flag in flags:
            yield from ((f"{flag}={word}", what) for word, what in offers(flags[flag], asked) if word != ":files")
        elif flag.startswith("-"):
            yield from ((flag, (action.help or "") % vars(action)) for flag, action in flags.items())
        else:
            places = [action for action in actions if not action.option_strings]
            if places and (len(given) < len(places) or places[-1].nargs in ("*", "+")):
                yield from offers(places[min(len(given), len(places) - 1)], asked)


def _given(words: list[str], flags: dict[str, Action]) -> tuple[list[str], Action | None]:
    """The words that are no options, and the option that still waits for its value."""
    given: list[str] = []
    pending = None
    for word in words:
        if pending is not None:
            pending = None
        elif word.startswith("-") and word != "-":
            action = flags.get(word)
            pending = action if action is not None and action.nargs != 0 else None
        else:
            given.append(word)
    return given, pending


def _split(line: str) -> list[str]:
    """As a shell does it; the last word may be empty, or have a quote that is still open."""
    for end in ("", '"', "'"):
        try:
            words = shlex.split(line + end)
        except ValueError:
            continue
        return [*words, ""] if not end and line[-1:].isspace() else words
    return line.split()
