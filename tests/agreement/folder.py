"""A folder laid out like ../shared/corpus: guest files beside values/, xl-values/, xl-disks.json, facts/ and
xen-expected/.

Any of them may be absent or broken, and nothing depends on what the guest files are called. What cannot be used is left
out, and kept for a person to see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from xenia.guestfile.read import read
from xenia.lib.text import decode
from xenia.model.reading import Reading

T = TypeVar("T")

UNUSABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What goes wrong with data of another shape than was thought."""

_ASKED = re.compile(r"""xm_vars\.var\(\s*['"](\w+)""")


@dataclass(frozen=True, slots=True)
class Folder:
    """`left_out` are the files and parts of files that could not be used, each with the reason."""

    path: Path
    left_out: dict[str, str] = field(default_factory=dict)

    def truths(self, kind: str) -> Iterator[tuple[str, Any]]:
        """The names of the guest files that have a truth of `kind`, and that truth."""
        base = self.path / kind
        for path in sorted(base.rglob("*.json")):
            name = str(path.relative_to(base)).removesuffix(".json")
            truth = self.load(path, _truth)
            if truth is not None and self.has(name, path):
                yield name, truth

    def guest_files(self) -> list[str]:
        """The names of all guest files that somebody else has read."""
        read_by = ("values", "xl-values")
        return sorted({name for kind in read_by for name, _ in self.truths(kind)} | {cfg for cfg, _ in self.facts()})

    def facts(self) -> Iterator[tuple[str, Any]]:
        """The names of the guest files for which libvirt has domain XML, and its facts."""
        for path in sorted((self.path / "facts").rglob("*.json")):
            facts = self.load(path, _facts)
            if facts is not None and self.has(facts["cfg"], path):
                yield facts["cfg"], facts

    def load(self, path: Path, shape: Callable[[Any], T]) -> T | None:
        """What `shape` makes of the JSON in `path`; None, and the reason kept, where that cannot be."""
        try:
            return shape(json.loads(_content(path)))
        except UNUSABLE as error:
            self.leave_out(path, error)
            return None

    def leave_out(self, path: Path, reason: BaseException | str, part: str = "") -> None:
        """Keep why `path`, or one part of it, is not used."""
        if isinstance(reason, OSError):
            reason = reason.strerror or str(reason)
        elif isinstance(reason, KeyError):
            reason = f"there is no {reason}"
        name = str(path.relative_to(self.path))
        self.left_out[f"{name}: {part}" if part else name] = str(reason) or type(reason).__name__

    def has(self, name: str, path: Path) -> bool:
        """Whether there is the guest file that `path` tells of."""
        try:
            _content(self.path / name)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self.leave_out(path, f"its guest file {name} cannot be read: {reason}")
            return False
        return True

    def text(self, name: str) -> str:
        return decode((self.path / name).read_bytes())

    def reading(self, name: str) -> Reading:
        """What the file means; what it asks of the command line is 1."""
        text = self.text(name)
        return read(text, file=name, overrides=[f"{asked}=1" for asked in dict.fromkeys(_ASKED.findall(text))])


def _content(path: Path) -> bytes:
    """Raises OSError, or ValueError for a pipe, at which one would wait."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    return path.read_bytes()


def _truth(data: Any) -> Any:
    """{"ok": BOOL, "values": {...}}; a file that was refused has no values."""
    if not isinstance(data["ok"], bool):
        raise ValueError(f"ok is {data['ok']!r}")
    if data["ok"] and not isinstance(data["values"], dict):
        raise ValueError("values is no object")
    return data


def _facts(data: Any) -> Any:
    for key in ("cfg", "direction"):
        if not isinstance(data[key], str):
            raise ValueError(f"{key} is {data[key]!r}")
    return data
