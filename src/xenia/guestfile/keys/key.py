"""One row of the table of keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class KeyType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    """A whole number; as a text ("512") it is accepted too."""
    FLAG = "flag"
    """0 or 1; True, "yes", "no" and the like are accepted too."""
    LIST = "list"
    """A list of texts; one text is taken for a list of one."""
    ANY = "any"
    """Of several forms, which its `form` tells; kept as it is."""


class Dialect(StrEnum):
    """Which tool knew the key. Both dialects may use all keys."""

    XM = "xm"
    XL = "xl"
    BOTH = "both"
    XENIA = "Xenia"
    """Neither; both pass over what they do not know."""


class Effect(StrEnum):
    """What becomes of a key on an engine."""

    HONOURED = "honoured"
    TRANSLATED = "translated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a key on one engine. `reason` says what it is translated to, or why it has no effect there."""

    effect: Effect = Effect.HONOURED
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.effect}: {self.reason}" if self.reason else f"{self.effect}"


HONOURED = Fate()


def translated(reason: str) -> Fate:
    return Fate(Effect.TRANSLATED, reason)


def ignored(reason: str) -> Fate:
    return Fate(Effect.IGNORED, reason)


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `meaning` is a sentence without its full stop, `example` a line of a guest file; `default` is what holds
    without the key, None where that is nothing or depends. `form` describes the value where `type` does not.
    """

    name: str
    type: KeyType
    default: Any
    meaning: str
    example: str
    dialect: Dialect = Dialect.BOTH
    qemu: Fate = HONOURED
    xen: Fate = HONOURED
    form: str = ""

    @property
    def takes(self) -> str:
        """The kind of value, in words."""
        return self.form or self.type.value

    def on(self, engine: str) -> Fate:
        """What becomes of it on the engine of that name; one that executes nothing honours everything."""
        return {"qemu": self.qemu, "xen": self.xen}.get(engine, HONOURED)
