"""Guest files, what they become on Xen and what is said of them: one case a file, its three parts divided by lines of
dashes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.engines.xen.explain import explain
from xenia.engines.xen.facts import XenFacts
from xenia.guestfile.read import read
from xenia.model.display import VncRules

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
LINE = "\n----------------\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_guest_file_becomes_what_was_written_down(case: Path) -> None:
    text, rendered, said = case.read_text().split(LINE)
    config = read(text, file="case.cfg").config
    assert config is not None
    meaning = explain(config, XenFacts(), VncRules())
    assert meaning.rendered == rendered.lstrip("\n") + "\n" * bool(rendered.strip())
    assert [f"{each.severity} {each.key}: {each.message}" for each in meaning.complaints] == said.splitlines()
