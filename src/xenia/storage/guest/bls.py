"""Entries of the Boot Loader Specification: one file for each, in loader/entries (uapi-group.org, "Boot Loader
Specification", type 1), and GRUB's blscfg, which lets them use variables of grub.cfg and grubenv.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from xenia.storage.guest.menu import Entry, Step

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_NUMBERS = re.compile(r"(\d+)|([A-Za-z]+)|~")
_LONGEST = 1 << 13


def read_entries(files: Mapping[str, str], variables: Mapping[str, str]) -> list[Entry]:
    """Entries out of `files`, text by name without `.conf`; the newest version first, as GRUB and systemd sort them."""
    fields = {name: _fields(text, variables) for name, text in files.items()}

    def newness(name: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
        return version_key(_last(fields[name], "version")), version_key(name)

    names = sorted((name for name in fields if fields[name].get("linux")), key=newness, reverse=True)
    return [_entry(position, name, fields[name]) for position, name in enumerate(names)]


def version_key(version: str) -> list[tuple[int, int, str]]:
    """A key that sorts versions: numbers as numbers, above words (rpm's comparison, for what kernels are called)."""
    key = []
    for number, word in _NUMBERS.findall(version):
        if number:
            key.append((2, int(number[:18]), ""))
        else:
            # "rescue" stands for no version, and ~ for what comes before the release.
            key.append((1 if word else -1, 0, word))
    return key


def _fields(text: str, variables: Mapping[str, str]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.strip().replace("\t", " ").partition(" ")
        if name and not name.startswith("#"):
            expanded = _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], "")[:_LONGEST], value)
            fields.setdefault(name.lower(), []).append(expanded.strip())
    return fields


def _last(fields: dict[str, list[str]], name: str) -> str:
    return fields[name][-1] if name in fields else ""


def _entry(position: int, name: str, fields: dict[str, list[str]]) -> Entry:
    ramdisks = " ".join(fields.get("initrd", [])).split()
    arguments = " ".join(" ".join(fields.get("options", [])).split())
    step = Step(position, _last(fields, "title") or name, name)
    return Entry((step,), _last(fields, "linux"), tuple(ramdisks), arguments)
