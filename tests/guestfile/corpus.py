"""Guest files of others, kept outside of the repository: where they are, and the mark of tests that need them."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.lib.text import decode

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the collection of guest files (../shared/corpus) is not here"
)


def text_of(path: Path) -> str:
    return decode(path.read_bytes())
