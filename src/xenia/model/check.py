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
class Claim:
    """What only one domain may have, and where its file says so: its name, its UUID, the address of a card (`key` is
    `name`, `uuid`, `vif[0]`). `line` and `column` are 0 where the file does not say it in one place.
    """

    key: str
    value: str
    line: int = 0
    column: int = 0
    text: str = ""


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

    @property
    def claims(self) -> tuple[Claim, ...]:
        if self.config is None:
            return ()
        values = {"name": self.config.name, "uuid": self.config.uuid}
        values |= {f"vif[{vif.item}]": vif.mac for vif in self.config.vifs}
        return tuple(self._claim(key, value) for key, value in values.items() if value)

    def _claim(self, key: str, value: str) -> Claim:
        place = self.reading.places.get(key)
        return Claim(key, value) if place is None else Claim(key, value, place.line, place.column, place.text)
