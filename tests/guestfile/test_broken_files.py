"""Broken files as they are met: each has the complaint beside it that its author would have needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xenia.guestfile.read import read
from xenia.lib.text import decode
from xenia.model.complaint import Complaint, Severity

FILES = sorted((Path(__file__).parents[1] / "data/guestfile/broken").glob("*.cfg"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_complaint_is_the_one_that_is_needed(path: Path) -> None:
    """XENIA_WRITE_DOCS=1 writes the complaints anew; read them before you keep them."""
    reading = read(decode(path.read_bytes()), file=path.name)
    said = "\n".join(_said(each) for each in reading.complaints) + "\n"
    expected = path.with_suffix(".txt")
    if os.environ.get("XENIA_WRITE_DOCS"):
        expected.write_text(said)
    assert said == expected.read_text()
    assert any(each.severity is not Severity.NOTE for each in reading.complaints)


def _said(complaint: Complaint) -> str:
    """As xm shows it."""
    lines = [f"{complaint.place}: {complaint.severity}: {complaint.message}"]
    lines += [f"    {complaint.text}"] if complaint.text else []
    lines += [f"    {' ' * (complaint.column - 1)}^"] if complaint.text and complaint.column else []
    return "\n".join([*lines, *([f"    hint: {complaint.hint}"] if complaint.hint else [])])
