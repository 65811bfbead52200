"""xend-config.sxp, the settings of xend of old, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.complaint import Complaint


@dataclass(frozen=True, slots=True)
class OldEntry:
    """One setting of the file: `(name value...)`, lists among the values as they would be written. `line` and `column`
    count from 1.
    """

    name: str
    values: tuple[str, ...]
    line: int
    column: int

    @property
    def value(self) -> str:
        """The first value, which is the only one that xend of old took; "" where there is none."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class OldConfig:
    """Only the first entry of a name counted. `complaints` say what is wrong with the text."""

    entries: tuple[OldEntry, ...] = ()
    complaints: tuple[Complaint, ...] = ()


class Fate(StrEnum):
    """What becomes of an old setting."""

    TRANSLATED = "translated"
    """It becomes settings here."""
    SAME = "the same"
    """It is so here already."""
    NONE = "no effect"
    """There is nothing here that it could be, or that it has to be."""
    REFUSED = "refused"
    """It asks for what is never done here, or has to be done by hand."""


@dataclass(frozen=True, slots=True)
class OldSetting:
    """What becomes of one setting of the old file, in `words`. Passwords are `***`."""

    name: str
    value: str
    line: int
    fate: Fate
    words: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import is, or has done where `written`. `diff` shows the change of xend.toml, without passwords; "" where
    there is none. `notes` are for people.
    """

    settings: tuple[OldSetting, ...]
    complaints: tuple[Complaint, ...]
    diff: str
    written: bool
    notes: tuple[str, ...]
