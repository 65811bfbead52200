"""Where the keys of a TOML text stand."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""`("subnet",)`, `("lease", 1)` for the second [[lease]], `("lease", 1, "ip")`."""

_TABLE = re.compile(r"\s*\[\[?\s*[\"']?([\w-]+)[\"']?")
_KEY = re.compile(r"(\s*)[\"']?([\w-]+)[\"']?\s*[=.]")


class Places:
    """Of a text that is TOML. A line within a text of several lines may be taken for a key: then a place is wrong, and
    nothing else.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._found: dict[Path, tuple[int, int]] = {}
        table: Path = ()
        counts: dict[str, int] = {}
        for number, line in enumerate(self._lines, 1):
            if (header := _TABLE.match(line)) is not None:
                count = counts.get(header[1], 0)
                counts[header[1]] = count + 1
                table = (header[1], count)
                self._found.setdefault((header[1],), (number, header.start(1) + 1))
                self._found[table] = (number, header.start(1) + 1)
            elif (key := _KEY.match(line)) is not None:
                self._found.setdefault((*table, key[2]), (number, len(key[1]) + 1))

    def of(self, path: Path) -> tuple[int, int]:
        """Line and column from 1, of what `path` leads to or of the nearest thing around it; (0, 0) for nothing."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return 0, 0

    def line(self, number: int) -> str:
        """The text of a line, as far as it can be shown; "" where there is no such line."""
        shown = self._lines[number - 1][:400] if 0 < number <= len(self._lines) else ""
        return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in shown)
