"""What writing in another form gave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """`lost` says of each thing that the form has no word for what it was."""

    text: str
    lost: tuple[str, ...] = ()
