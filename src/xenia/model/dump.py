"""A core dump: the memory of a guest in a file, and what becomes of the domain then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class After(StrEnum):
    """What becomes of a domain whose core has been dumped."""

    NOTHING = "nothing"
    """It is as it was before."""
    DESTROY = "destroy"
    RESET = "reset"
    """It starts over."""


@dataclass(frozen=True, slots=True)
class DumpRequest:
    """`file` is an absolute path, or "" for a file in the dump folder, called by the domain and the time. `live`: the
    guest runs on meanwhile, where the engine can.
    """

    file: str = ""
    live: bool = False
    then: After = After.NOTHING
