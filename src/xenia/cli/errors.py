"""The edge where what went wrong becomes words on stderr and an exit code."""

from __future__ import annotations

import json as json_text
import sys

from xenia.client.errors import ClientError
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_PIPE = 141
"""Whoever read our output has gone: what a shell reports of a program that SIGPIPE ended."""


def say(text: str) -> None:
    """A line on stderr, where all talk goes; stdout is for data."""
    if sys.stderr is not None:
        print(f"xm: {printable(text)}", file=sys.stderr)


def report(error: ClientError, *, json: bool = False) -> int:
    """Say what went wrong, as text or as one line of JSON (a problem object like the API's); returns the exit code."""
    if sys.stderr is None:
        return error.exit_code
    sys.stderr.flush()
    if json:
        print(json_text.dumps(error.to_json()), file=sys.stderr)
        return error.exit_code
    if error.complaints:
        from xenia.cli.complaints import show_complaints

        show_complaints(error.complaints)
        if any(complaint.get("message") == error.message for complaint in error.complaints):
            return error.exit_code  # said with its place already
    say(error.message)
    if error.hint:
        print(f"  hint: {printable(error.hint)}", file=sys.stderr)
    return error.exit_code


def wants_json(words: Sequence[str]) -> bool:
    """Whether the command line asks for JSON. Told from its words alone: one that is wrong is answered in JSON too."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in ("-ojson", "--output=json") or (word in ("-o", "--output") and following == "json"):
            return True
    return False
