"""Remarks about places of a guest file, as compilers make them: place, severity, message, line and caret."""

from __future__ import annotations

import sys

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_SHOWN = 120
"""Characters of a line that are shown, around the place."""


def show_complaints(complaints: Iterable[dict[str, Any]], *, notes: bool = True) -> None:
    """Print `complaints` (objects of model.complaint.Complaint.to_json) on stderr; notes only if `notes`."""
    if sys.stderr is None:
        return
    for complaint in complaints:
        if notes or complaint.get("severity") != "note":
            print(format_complaint(complaint), file=sys.stderr)


def format_complaint(complaint: dict[str, Any]) -> str:
    line, column = complaint.get("line") or 0, complaint.get("column") or 0
    place = printable(complaint.get("file") or "command line")
    if line:
        place += f":{line}:{column}"
    lines = [f"{place}: {complaint.get('severity', 'error')}: {printable(complaint.get('message', ''))}"]
    text = complaint.get("text") or ""
    if line and text:
        lines += _excerpt(line, column, text)
    if complaint.get("hint"):
        lines.append(f"  hint: {printable(complaint['hint'])}")
    return "\n".join(lines)


def _excerpt(line: int, column: int, text: str) -> list[str]:
    """The line with its number, and a caret below `column`."""
    start = max(0, column - _SHOWN // 2) if len(text) > _SHOWN else 0
    before, after = text[start : max(column - 1, 0)], text[max(column - 1, start) : start + _SHOWN]
    before, after = (printable(part.replace("\t", " ")) for part in (before, after))
    number = f"{line:>5} | "
    excerpt = [f"{number}{before}{after}".rstrip()]
    if column:
        excerpt.append(f"{'':>5} | {'':>{len(before)}}^" if before else f"{'':>5} | ^")
    return excerpt
