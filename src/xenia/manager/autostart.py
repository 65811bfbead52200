"""Which domains start with the host, in which order: the links in etc/xen/auto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xenia.manager.guest_files import GuestFiles, require_administrator
from xenia.manager.jobs import from_system
from xenia.model.autostart import Linked, Member
from xenia.model.caller import Caller
from xenia.model.complaint import Complaint, Severity
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.guest_file import GuestFile
from xenia.model.start_order import arrange
from xenia.store.auto import AutoFolder, Link, read_guest_file


@dataclass(frozen=True, slots=True)
class Autostart:
    folder: AutoFolder
    guest_files: GuestFiles

    async def members(self) -> tuple[Member, ...]:
        """In the order in which they start; those that are not started, each with its problem, at the end."""
        await self.guest_files.definitions.refresh()
        members: dict[str, Member] = {}
        others = []
        for link in sorted(self.folder.links(), key=lambda each: (each.number, each.name)):
            member = await self._member(link)
            if member.problem:
                others.append(member)
            elif (first := members.get(member.domain)) is not None:
                others.append(replace(member, problem=f"'{member.domain}' is started by {first.link} already"))
            else:
                members[member.domain] = member
        arranged = arrange(member.place for member in members.values())
        for circle in arranged.circles:
            others += (replace(members[name], problem=circle_said(circle)) for name in circle)
        return (*(members[place.name] for place in arranged.sequence), *others)

    async def _member(self, link: Link) -> Member:
        file = await self._guest_file(link.file)
        path = self.folder.path(link.name)
        if file.config is None:
            stem = Path(link.name).name.removesuffix(".cfg")
            return Member(path, link.file, stem, link.number, problem=_problem(file))
        return Member(path, link.file, file.config.name, link.number, file.config.order)

    async def _guest_file(self, file: str) -> GuestFile:
        """As it is known, or, if it does not lie in the folder, as it is read now."""
        definitions = self.guest_files.definitions
        known = next((each for each in definitions.guest_files() if each.file == file), None)
        if known is not None:
            return known
        try:
            content = read_guest_file(file)
        except OSError as error:
            return _unreadable(file, error.strerror or str(error))
        except XeniaError as error:
            return _unreadable(file, error.message)
        return await definitions.read(file, content)

    async def enable(self, ref: str, number: int | None, caller: Caller) -> Linked:
        """Let the domain whose guest file `ref` names start with the host, in the place `number` (None: the one that it
        has, else the last). Raises denied, what finding the file raises, invalid for a file that defines nothing, and a
        conflict where the link cannot be made.
        """
        name, domain = await self._find(ref, caller)
        if not domain:
            path = self.guest_files.folder.path(name)
            raise invalid(f"{path} defines nothing, so it cannot start with the host", f"xm config check {path}")
        file = self.guest_files.folder.path(name)
        links = self._links_to(file)
        if links and number is None:
            return Linked(domain, file, self.folder.path(links[0].name), changed=False)
        wanted = name if number is None else f"{number:02d}-{name}"
        if [link.name for link in links] == [wanted]:
            return Linked(domain, file, self.folder.path(wanted), changed=False)
        try:
            if wanted not in (link.name for link in links):
                self.folder.add(wanted, file)
            self._remove([link for link in links if link.name != wanted])
        except FileExistsError:
            raise conflict(
                f"{self.folder.path(wanted)} is there already, and leads to something else",
                f"look: ls -l {self.folder.folder}",
            ) from None
        except OSError as error:
            raise from_system(error) from error
        return Linked(domain, file, self.folder.path(wanted), changed=True)

    async def disable(self, ref: str, caller: Caller) -> Linked:
        """Take all links to the guest file that `ref` names away. Raises as `enable`."""
        name, domain = await self._find(ref, caller)
        return self.forget(name, domain)

    def forget(self, name: str, domain: str) -> Linked:
        """The same for the file `name`, which may be gone."""
        file = self.guest_files.folder.path(name)
        links = self._links_to(file)
        try:
            self._remove(links)
        except OSError as error:
            raise from_system(error) from error
        return Linked(domain, file, "", changed=bool(links))

    async def _find(self, ref: str, caller: Caller) -> tuple[str, str]:
        """The name of the file and its domain."""
        require_administrator(caller)
        name = await self.guest_files.find(ref)
        return name, self.guest_files.domain_of(name)

    def _links_to(self, file: str) -> list[Link]:
        return [link for link in self.folder.links() if link.is_link and link.file == file]

    def _remove(self, links: Sequence[Link]) -> None:
        for link in links:
            self.folder.remove(link.name)


def circle_said(circle: Sequence[str]) -> str:
    """A circle in words."""
    if len(circle) == 1:
        return f"start_after: '{circle[0]}' waits for itself"
    return f"start_after: {' waits for '.join(circle)}, which waits for {circle[0]}"


def _unreadable(file: str, why: str) -> GuestFile:
    return GuestFile(file, errors=(Complaint(Severity.ERROR, f"it cannot be read: {why}", file),))


def _problem(file: GuestFile) -> str:
    return f"{file.errors[0].place}: {file.errors[0].message}"
