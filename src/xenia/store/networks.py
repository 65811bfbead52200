"""Networks: their definitions (`etc/xen/networks/NAME.toml`), and what was made for them (`run/xenia/networks.json`).

What was made lives as long as the host does: after a reboot nothing of it is there, so what an earlier boot left is
dropped.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.network import Network
from xenia.network.routed import RoutedCard
from xenia.network.things import Thing
from xenia.network.written import read_back, written

log = logging.getLogger(__name__)

_FOLDER = "etc/xen/networks"
_SUFFIX = ".toml"
_PLACE = "run/xenia/networks.json"


@dataclass(frozen=True, slots=True)
class Applied:
    """`networks` are the definitions that hold, `cards` those that are routed; `made` is what was made for them, in
    order. A thing stands there before it is made, and until it is unmade.
    """

    networks: tuple[Network, ...] = ()
    made: tuple[Thing, ...] = ()
    cards: tuple[RoutedCard, ...] = ()

    def network(self, name: str) -> Network | None:
        return next((each for each in self.networks if each.name == name), None)

    def has_made(self, key: str) -> bool:
        return any(each.key == key for each in self.made)


class NetworkStore:
    """`boot` names the current boot of the host."""

    def __init__(self, files: Files, boot: str) -> None:
        self._files = files
        self._boot = boot

    async def names(self) -> list[str]:
        """Of all definitions, sorted."""
        files = await self._files.list(_FOLDER)
        return [file.removesuffix(_SUFFIX) for file in files if file.endswith(_SUFFIX)]

    def path(self, name: str) -> str:
        """Of a definition, below the root."""
        return f"{_FOLDER}/{name}{_SUFFIX}"

    async def text(self, name: str) -> str | None:
        """A definition; None where there is none. What is no UTF-8 is no TOML either, and refused as such."""
        content = await self._files.read(self.path(name))
        return None if content is None else content.decode("utf-8", "replace")

    async def define(self, name: str, text: str | None) -> None:
        """Keep a definition durably, or remove it (None). Raises OSError."""
        if text is None:
            await self._files.remove(self.path(name))
        else:
            await self._files.write(self.path(name), text.encode("utf-8", "replace"), durable=True)

    async def load(self) -> Applied:
        """What was made in this boot of the host. What cannot be read is nothing, and logged."""
        content = await self._files.read(_PLACE)
        if content is None:
            return Applied()
        try:
            plain = json.loads(content)
            if plain["boot"] != self._boot:
                return Applied()
            networks = tuple(from_plain(Network, each) for each in plain["networks"])
            cards = tuple(from_plain(RoutedCard, each) for each in plain.get("cards", ()))
            return Applied(networks, tuple(map(read_back, plain["made"])), cards)
        except (ValueError, KeyError, TypeError) as error:
            log.error("%s cannot be read, and what it says was made for networks stays: %s", _PLACE, error)
            return Applied()

    async def save(self, applied: Applied) -> None:
        """Raises OSError, and then what was written before still holds."""
        plain = {
            "boot": self._boot,
            "networks": [to_plain(each) for each in applied.networks],
            "made": [written(each) for each in applied.made],
            "cards": [to_plain(each) for each in applied.cards],
        }
        await self._files.write(_PLACE, json.dumps(plain).encode(), durable=False)


def etag_of(text: str) -> str:
    """A name for a definition that no other one has."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def digest_of(texts: Sequence[str]) -> str:
    """A name for several texts in their order."""
    return etag_of(json.dumps(list(texts)))
