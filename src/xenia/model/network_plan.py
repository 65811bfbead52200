"""What applying networks would change on the host."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    MAKE = "make"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """`what` is the thing in words, `now` what is in its place (`none`, `switched off`, another value)."""

    kind: StepKind
    what: str
    now: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """As XeniaError has it: `kind` is the word for its kind."""

    kind: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """`digest` names this plan: it is another one when a definition or the host has changed. `refused` says what speaks
    against it; then nothing would be done.
    """

    digest: str
    steps: tuple[Step, ...]
    refused: tuple[Refusal, ...] = ()
