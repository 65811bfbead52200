"""The guest file that a domain is started from by its name."""

from __future__ import annotations

from pathlib import Path

from xenia.manager.definitions import Definitions
from xenia.manager.inventory import Inventory
from xenia.model.domain import DOMAIN_0_UUID, Domain, DomainRecord, State
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.store.records import Records


def to_start(ref: str, inventory: Inventory, records: Records, definitions: Definitions) -> tuple[str, str]:
    """The name of the domain that `ref` names, and its file: the one that the domain was last started from, else the
    only one in the folder that defines it.

    Raises as `Inventory.find`, a conflict for a domain that exists, and where it is not clear which file is meant;
    invalid for Domain-0.
    """
    known = records.by_name(ref)
    last = known.definition.file if known is not None else ""
    try:
        domain = inventory.find(ref)
    except XeniaError:
        if not last:
            raise
        return ref, last
    if last and domain.name != ref:
        return ref, last
    return domain.name, _file_of(domain, records.by_name(domain.name), definitions)


def _file_of(domain: Domain, record: DomainRecord | None, definitions: Definitions) -> str:
    name = domain.name
    if domain.uuid == DOMAIN_0_UUID:
        raise invalid(f"{name} runs as long as the host does", "xm list --all shows what can be started")
    if domain.state is not State.DEFINED:
        number = "" if domain.domid is None else f" (id {domain.domid})"
        raise conflict(f"domain '{name}' exists already{number}: it is {domain.state}", f"xm list {name}")
    there = [file.file for file in definitions.of(name)]
    last = record.definition.file if record is not None else ""
    if last in there or (last and Path(last).parent != definitions.folder.folder and Path(last).exists()):
        return last
    if len(there) > 1:
        raise conflict(
            f"domain '{name}' is defined by {len(there)} files, and was started from none of them: {', '.join(there)}",
            f"choose once, and start will use it from then on: xm create {there[0]}",
        )
    return there[0] if there else domain.file
