"""What xend has done in its worker: reading guest files, images and kernels, whose bytes are strangers'."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.worker import Worker, WorkerDied, WorkerRefused, WorkerTimedOut
from xenia.model.change import Change, Edited
from xenia.model.complaint import Complaint
from xenia.model.errors import GuestFileError, XeniaError, invalid, unavailable
from xenia.model.old_config import OldConfig
from xenia.model.reading import Reading
from xenia.settings.settings import Settings
from xenia.storage.inspect import INSPECTIONS

_CALLS = {
    "read_guest_file": "xenia.guestfile.in_worker:read_guest_file",
    "edit_guest_file": "xenia.guestfile.in_worker:edit_guest_file",
    "read_domain_xml": "xenia.guestfile.in_worker:read_domain_xml",
    "read_old_config": "xenia.sxp.in_worker:read_old_config",
    **INSPECTIONS,
}
_SECONDS = 5.0
_READING_SECONDS = 1.0
_MEMORY_MIB = 512


class Sandbox:
    """`start` before anything else, `close` at the end. As root the worker is the user before those of the guests."""

    def __init__(self, settings: Settings) -> None:
        uid = settings.worker_uid if os.geteuid() == 0 else None
        self._worker = Worker(_CALLS, seconds=_SECONDS, memory_mib=_MEMORY_MIB, uid=uid)

    async def start(self) -> None:
        """Raises unavailable when the worker cannot be started."""
        try:
            await self._worker.start()
        except WorkerDied as error:
            raise unavailable(f"xend's worker cannot be started: {error}") from error

    async def close(self) -> None:
        await self._worker.close()

    async def read_guest_file(self, text: str, file: str, overrides: tuple[str, ...]) -> Reading:
        """What a guest file means. Raises invalid for one that cannot be evaluated within bounds."""
        return await self._read("read_guest_file", text, file, overrides)

    async def read_domain_xml(self, text: str, file: str, overrides: tuple[str, ...]) -> Reading:
        """What libvirt's domain XML means, as a guest file. Raises as `read_guest_file`."""
        return await self._read("read_domain_xml", text, file, overrides)

    async def _read(self, call: str, text: str, file: str, overrides: tuple[str, ...], **others: bool) -> Reading:
        arguments = {"text": text, "file": file, "overrides": list(overrides), **others}
        plain = await self._call(call, arguments, (), what=file or "the guest file", seconds=_READING_SECONDS)
        return from_plain(Reading, plain)

    async def read_definition(self, text: str, file: str, overrides: tuple[str, ...]) -> Reading:
        """As `read_guest_file`, the configuration and the errors alone."""
        return await self._read("read_guest_file", text, file, overrides, definition=True)

    async def edit_guest_file(self, text: str, file: str, changes: Sequence[Change]) -> Edited:
        """A guest file with `changes` made. Raises GuestFileError or invalid where they cannot be."""
        arguments = {"text": text, "file": file, "changes": to_plain(list(changes))}
        answer = await self._call("edit_guest_file", arguments, (), what=file or "the guest file")
        if (refused := answer.get("refused")) is not None:
            complaints = tuple(from_plain(Complaint, each) for each in refused["complaints"])
            raise GuestFileError(refused["message"], complaints, hint=refused["hint"])
        return from_plain(Edited, answer["edited"])

    async def read_old_config(self, text: str, file: str) -> OldConfig:
        """What an xend-config.sxp says. Raises invalid for one that cannot be read within bounds."""
        arguments = {"text": text, "file": file}
        plain = await self._call("read_old_config", arguments, (), what=file or "the file", seconds=_READING_SECONDS)
        return from_plain(OldConfig, plain)

    async def inspect(self, name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        """What an image or kernel is (storage.inspect). Raises invalid for one that cannot be read within bounds."""
        return await self._call(name, arguments, descriptors, what="an image or kernel")

    async def _call(
        self,
        name: str,
        arguments: dict[str, Any],
        descriptors: Sequence[int],
        *,
        what: str,
        seconds: float = _SECONDS,
    ) -> dict[str, Any]:
        try:
            return await self._worker.call(name, arguments, descriptors, seconds=seconds)
        except WorkerTimedOut as error:
            raise invalid(f"{what} cannot be read: {error}", "it may be broken, or made to keep xend busy") from error
        except (WorkerDied, WorkerRefused) as error:
            raise _not_read(what, error) from error


def _not_read(what: str, error: Exception) -> XeniaError:
    return invalid(f"{what} cannot be read: {error}", "xend's log says more: var/log/xenia/xend.log below its root")
