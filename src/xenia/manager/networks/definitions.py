"""The definitions of networks, read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xenia.model.errors import GuestFileError, XeniaError, not_found
from xenia.model.network import Network, NetworkState
from xenia.network.definition import read_network
from xenia.store.networks import NetworkStore


@dataclass(frozen=True, slots=True)
class Definition:
    """The text of a definition, and what it means: a network, or why it is none."""

    text: str
    network: Network | None = None
    error: GuestFileError | None = None

    @property
    def meaning(self) -> Network:
        """Raises GuestFileError."""
        if self.network is None:
            raise self.error or not_found("there is no such network")
        return self.network


@dataclass(frozen=True, slots=True)
class Definitions:
    """`root` is that of this xend."""

    store: NetworkStore
    root: Path

    async def all(self) -> dict[str, Definition]:
        """By name."""
        found = {}
        for name in await self.store.names():
            text = await self.store.text(name)
            if text is not None:
                found[name] = self.read(name, text)
        return found

    def read(self, name: str, text: str) -> Definition:
        """What `text` means as the definition of `name`."""
        try:
            return Definition(text, read_network(name, text, self.file(name)))
        except GuestFileError as error:
            return Definition(text, error=error)

    def file(self, name: str) -> str:
        """Its path on the host."""
        return str(self.root / self.store.path(name))


def state_of(
    definition: Definition | None, applied: Network | None, problem: XeniaError | None
) -> tuple[NetworkState, str]:
    """How it is with a network, and why: its definition (None: removed), what is on the host of it, and what kept the
    definition from being applied.
    """
    if definition is None:
        return NetworkState.GONE, "its definition was removed: xm network apply takes it away"
    if definition.error is not None:
        first = definition.error.complaints[0]
        return NetworkState.INVALID, f"{first.place}: {first.message}"
    if problem is not None:
        return NetworkState.FAILED, problem.message
    if definition.network != applied:
        return NetworkState.CHANGED, "its definition was changed: xm network apply does what it says"
    return NetworkState.UP, ""
