"""A line that is typed: edited, completed and remembered, by the readline library."""

from __future__ import annotations

import glob
import os
import readline
from contextlib import suppress
from pathlib import Path

from xenia.cli.completion.line import Line
from xenia.cli.errors import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_REMEMBERED = 1000
"""Lines."""


class Editor:
    """To be used in a `with`, at whose end the lines are written down. `root` and `host` say where xend is."""

    read = staticmethod(input)

    def __init__(self, root: str, host: str = "") -> None:
        self._root = root
        self._host = host
        self._offered: list[str] = []
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
        self._file = Path(state, "xenia", "xm_history")

    def __enter__(self) -> Editor:
        readline.set_completer_delims(" \t\n")
        readline.set_completer(self._complete)
        readline.parse_and_bind("tab: complete")
        readline.set_history_length(_REMEMBERED)
        with suppress(OSError):  # there may be none yet
            readline.read_history_file(self._file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The file is nobody else's: lines may hold passwords."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            before = os.umask(0o077)
            try:
                readline.write_history_file(self._file)
            finally:
                os.umask(before)
            self._file.chmod(0o600)
        except OSError as problem:
            say(f"what was typed is not remembered: {self._file}: {problem.strerror}")

    def _complete(self, text: str, number: int) -> str | None:
        """The offer of this `number` for the line before the cursor, whose last word is `text`."""
        if number == 0:
            line = readline.get_line_buffer()[: readline.get_endidx()]
            self._offered = [
                word for offer in Line(f"xm {line}", self._root, self._host).offered() for word in _words(offer, text)
            ]
        return self._offered[number] if number < len(self._offered) else None


def _words(offer: str, text: str) -> list[str]:
    word = offer.partition("\t")[0]
    if word == ":files":
        return [f"{path}/" if Path(path).is_dir() else f"{path} " for path in glob.glob(f"{glob.escape(text)}*")]
    if word.startswith(":"):
        return []
    return [word if word.endswith("=") else f"{word} "]
