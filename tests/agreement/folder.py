"""A folder laid out like ../shared/corpus: guest files beside values/, xl-values/, xl-disks.json, facts/ and
xen-expected/.

Any of them may be absent, and nothing depends on what the guest files are called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.guestfile.read import read
from xenia.lib.text import decode
from xenia.model.reading import Reading

_ASKED = re.compile(r"""xm_vars\.var\(\s*['"](\w+)""")


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path

    def truths(self, kind: str) -> Iterator[tuple[str, Any]]:
        """The names of the guest files that have a truth of `kind`, and that truth."""
        base = self.path / kind
        for truth in sorted(base.rglob("*.json")):
            name = str(truth.relative_to(base)).removesuffix(".json")
            if (self.path / name).is_file():
                yield name, load(truth)

    def guest_files(self) -> list[str]:
        """The names of all guest files that somebody else has read."""
        read_by = ("values", "xl-values")
        return sorted({name for kind in read_by for name, _ in self.truths(kind)} | {cfg for cfg, _ in self.facts()})

    def facts(self) -> Iterator[tuple[str, Any]]:
        """The names of the guest files for which libvirt has domain XML, and its facts."""
        for path in sorted((self.path / "facts").rglob("*.json")):
            facts = load(path)
            yield facts["cfg"], facts

    def text(self, name: str) -> str:
        return decode((self.path / name).read_bytes())

    def reading(self, name: str) -> Reading:
        """What the file means; what it asks of the command line is 1."""
        text = self.text(name)
        return read(text, file=name, overrides=[f"{asked}=1" for asked in dict.fromkeys(_ASKED.findall(text))])


def load(path: Path) -> Any:
    return json.loads(path.read_text())
