"""Guest files as an administrator works on them: shown, edited, replaced, and brought back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xenia.lib.text import decode, encode_like
from xenia.manager.definitions import Definitions, ReadGuestFile
from xenia.manager.differences import differences
from xenia.manager.jobs import from_system
from xenia.manager.locks import NameLocks
from xenia.manager.noticing import Keeper
from xenia.manager.table import Table
from xenia.model.caller import Caller
from xenia.model.change import Change, Edited
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Started
from xenia.model.errors import XeniaError, conflict, denied, invalid, not_found
from xenia.model.guest_file import GuestFile, Saved, Shown, Version
from xenia.model.live import Difference
from xenia.store.folder import NEW_MODE, GuestFolder, changed_meanwhile, etag_of, is_guest_file
from xenia.store.records import Records
from xenia.store.versions import Versions

EditGuestFile = Callable[[str, str, Sequence[Change]], Awaitable[Edited]]
"""(text, file, changes) → the text with them made; in the worker."""


@dataclass(frozen=True, slots=True)
class GuestFiles:
    """`ref` is always the name of a file in the folder, with or without .cfg, its path, or the name of a domain that
    one of the files defines.
    """

    definitions: Definitions
    versions: Versions
    keeper: Keeper
    records: Records
    table: Table
    read: ReadGuestFile
    edit_text: EditGuestFile
    locks: NameLocks = field(default_factory=NameLocks)

    @property
    def folder(self) -> GuestFolder:
        return self.definitions.folder

    async def find(self, ref: str) -> str:
        """The name of the file that `ref` means. Raises not_found, or a conflict where several files define the domain
        and none was started last.
        """
        await self.definitions.refresh()
        name = self._name(ref)
        files = {Path(file.file).name for file in self.definitions.guest_files()}
        if name in files:
            return name
        defining = [Path(file.file).name for file in self.definitions.of(ref)]
        if len(defining) == 1:
            return defining[0]
        if defining:
            return self._chosen(ref, defining)
        if f"{name}.cfg" in files:
            return f"{name}.cfg"
        raise self._not_there(ref)

    async def find_of(self, domain: str) -> str:
        """The name of the file that defines `domain`, or cannot be used and is called like it: never one that defines
        another domain. Raises as `find`.
        """
        await self.definitions.refresh()
        defining = [Path(file.file).name for file in self.definitions.of(domain)]
        if defining:
            return defining[0] if len(defining) == 1 else self._chosen(domain, defining)
        own = self.folder.path(f"{domain}.cfg")
        if any(file.file == own and file.config is None for file in self.definitions.guest_files()):
            return f"{domain}.cfg"
        raise self._not_there(domain)

    def _chosen(self, domain: str, names: list[str]) -> str:
        """Of several files that define `domain` the one that was started last, or the one that is called like it."""
        record = self.records.by_name(domain)
        started = Path(record.definition.file).name if record is not None else ""
        for name in (started, f"{domain}.cfg"):
            if name in names:
                return name
        raise conflict(
            f"domain '{domain}' is defined by {len(names)} files: {', '.join(names)}", "name the file, not the domain"
        )

    def _not_there(self, ref: str) -> XeniaError:
        entry = self.table.by_name(ref)
        file = entry.started.definition.file if entry is not None else ""
        if "/" in ref:
            file = ref
        if file:
            return not_found(
                f"{file} does not lie in {self.folder.folder}, and xend keeps only what does", f"edit {file} itself"
            )
        return not_found(
            f"there is no guest file '{ref}' in {self.folder.folder}", "xm list --all shows what is defined"
        )

    async def all(self, caller: Caller) -> tuple[GuestFile, ...]:
        """All files of the folder, whether they can be used or not."""
        require_administrator(caller)
        await self.definitions.refresh()
        return self.definitions.guest_files()

    async def show(self, ref: str, caller: Caller) -> Shown:
        require_administrator(caller)
        name = await self.find(ref)
        content = self._current(name, None)
        text, path = decode(content), self.folder.path(name)
        reading = await self.read(text, path, ())
        domain = reading.config.name if reading.config is not None else ""
        return Shown(path, etag_of(content), text, domain, reading.values, reading.complaints)

    async def wanted(self, domain: str) -> DomainConfig:
        """What the guest file of `domain` means now. Raises not_found, conflict, and invalid for one that means
        nothing.
        """
        path = self.folder.path(await self.find_of(domain))
        file = next(file for file in self.definitions.guest_files() if file.file == path)
        if file.config is None:
            raise invalid(f"{path} defines nothing: {file.errors[0].message}", f"xm config check {path}")
        return file.config

    async def edit(self, ref: str, changes: Sequence[Change], caller: Caller, etag: str | None = None) -> Saved:
        """Make `changes` in the file. Raises denied, not_found, what the edit raises, and a conflict where the file's
        content is not that of `etag` or is changed by somebody else meanwhile.
        """
        require_administrator(caller)
        name = await self.find(ref)
        async with self.locks(name):
            old = self._current(name, etag)
            edited = await self.edit_text(decode(old), self.folder.path(name), changes)
            try:
                new = encode_like(edited.text, old)
            except UnicodeEncodeError as error:
                letter = error.object[error.start]
                raise invalid(
                    f"{self.folder.path(name)} is in Latin-1, which has no letter '{letter}'",
                    f"turn it into UTF-8 first: recode latin1..utf8 {self.folder.path(name)}",
                ) from None
            what = "; ".join(map(str, changes))
            return await self._save(name, old, new, caller, what, notes=edited.notes, complaints=edited.complaints)

    async def put(self, name: str, text: str, caller: Caller, etag: str | None) -> Saved:
        """Give the file `name` the content `text`; make it where there is none, and `etag` is None.

        Raises as `edit`, and invalid for what can be no name.
        """
        require_administrator(caller)
        if not is_guest_file(name):
            raise invalid(f"'{name}' cannot be the name of a guest file", "it ends in .cfg, and has no / in it")
        async with self.locks(name):
            old = self._current(name, etag) if etag is not None else None
            if etag is None and self.folder.read_if_there(name) is not None:
                raise conflict(f"{self.folder.path(name)} is there already", "send its ETag as If-Match to replace it")
            new = encode_like(text, old) if old is not None else text.encode("utf-8", "surrogateescape")
            complaints = (await self.read(text, self.folder.path(name), ())).complaints
            return await self._save(name, old, new, caller, "replaced" if old else "made", complaints=complaints)

    async def remove(self, name: str, caller: Caller) -> Saved:
        """Remove the file `name`; what it held stays its last version. Raises as `edit`."""
        require_administrator(caller)
        async with self.locks(name):
            return await self._save(name, self._current(name, None), None, caller, "removed")

    async def history(self, ref: str, caller: Caller) -> tuple[str, tuple[Version, ...]]:
        """The path of the file and its versions, the oldest first; also of one that was removed."""
        require_administrator(caller)
        name = await self._find_ever(ref)
        await self.keeper.keep(name)
        return self.folder.path(name), await self.versions.all(name)

    async def version(self, ref: str, number: int, caller: Caller) -> bytes:
        """The content of one version, empty where the file was removed then. Raises not_found."""
        require_administrator(caller)
        return await self.versions.content(await self._find_ever(ref), number) or b""

    async def revert(self, ref: str, number: int | None, caller: Caller) -> Saved:
        """Bring the version `number` back, or the one before the last. It becomes the newest version."""
        require_administrator(caller)
        name = await self._find_ever(ref)
        async with self.locks(name):
            old = self.folder.read_if_there(name)
            await self._keep(name, old)
            kept = await self.versions.all(name)
            if number is None:
                if len(kept) < 2:
                    raise conflict(f"there is no earlier version of {self.folder.path(name)}")
                number = kept[-2].number
            new = await self.versions.content(name, number)
            complaints: tuple[Complaint, ...] = ()
            if new is not None:
                complaints = (await self.read(decode(new), self.folder.path(name), ())).complaints
            return await self._save(name, old, new, caller, f"back to version {number}", complaints=complaints)

    async def _find_ever(self, ref: str) -> str:
        """As `find`; a file that is there no more is found by its name."""
        try:
            return await self.find(ref)
        except XeniaError:
            name = self._name(ref if ref.endswith(".cfg") else f"{ref}.cfg")
            if is_guest_file(name) and await self.versions.all(name):
                return name
            raise

    def _name(self, ref: str) -> str:
        """`ref` without the folder, where it is a path in it."""
        return Path(ref).name if Path(ref).parent == self.folder.folder else ref

    def _current(self, name: str, etag: str | None) -> bytes:
        try:
            content = self.folder.read(name)
        except OSError as error:
            raise from_system(error) from error
        except XeniaError as error:
            raise invalid(f"{self.folder.path(name)} is no guest file: {error.message}") from error
        if etag is not None and etag != etag_of(content):
            raise changed_meanwhile(self.folder.path(name))
        return content

    async def _keep(self, name: str, content: bytes | None) -> None:
        """Keep what somebody else has made of the file before it is changed by us."""
        self.keeper(name, content)
        await self.keeper.keep(name)

    async def _save(
        self,
        name: str,
        old: bytes | None,
        new: bytes | None,
        caller: Caller,
        what: str,
        *,
        notes: tuple[str, ...] = (),
        complaints: tuple[Complaint, ...] = (),
    ) -> Saved:
        try:
            await self.write(name, old, new, caller.name, what)
        except OSError as error:
            raise from_system(error) from error
        await self.definitions.refresh([name])
        kept = await self.versions.all(name)
        config = next((each for each, file in self.definitions.files() if file == self.folder.path(name)), None)
        return Saved(
            self.folder.path(name),
            etag_of(new) if new is not None else "",
            new != old,
            kept[-1].number if kept else 0,
            config.name if config is not None else "",
            notes,
            complaints,
            self.pending(config) if config is not None else (),
        )

    async def write(
        self, name: str, old: bytes | None, new: bytes | None, who: str, what: str, *, mode: int = NEW_MODE
    ) -> None:
        """Replace the content `old` of a file by `new` (None: no file), and keep both as versions. Under the lock of
        `name`.

        Raises a conflict when the file does not hold `old` any more, and OSError; then it is as it was.
        """
        await self._keep(name, old)
        if new != old:
            with self.keeper.while_ours(name, old, new):
                await self.folder.replace(name, new, expected=old, mode=mode)
                # What is lost of the first version with the power is made again of the file itself.
                await self.versions.add(name, new, who, what, durable=old is not None)

    def domain_of(self, name: str) -> str:
        """The domain that the file `name` defines, "" for none."""
        path = self.folder.path(name)
        return next((config.name for config, file in self.definitions.files() if file == path), "")

    def running(self, domain: str) -> Started | None:
        """The as-started configuration of `domain`; None where it does not run, or is kept by others."""
        entry = self.table.by_name(domain)
        return entry.started if entry is not None and not entry.started.foreign else None

    def defined(self, started: Started) -> DomainConfig | None:
        """What is wanted of a domain that runs: by the file that it was started from, where several define it."""
        files = self.definitions.of(started.config.name)
        file = next((each for each in files if each.file == started.definition.file), files[0] if files else None)
        return file.config if file is not None else None

    def pending(self, config: DomainConfig) -> tuple[Difference, ...]:
        """In what the domain of this name, if it runs, is not as `config`."""
        started = self.running(config.name)
        return differences(config, started.config) if started is not None else ()


def require_administrator(caller: Caller) -> None:
    """Raises denied for others: guest files name files of the host, and may hold passwords."""
    if not caller.administers_host:
        raise denied(
            f"{caller.name} may not work on the guest files of this host: that needs the role administrator",
            "do it as root",
        )
