"""What is to become of the text of a guest file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.complaint import Complaint


class Action(StrEnum):
    SET = "set"
    """Give the key this value."""
    UNSET = "unset"
    """Take the key out of the file: its default holds."""
    ADD = "add"
    """Put one more item at the end of the key's list."""
    REMOVE = "remove"
    """Take one item out of the key's list."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `value` is as on a command line: what a key is set to, the item that is added, or the name of the one
    that is removed: the target of a disk, the MAC address or name of a card, an item as it is written, or its number
    in the list, from 0.
    """

    action: Action
    key: str
    value: str = ""

    def __str__(self) -> str:
        """In the words of xm config, without a password."""
        match self.action:
            case Action.SET:
                return f"set {self.key}={'***' if 'passwd' in self.key else self.value}"
            case Action.UNSET:
                return f"unset {self.key}"
            case _:
                return f"{self.action} {self.key} {self.value}"


@dataclass(frozen=True, slots=True)
class Edited:
    """The `text` after an edit. `notes` say what was not done where the key stood; `complaints` are what is to be said
    about the text as it is now.
    """

    text: str
    notes: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()
