"""What a domain needs before an engine can start it: open images, a kernel, cards on a bridge."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from xenia.engines.base import Resources
from xenia.model.domain import DomainConfig, Started
from xenia.model.errors import XeniaError


class ResourceError(XeniaError):
    """Something that the guest file names cannot be had; `key` is where it is named (`kernel`, `disk[1]`)."""

    def __init__(self, key: str, cause: XeniaError) -> None:
        super().__init__(cause.message, kind=cause.kind, hint=cause.hint)
        self.key = key


class Preparer(Protocol):
    """The seam between lifecycle and the rooms below it (storage, network)."""

    def prepare(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        """Open and lock everything; leaving the context closes what the guest has not inherited. Raises
        ResourceError.
        """

    async def missing(self, config: DomainConfig, *, trusted: bool) -> list[ResourceError]:
        """What `prepare` would refuse, without keeping anything open."""
