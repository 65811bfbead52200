"""A value that some place gives a setting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Source(StrEnum):
    """The highest first."""

    COMMAND_LINE = "command line"
    FILE = "xend.toml"
    REGISTRY = "ucr"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. `place` is `file:line` where it stands in a file; `layer` is that of the registry."""

    source: Source
    place: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """`value` has been checked."""

    value: Any
    origin: Origin
