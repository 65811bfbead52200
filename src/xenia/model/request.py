"""What a caller asks xend for."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """`text` is the guest file's content, read with the caller's own rights; `file` its absolute path, or "" for
    none.

    `overrides` are the `key=value` words of the command line, in order. `paused` leaves the guest's CPUs stopped.
    `domain` is the name that the file must give the domain, "" for any.
    """

    text: str
    file: str = ""
    overrides: tuple[str, ...] = ()
    paused: bool = False
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What create would do: `rendered` is the engine's own form; `complaints` hold what it would be refused for."""

    config: DomainConfig
    engine: str
    complaints: tuple[Complaint, ...]
    rendered: str
