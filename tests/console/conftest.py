from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.xend import GuestConsole

from xenia.console import hub
from xenia.console.hub import ConsoleHub

UUID = "guest-uuid"


@dataclass
class Guest:
    """One guest whose consoles a test speaks for, and the hub that reads them."""

    folder: Path
    consoles: dict[str, GuestConsole] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hub = ConsoleHub(self.places, self.log_of)

    def places(self, uuid: str) -> dict[str, Path]:
        return {kind: console.path for kind, console in self.consoles.items()} if uuid == UUID else {}

    def log_of(self, uuid: str, kind: str) -> Path:
        return self.folder / f"console-{kind}.log"

    def has(self, *kinds: str) -> None:
        """The guest comes up with these consoles."""
        for kind in kinds:
            self.consoles[kind] = GuestConsole(self.folder / f"{kind}.in", self.log_of(UUID, kind)).__enter__()

    async def connected(self, *kinds: str) -> None:
        for kind in kinds:
            await self.consoles[kind].connected()


@pytest.fixture
async def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guest]:
    monkeypatch.setattr(hub, "_FAREWELL", 0.01)  # tests do not close each watcher
    guest = Guest(tmp_path)
    yield guest
    await guest.hub.close()
    for console in guest.consoles.values():
        console.end()
