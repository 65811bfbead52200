"""What an xend-config.sxp says."""

from __future__ import annotations

from xenia.model.complaint import Complaint, Severity
from xenia.model.old_config import OldConfig, OldEntry
from xenia.sxp.parse import Atom, Broken, List, parse

LIMIT = 128 << 10
"""Letters; xend's own is a tenth of that."""

_SHOWN = 200
_UNQUOTED = "passw"
"""What a line must not have that is quoted to people."""


def read(text: str, file: str) -> OldConfig:
    """`file` is its name for complaints. Never raises: what cannot be read is a complaint, and then there are no
    entries.
    """
    if len(text) > LIMIT:
        message = f"the file is longer than {LIMIT >> 10} KiB: it is no xend-config.sxp"
        return OldConfig(complaints=(Complaint(Severity.ERROR, message, file),))
    try:
        forms = parse(text)
    except Broken as broken:
        return OldConfig(complaints=(_complaint(text, file, broken.at, Severity.ERROR, broken.message, broken.hint),))
    entries: dict[str, OldEntry] = {}
    complaints = []
    for form in forms:
        entry = _entry(form, text)
        if entry is None:
            message, hint = "this is no setting, and has no effect", "a setting is a list: (vnc-listen '0.0.0.0')"
            complaints.append(_complaint(text, file, form.at, Severity.WARNING, message, hint))
        elif entry.name in entries:
            message = f"{entry.name} stands here again: only the first one counted, of line {entries[entry.name].line}"
            complaints.append(_complaint(text, file, form.at, Severity.WARNING, message, "take one of them out"))
        else:
            entries[entry.name] = entry
            if len(entry.values) > 1:
                message = f"only the first value of {entry.name} counted"
                hint = f"a value with blanks stands in quotes: ({entry.name} 'two words')"
                complaints.append(_complaint(text, file, form.at, Severity.WARNING, message, hint))
    return OldConfig(tuple(entries.values()), tuple(complaints))


def _entry(form: Atom | List, text: str) -> OldEntry | None:
    if isinstance(form, Atom) or not form.items or not isinstance(form.items[0], Atom) or not form.items[0].text:
        return None
    line, column = _place(text, form.at)
    return OldEntry(form.items[0].text, tuple(map(_said, form.items[1:])), line, column)


def _said(form: Atom | List) -> str:
    return form.text if isinstance(form, Atom) else f"({' '.join(map(_said, form.items))})"


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _complaint(text: str, file: str, at: int, severity: Severity, message: str, hint: str) -> Complaint:
    line, column = _place(text, at)
    shown = text.split("\n")[line - 1][:_SHOWN].rstrip()
    return Complaint(severity, message, file, line, column, "" if _UNQUOTED in shown else shown, hint)
