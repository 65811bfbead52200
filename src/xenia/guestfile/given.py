"""What a file and the command line give, asked for by key and type; every wrong value is complained about once, where
it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from xenia.guestfile.bindings import Binding, PlacedStr, WrittenInt, plain_value
from xenia.guestfile.keys import KEYS, KeyType
from xenia.guestfile.text import printable
from xenia.model.complaint import Complaint, Severity
from xenia.model.reading import Place

COMMAND_LINE = "command line"

_TRUE = frozenset({"1", "y", "yes", "true", "on", "enable", "enabled"})
_FALSE = frozenset({"0", "n", "no", "false", "off", "none", "disable", "disabled", ""})
_LARGEST = 1 << 40
_SIZE = re.compile(r"(\d{1,9})\s*([KMGT])(?:i?B)?", re.IGNORECASE)
_SHIFTS = {"K": 10, "M": 20, "G": 30, "T": 40}


class Given:
    """The values by key. `items` of a list are texts that are placed one by one, as `disk[0]`."""

    def __init__(self, file: str, bindings: Mapping[str, Binding]) -> None:
        self.file = file
        self.bindings = bindings
        self._complaints: dict[Complaint, None] = {}
        self.places: dict[str, Place] = {}
        for name, binding in bindings.items():
            self._keep_places(name, binding)

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """What was complained about so far, each once."""
        return tuple(self._complaints)

    def _keep_places(self, name: str, binding: Binding) -> None:
        if binding.place is not None:
            self.places[name] = binding.place
        if name in KEYS and isinstance(binding.value, list | tuple):
            for index, item in enumerate(binding.value):
                place = item.place if isinstance(item, PlacedStr) else binding.place
                if place is not None:
                    self.places[f"{name}[{index}]"] = place

    def stands_for(self, key: str, other: str) -> None:
        """`key` is another word for `other`: remarks on `other` are placed where `key` stands."""
        if key in self.places:
            self.places.setdefault(other, self.places[key])

    def has(self, key: str) -> bool:
        """Whether `key` has a value at all; None, as Python files write it, is none."""
        return key in self.bindings and self.bindings[key].value is not None

    def raw(self, key: str) -> Any:
        """The value as it was written, as plain data."""
        return plain_value(self.bindings[key].value)

    def text(self, key: str, default: str | None = None) -> str | None:
        """A text, or a number in its place; "" counts as given."""
        value = self.bindings[key].value if self.has(key) else None
        if value is None:
            return default
        if isinstance(value, str):
            return str(value)
        if isinstance(value, WrittenInt):
            return value.letters
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], str):
            return str(value[0])
        self.error(key, f"{key} takes a text, not {_kind(value)}")
        return default

    def word(self, key: str) -> str | None:
        """A text without blanks around it; None when there is nothing in it."""
        return (self.text(key) or "").strip() or None

    def number(self, key: str, default: int | None = None) -> int | None:
        """A whole number, also one written as a text or with a fraction, which is cut off."""
        value = self.bindings[key].value if self.has(key) else None
        if value is None or (isinstance(value, str) and not value.strip()):
            return default
        if isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        number = _number(value)
        if number is None or abs(number) > _LARGEST:
            self.error(key, f"{key} takes a number, not {_kind(value)}", number_hint(key, value))
            return default
        if isinstance(value, float) or (isinstance(value, str) and "." in value):
            self.note(key, f"{key} takes a whole number: {value} is taken as {number}")
        return number

    def flag(self, key: str, default: bool) -> bool:
        """0 or 1; another number counts as 1."""
        value = self.bindings[key].value if self.has(key) else None
        if value is None:
            return default
        if isinstance(value, int | float):
            return value != 0
        if isinstance(value, str) and (flag := flag_of(value)) is not None:
            return flag
        if isinstance(value, str) and (number := _number(value)) is not None:
            return number != 0
        self.error(key, f"{key} takes 0 or 1, not {_kind(value)}", f"{key} = {int(default)}")
        return default

    def items(self, key: str) -> list[str]:
        """The texts of a list (numbers as they were written), or one text as a list of one; without blanks around."""
        value = self.bindings[key].value if self.has(key) else None
        if value is None:
            return []
        if isinstance(value, str):
            return [value.strip()] if value.strip() else []
        if not isinstance(value, list | tuple):
            self.error(key, f"{key} takes a list, not {_kind(value)}", f"{key} = [ '...' ]")
            return []
        items = []
        for index, item in enumerate(value):
            if isinstance(item, int) and not isinstance(item, bool):
                item = item.letters if isinstance(item, WrittenInt) else str(item)
            if not isinstance(item, str):
                self.error(f"{key}[{index}]", f"{key} takes a list of texts; this item is {_kind(item)}")
            items.append(item.strip() if isinstance(item, str) else "")
        return items

    def words(self, key: str) -> tuple[str, ...]:
        """The words of a text or a list, `none` and empty ones left out."""
        return tuple(word for word in self.items(key) if word.lower() not in ("", "none"))

    def error(self, key: str, message: str, hint: str | None = None) -> None:
        self.complain(Severity.ERROR, key, message, hint)

    def warn(self, key: str, message: str, hint: str | None = None) -> None:
        self.complain(Severity.WARNING, key, message, hint)

    def note(self, key: str, message: str, hint: str | None = None) -> None:
        self.complain(Severity.NOTE, key, message, hint)

    def complain(
        self, severity: Severity, key: str, message: str, hint: str | None = None, *, at_key: bool = False
    ) -> None:
        """A complaint about the value of `key` (`memory`, `disk[0]`), or about the word itself with `at_key`."""
        name = key.partition("[")[0]
        binding = self.bindings.get(name)
        message, hint = printable(message), printable(hint) if hint else None
        if binding is not None and binding.word:
            complaint = Complaint(severity, message, COMMAND_LINE, text=printable(binding.word), hint=hint, key=key)
        elif (place := binding.key if at_key and binding else self.places.get(key, self.places.get(name))) is not None:
            complaint = Complaint(severity, message, self.file, place.line, place.column, place.text, hint, key)
        else:
            complaint = Complaint(severity, message, self.file, hint=hint, key=key)
        self._complaints[complaint] = None


def flag_of(text: str) -> bool | None:
    """What a word for yes or no means; None for another."""
    lowered = text.strip().lower()
    return lowered in _TRUE if lowered in _TRUE | _FALSE else None


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        for read in (int, float, lambda digits: int(digits, 0)):
            try:
                value = read(text[:40])
                break
            except ValueError:
                continue
    try:
        return int(value) if isinstance(value, int | float) else None
    except (ValueError, OverflowError):
        return None


def number_hint(key: str, value: Any) -> str | None:
    """What to write in the place of a size with its unit."""
    if key not in KEYS or KEYS[key].name not in ("memory", "maxmem") or not isinstance(value, str):
        return None
    if (found := _SIZE.fullmatch(value.strip())) is not None:
        return f"it is in MiB: {key} = {int(found[1]) << _SHIFTS[found[2].upper()] >> 20}"
    return f"{key} is in MiB: write 512 for 512 MiB, 2048 for 2 GiB"


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value[:60]}'" if value else "an empty text"
    names = {
        bool: "True or False",
        int: "a number",
        float: "a number with a fraction",
        list: "a list",
        tuple: "several values",
        dict: "a dict",
    }
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value}"[:60]
    return names.get(type(value), "nothing")


def types_agree(given: Given, held: Collection[str]) -> None:
    """Complain about the known keys whose value is of the wrong type, also those nothing else asks for.

    Only one of `held` is worth refusing a file for: the others tune, or have no effect at all.
    """
    for name, binding in given.bindings.items():
        if name not in KEYS or not given.has(name):
            continue
        if _has_nul(given.raw(name)):
            given.error(name, f"{name} has a NUL character in it, which no program can be told", "remove the \\0")
            continue
        if name in held:
            _has_type(given, name)
            continue
        lenient = Given(given.file, {name: binding})
        _has_type(lenient, name)
        for complaint in lenient.complaints:
            given.warn(complaint.key, complaint.message, complaint.hint)


def _has_type(given: Given, name: str) -> None:
    key = KEYS[name]
    match key.type:
        case KeyType.TEXT:
            given.text(name)
        case KeyType.NUMBER:
            given.number(name)
        case KeyType.FLAG:
            given.flag(name, bool(key.default))
        case KeyType.LIST:
            given.items(name)
        case KeyType.ANY:
            pass


def _has_nul(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_nul(item) for item in value)
    return isinstance(value, str) and "\0" in value
