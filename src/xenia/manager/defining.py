"""Making a domain known by a guest file in the folder, and taking that back: new and delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xenia.manager.autostart import Autostart
from xenia.manager.check.checker import meaningful
from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.locks import NameLocks
from xenia.manager.restoring import refuse_suspended
from xenia.model.caller import Caller
from xenia.model.change import Action, Change
from xenia.model.domain import DomainConfig
from xenia.model.errors import conflict, invalid
from xenia.model.guest_file import Saved
from xenia.store.records import Records
from xenia.store.snapshots import SnapshotTrees


@dataclass(frozen=True, slots=True)
class Defining:
    """`locks` are those of the domains' names."""

    guest_files: GuestFiles
    autostart: Autostart
    records: Records
    trees: SnapshotTrees
    locks: NameLocks

    async def define(self, text: str, file: str, overrides: Sequence[str], caller: Caller) -> Saved:
        """Keep `text`, which was read from `file`, as the guest file of the domain that it defines, under the domain's
        name. `overrides` (`key=value`) are set in it first.

        Raises denied, GuestFileError for a text that defines nothing, what an edit raises, and a conflict where the
        domain is defined or the name of its file is taken.
        """
        require_administrator(caller)
        notes: tuple[str, ...] = ()
        if overrides:
            edited = await self.guest_files.edit_text(text, file, [_change(word) for word in overrides])
            text, notes = edited.text, edited.notes
        config = meaningful(await self.guest_files.read(text, file, ()))
        name = f"{config.name}.cfg"
        async with self.locks(config.name):
            await self.guest_files.definitions.refresh()
            self._refuse_defined(config, name)
            return replace(await self.guest_files.put(name, text, caller, None), notes=notes)

    def _refuse_defined(self, config: DomainConfig, name: str) -> None:
        defining = self.guest_files.definitions.of(config.name)
        if defining:
            raise conflict(
                f"domain '{config.name}' is defined by {defining[0].file} already",
                f"change it: xm config set {config.name} key=value; or remove it first: xm delete {config.name}",
            )
        if self.guest_files.folder.stamp(name) is not None:
            path = self.guest_files.folder.path(name)
            raise conflict(f"{path} is there already, and defines something else", f"look: xm config show {name}")

    async def delete(self, ref: str, caller: Caller) -> Saved:
        """Remove the guest file of a domain that does not run; its last version is kept. It starts with
        the host no more. Disks stay.

        Raises denied, what finding the file raises, and a conflict for a domain that runs.
        """
        require_administrator(caller)
        name = await self.guest_files.find(ref)
        domain = self.guest_files.domain_of(name)
        async with self.locks(domain or name):
            entry = self.guest_files.table.by_name(domain) if domain else None
            if entry is not None:
                raise conflict(
                    f"domain '{domain}' runs (id {entry.started.domid})",
                    f"end it first: xm shutdown -w {domain}; then xm delete {domain}",
                )
            record = self.records.by_name(domain) if domain else None
            refuse_suspended(record)
            if record is not None and not self.trees.of(record.uuid).empty:
                raise conflict(
                    f"domain '{domain}' has snapshots, and its disks are not what its guest file names",
                    f"xm snapshot delete --all {domain} makes them so again; then xm delete {domain}",
                )
            saved = await self.guest_files.remove(name, caller)
            self.autostart.forget(name, domain)
            return replace(saved, domain=domain)


def _change(word: str) -> Change:
    key, sign, value = word.partition("=")
    if not sign:
        raise invalid(f"'{word}' is no key=value", "keys are set as memory=512")
    return Change(Action.SET, key.strip(), value)
