"""The raw values of whole files: as Python gets them, and as xl does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.agreement.fact import ABSENT, Fact
from tests.agreement.folder import Folder
from tests.support.libxlutil import LIBRARY

from xenia.guestfile import plain
from xenia.guestfile.bindings import Binding, WrittenInt
from xenia.guestfile.text import Refused, prepare
from xenia.model.complaint import Severity
from xenia.model.reading import Reading

PYTHON = "Python: values of a file"
XL = "xl 4.17: values of a file"
XL_LIVE = "libxlutil, called now: values of a file"
REFUSED, READ = "refused", "read"


def python_values(folder: Folder) -> Iterator[Fact]:
    """Files of xm's dialect are Python; what Python refuses is refused here with a place."""
    for name, truth in folder.truths("values"):
        reading, text = folder.reading(name), folder.text(name)
        if not truth["ok"]:
            yield Fact(PYTHON, name, READ, _outcome(reading), REFUSED, text)
        elif not reading.values and truth["values"]:
            yield Fact(PYTHON, name, READ, _outcome(reading), READ, text)
        else:
            yield from _each(PYTHON, name, reading.values, truth["values"], text)


def xl_values(folder: Folder) -> Iterator[Fact]:
    """As recorded, of the files that xl reads; it keeps the letters of numbers."""
    for name, truth in folder.truths("xl-values"):
        if truth["ok"]:
            text = folder.text(name)
            yield from _each(XL, name, _letters(folder, name, truth["values"]), truth["values"], text)


def xl_live(folder: Folder) -> Iterator[Fact]:
    """The same by the library itself, which shows lists in lists, too; nothing where it is not installed."""
    if LIBRARY is None:
        return
    for name in folder.guest_files():
        theirs = LIBRARY.settings((folder.path / name).read_bytes())
        if theirs is not None:
            yield from _each(XL_LIVE, name, _letters(folder, name, theirs), theirs, folder.text(name))


def _outcome(reading: Reading) -> str:
    if reading.values:
        return READ
    error = next((each for each in reading.complaints if each.severity is Severity.ERROR), None)
    if error is None:
        return READ
    return REFUSED if error.line and error.text else f"{REFUSED} without a place: {error.message}"


def _each(comparison: str, name: str, ours: dict[str, Any], theirs: dict[str, Any], text: str) -> Iterator[Fact]:
    for key in sorted({*ours, *theirs}):
        yield Fact(comparison, name, key, ours.get(key, ABSENT), theirs.get(key, ABSENT), text)


def _letters(folder: Folder, name: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """Our values as xl keeps them; a file that is not in xl's grammar here has those of its Python."""
    try:
        bindings = plain.parse(prepare(folder.text(name), name)[0]).bindings
    except Refused:
        bindings = {key: Binding(value) for key, value in folder.reading(name).values.items()}
    return {key: _as_xl(binding.value) for key, binding in bindings.items() if key in theirs or binding.key}


def _as_xl(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_xl(item) for item in value]
    return value.letters if isinstance(value, WrittenInt) else str(value)
