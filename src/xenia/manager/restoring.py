"""Whether a save fits here: what speaks against it, and what is written down of its domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from xenia.manager.table import Table
from xenia.model.domain import DomainRecord, Started
from xenia.model.errors import conflict
from xenia.model.save import DiskStamp, SaveInfo
from xenia.store.records import Records


def refuse_taken(saved: Started, table: Table, records: Records) -> None:
    """Raises a conflict where another domain has the name or an address of the saved one. That it runs itself is seen
    when it is started.
    """
    name = saved.config.name
    known = records.by_name(name)
    if known is not None and known.uuid != saved.uuid:
        raise conflict(
            f"another domain is called '{name}' here: its UUID is {known.uuid}, and that of the saved one {saved.uuid}",
            f"give that one another name: xm rename {name} NAME",
        )
    for other in table:
        taken = set(other.started.macs) & set(saved.macs)
        if taken and other.started.uuid != saved.uuid:
            raise conflict(
                f"domain '{other.started.config.name}' has the address {min(taken)} of a card of '{name}'",
                f"end that one first: xm shutdown {other.started.config.name}",
            )


def refuse_suspended(record: DomainRecord | None, file: str = "") -> None:
    """Raises a conflict for a domain that is suspended: what goes on must not be what has been started beside it. The
    save that it is in, `file`, is not refused.
    """
    if record is not None and record.suspended is not None and record.suspended.file != file:
        raise conflict(
            f"domain '{record.name}' is suspended",
            f"xm resume {record.name} lets it go on; xm resume --discard {record.name} forgets what it was doing",
        )


def refuse_changed(info: SaveInfo, now: Sequence[DiskStamp], all_the_same: str) -> None:
    """Raises a conflict where a disk is not what the guest has left: it would take what it remembers for what is there,
    and ruin it. `all_the_same` is the command that does not ask.
    """
    for said in _changes(info, now):
        raise conflict(
            f"domain '{info.started.config.name}' cannot go on: {said}",
            f"where that is known to be harmless: {all_the_same}",
        )


def _changes(info: SaveInfo, now: Sequence[DiskStamp]) -> Iterator[str]:
    for was, found in zip(info.disks, now, strict=True):
        if found.size < 0:
            yield f"the image {was.path} of {was.target} cannot be opened"
        elif found.size != was.size:
            yield f"the image {was.path} of {was.target} has {found.size} bytes now, and had {was.size}"
        elif found.changed != was.changed:
            yield f"the image {was.path} of {was.target} was written to at {_said(found)}, after {_said(was)}"


def _said(stamp: DiskStamp) -> str:
    return datetime.fromtimestamp(stamp.changed / 1e9, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def record_of(saved: Started, records: Records) -> DomainRecord:
    """What is to be remembered of a domain that goes on here."""
    known = records.by_uuid(saved.uuid) or DomainRecord(saved.uuid, saved.config.name)
    return replace(
        known,
        name=saved.config.name,
        definition=saved.definition,
        macs=saved.macs,
        abi=known.abi | {saved.engine: saved.abi},
        ending=None,
    )
