"""Making changes to the text of a guest file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xenia.guestfile import plain
from xenia.guestfile.bindings import Binding, plain_value
from xenia.guestfile.diagnose import nearest
from xenia.guestfile.disk import read_disks
from xenia.guestfile.edit.layout import Layout
from xenia.guestfile.edit.plain_layout import plain_layout
from xenia.guestfile.edit.python_layout import python_layout
from xenia.guestfile.edit.raw import spliced_raw
from xenia.guestfile.edit.ways import ABSENT, Way, to_add, to_remove, to_set, to_unset
from xenia.guestfile.given import Given
from xenia.guestfile.keys import KEYS, KeyType
from xenia.guestfile.overrides import read_overrides
from xenia.guestfile.read import evaluate, read
from xenia.guestfile.text import Refused, Source, prepare
from xenia.guestfile.vif import read_vifs
from xenia.model.change import Action, Change, Edited
from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import Kind
from xenia.model.errors import GuestFileError, invalid

MOST_CHANGES = 64
"""Changes of one edit."""

Bindings = dict[str, Binding]


def edit(text: str, *, file: str, changes: Sequence[Change]) -> Edited:
    """`text` with all `changes` made, one after the other; `file` is its name for complaints.

    Raises GuestFileError where the text cannot be read, or could not be used as it would be then, and invalid for a
    change that is not possible. Nothing but the changes is different afterwards: not what any other name of the file
    is worth, and no letter that need not be.
    """
    if len(changes) > MOST_CHANGES:
        raise invalid(f"an edit has at most {MOST_CHANGES} changes, not {len(changes)}")
    before = read(text, file=file).complaints
    notes = []
    for change in changes:
        text, note = _change(text, file, change)
        notes += [note] if note else []
    complaints = read(text, file=file).complaints
    _no_new_errors(before, complaints)
    return Edited(text, tuple(notes), complaints)


def _change(text: str, file: str, change: Change) -> tuple[str, str]:
    """The text with one change made, and what is to be said of it."""
    try:
        source, _ = prepare(text, file)
        bindings = evaluate(source, {}).bindings
    except Refused as refused:
        hint = "put that right in an editor, or bring an earlier version back: xm config history"
        raise GuestFileError(
            "the file cannot be read as it is, so it is not edited", (refused.complaint,), hint=hint
        ) from None
    before = _values(bindings)
    if (said := _nothing_to_do(change, before)) is not None:
        return text, said
    for way in _ways(_layout(source), change, bindings, file):
        new = spliced_raw(text, way.splices)
        if _read_values(new, file) == _wanted(before, change.key, way.wanted):
            return new, way.note
    raise invalid(
        f"'{change}' cannot be done without changing something else in {file or 'the file'}",
        f"the file computes {change.key}: change the line that does in an editor",
    )


def _nothing_to_do(change: Change, values: dict[str, Any]) -> str | None:
    if change.action is Action.UNSET and change.key not in values:
        return f"{change.key} is not set in the file"
    if change.action is Action.SET and change.key in values and values[change.key] == _given(change):
        return f"{change.key} is {change.value} already"
    return None


def _ways(layout: Layout, change: Change, bindings: Bindings, file: str) -> Iterator[Way]:
    key = change.key
    _known(key, bindings)
    if change.action is Action.SET:
        return to_set(layout, key, _given(change))
    if change.action is Action.UNSET:
        return to_unset(layout, key)
    items = _items(key, bindings)
    if change.action is Action.ADD:
        return to_add(layout, key, items, change.value)
    return to_remove(layout, key, items, _index(change, items, Given(file, bindings)))


def _layout(source: Source) -> Layout:
    try:
        return plain_layout(source)
    except plain.NotPlain:
        return python_layout(source)


def _known(key: str, bindings: Bindings) -> None:
    if key in KEYS or key in bindings:
        return
    near = nearest(key)
    raise invalid(f"{key} is no key of a guest file", f"did you mean {near}?" if near else "xm help create")


def _given(change: Change) -> Any:
    """What a SET gives the key, read as a word of the command line is."""
    bindings, others, complaints = read_overrides([f"{change.key}={change.value}"])
    if complaints:
        raise invalid(complaints[0].message, complaints[0].hint)
    return bindings[change.key].value if change.key in bindings else others[change.key.strip()]


def _items(key: str, bindings: Bindings) -> list[str]:
    """The items that the list `key` has; one text counts as a list of one."""
    value = plain_value(bindings[key].value) if key in bindings else None
    if isinstance(value, str):
        return [value] if value.strip() else []
    if not isinstance(value, list | None) or (key in KEYS and KEYS[key].type not in (KeyType.LIST, KeyType.ANY)):
        raise invalid(f"{key} is no list", f"set it: xm config set NAME {key}=VALUE")
    return value or []


def _index(change: Change, items: list[str], given: Given) -> int:
    """Which item a REMOVE means: by target, address or name, by its whole text, or by its number."""
    names = _names(change.key, given)
    word = change.value.strip()
    lowered = word.lower().removeprefix("/dev/")
    for index, named in names.items():
        if lowered in named and index < len(items):
            return index
    if word in items:
        return items.index(word)
    if word.isdecimal() and int(word) < len(items):
        return int(word)
    there = [next(iter(names.get(index, ())), str(index)) for index in range(len(items))]
    hint = f"there are: {', '.join(there)}" if there else f"the file has no {change.key}"
    raise invalid(f"there is no {change.key} '{word}' in the file", hint)


def _names(key: str, given: Given) -> dict[int, list[str]]:
    """By index, what the items of `disk` and `vif` are called."""
    if key == "disk":
        return {disk.item: [disk.target] for disk in read_disks(given)}
    if key == "vif":
        return {vif.item: [name for name in (vif.mac, vif.vifname) if name] for vif in read_vifs(given, Kind.HVM)}
    return {}


def _wanted(before: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    rest = {name: other for name, other in before.items() if name != key}
    return rest if value is ABSENT else rest | {key: value}


def _values(bindings: Bindings) -> dict[str, Any]:
    return {name: plain_value(binding.value) for name, binding in bindings.items()}


def _read_values(text: str, file: str) -> dict[str, Any] | None:
    """None for a text that cannot be read."""
    try:
        source, _ = prepare(text, file)
        return _values(evaluate(source, {}).bindings)
    except Refused:
        return None


def _no_new_errors(before: Sequence[Complaint], after: Sequence[Complaint]) -> None:
    """Raises GuestFileError where the edit has made something wrong."""
    known = {each.message for each in before if each.severity is Severity.ERROR}
    new = tuple(each for each in after if each.severity is Severity.ERROR and each.message not in known)
    if new:
        raise GuestFileError(f"the file is left as it was: {new[0].message}", new)
