"""Domain records: what Xenia decided once for a domain (`var/lib/xenia/domains/UUID.json`)."""

from __future__ import annotations

import json
import logging

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.domain import DomainRecord

log = logging.getLogger(__name__)

_FOLDER = "var/lib/xenia/domains"


class Records:
    """All records, in memory after `load`; `save` and `remove` keep memory and disk alike."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._records: dict[str, DomainRecord] = {}
        self._unreadable: set[str] = set()

    async def load(self) -> None:
        """Read them all. One that cannot be read is left where it is and logged; its domain gets a new one when next
        started.
        """
        for name in await self._files.list(_FOLDER):
            if not name.endswith(".json"):
                continue
            content = await self._files.read(f"{_FOLDER}/{name}")
            if content is None:
                continue
            try:
                record = from_plain(DomainRecord, json.loads(content))
            except ValueError as error:
                log.error("domain record %s/%s cannot be read: %s", _FOLDER, name, error)
                self._unreadable.add(name.removesuffix(".json"))
                continue
            self._records[record.uuid] = record

    @property
    def uuids(self) -> frozenset[str]:
        """Those of all domains of which something is written down, whether it can be read or not."""
        return frozenset(self._unreadable.union(self._records))

    def all(self) -> tuple[DomainRecord, ...]:
        return tuple(self._records.values())

    def by_uuid(self, uuid: str) -> DomainRecord | None:
        return self._records.get(uuid)

    def by_name(self, name: str) -> DomainRecord | None:
        return next((record for record in self._records.values() if record.name == name), None)

    async def save(self, record: DomainRecord) -> None:
        """Keep `record` durably; nothing is written when it is kept already. A name has one record: another is
        dropped.

        Raises OSError, and then the old one still holds.
        """
        if self._records.get(record.uuid) == record:
            return
        content = json.dumps(to_plain(record), indent=1).encode()
        await self._files.write(f"{_FOLDER}/{record.uuid}.json", content, durable=True)
        self._records[record.uuid] = record
        for other in [other for other in self.all() if other.name == record.name and other.uuid != record.uuid]:
            await self.remove(other.uuid)

    async def note(self, record: DomainRecord) -> None:
        """Keep what is so whatever the disk says: remember it all the same."""
        try:
            await self.save(record)
        except OSError as error:
            log.error("the record of domain %s cannot be written: %s", record.name, error)
            self._records[record.uuid] = record

    async def remove(self, uuid: str) -> None:
        await self._files.remove(f"{_FOLDER}/{uuid}.json")
        self._records.pop(uuid, None)
