"""Guest files of others, kept outside of the repository: paths to them, or none where they are not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xenia.lib.text import decode

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the collection of guest files (../shared/corpus) is not here"
)

_GROUPS = (
    "derived",
    "libvirt/xl",
    "libvirt/xm",
    "real",
    "real-gen",
    "univention",
    "xen-examples",
    "xen-expected/xm-create",
)


def truths(kind: str) -> list[Any]:
    """One parameter per file that has a truth of `kind` (values, xl-values): (file, truth)."""
    found = []
    for group in _GROUPS:
        for truth in sorted((CORPUS / kind / group).glob("*.json")):
            path = CORPUS / group / truth.name.removesuffix(".json")
            found.append(pytest.param(path, truth, id=f"{group}/{path.name}"))
    return found


def text_of(path: Path) -> str:
    return decode(path.read_bytes())


def load(path: Path) -> Any:
    return json.loads(path.read_text())
