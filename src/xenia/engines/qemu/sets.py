"""Descriptors and secrets for a QEMU that runs: the sets under whose names it opens files, and the names of secrets."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any

from xenia.engines.qemu.pci import Qemu
from xenia.model.errors import XeniaError


class RunningSets:
    """Sets in a QEMU that runs: numbered first, so that a node can name them, then handed over."""

    def __init__(self, qemu: Qemu, first: int) -> None:
        self._qemu = qemu
        self._next = first
        self._wanted: list[tuple[int, int, str]] = []
        self._secrets: list[dict[str, Any]] = []

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(number for number, _, _ in self._wanted))

    def fdset(self, descriptors: Sequence[int], what: str, owner: str) -> str:  # noqa: ARG002 (for the other kind)
        number, self._next = self._next, self._next + 1
        self._wanted += [(number, descriptor, owner) for descriptor in descriptors]
        return f"/dev/fdset/{number}"

    def secret(self, name: str, base64: str, held: ExitStack | None) -> str:  # noqa: ARG002 (for the other kind)
        unique = f"{name}.{secrets.token_hex(4)}"
        self._secrets.append({"qom-type": "secret", "id": unique, "format": "base64", "data": base64})
        return unique

    async def hand_over(self) -> None:
        for each in self._secrets:
            await self._qemu.execute("object-add", each)
        for number, descriptor, owner in self._wanted:
            self._qemu.send(descriptor)
            await self._qemu.execute("add-fd", {"fdset-id": number, "opaque": owner})

    async def forget_secrets(self) -> None:
        """A node needs its secret while it is opened."""
        for each in self._secrets:
            with suppress(XeniaError):
                await self._qemu.execute("object-del", {"id": each["id"]})


async def next_sets(qemu: Qemu) -> RunningSets:
    """Sets beside those that `qemu` has. Raises engine_failed."""
    known = await qemu.execute("query-fdsets")
    return RunningSets(qemu, 1 + max((each["fdset-id"] for each in known), default=0))
