"""What runs on this host, in memory: the answer to every list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenia.model.domain import Started, State
from xenia.model.errors import conflict


@dataclass(slots=True)
class Entry:
    """One domain that exists. `notes` are what its resources said at its start, as (key or item, note); `vnc` is where
    viewers reach a screen that its engine does not offer itself (`address:display`), `rdp` where RDP clients reach one
    (`address:port`).
    """

    started: Started
    state: State
    notes: tuple[tuple[str, str], ...] = ()
    vnc: str | None = None
    rdp: str | None = None


class Table:
    """The domains that exist, by UUID. Changed only by lifecycle and reconcile, under the lock of the domain's name."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self.closed = ""
        """Why no domain is started now; "" while they are."""

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self._entries.values(), key=lambda entry: entry.started.domid))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, uuid: str) -> Entry | None:
        return self._entries.get(uuid)

    def by_name(self, name: str) -> Entry | None:
        return next((entry for entry in self._entries.values() if entry.started.config.name == name), None)

    def by_id(self, domid: int) -> Entry | None:
        return next((entry for entry in self._entries.values() if entry.started.domid == domid), None)

    def add(self, entry: Entry) -> None:
        """Raises a conflict when its name or UUID is taken."""
        started = entry.started
        holder = self.by_name(started.config.name)
        if holder is not None:
            raise conflict(
                f"a domain named '{started.config.name}' exists already (id {holder.started.domid})",
                f"choose another with name=NAME, or end that one: xm shutdown {started.config.name}",
            )
        holder = self.get(started.uuid)
        if holder is not None:
            raise conflict(
                f"the UUID {started.uuid} belongs to the running domain '{holder.started.config.name}'",
                "take the uuid line out of one of the two guest files",
            )
        self._entries[started.uuid] = entry

    def remove(self, uuid: str) -> None:
        self._entries.pop(uuid, None)
