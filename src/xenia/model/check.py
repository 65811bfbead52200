"""A guest file looked over, without anything started."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig
from xenia.model.reading import Reading


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """`text`, `file` and `overrides` are those of a CreateRequest. `engine` is the name of the engine that the file is
    meant for, "" for the one at hand. `host` tells whether this host is looked at: images, bridges, memory, other
    domains.
    """

    text: str
    file: str = ""
    overrides: tuple[str, ...] = ()
    engine: str = ""
    host: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is to say about a guest file. `reading` has a `config` unless the file has no meaning at all.

    `complaints` are all of them, by place; one of severity ERROR means that create would refuse the file. `rendered`
    is the engine's own form; `assumed` tells what was taken for granted about a host that was not asked.
    """

    engine: str
    reading: Reading
    complaints: tuple[Complaint, ...]
    rendered: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def config(self) -> DomainConfig | None:
        return self.reading.config
