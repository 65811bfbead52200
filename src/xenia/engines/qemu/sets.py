"""Descriptors for a QEMU that runs: the sets under whose names it opens files."""

from __future__ import annotations

from collections.abc import Sequence

from xenia.engines.qemu.pci import Qemu


class RunningSets:
    """Sets in a QEMU that runs: numbered first, so that a node can name them, then handed over."""

    def __init__(self, qemu: Qemu, first: int) -> None:
        self._qemu = qemu
        self._next = first
        self._wanted: list[tuple[int, int, str]] = []

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(number for number, _, _ in self._wanted))

    def fdset(self, descriptors: Sequence[int], what: str, owner: str) -> str:  # noqa: ARG002 (for the other kind)
        number, self._next = self._next, self._next + 1
        self._wanted += [(number, descriptor, owner) for descriptor in descriptors]
        return f"/dev/fdset/{number}"

    async def hand_over(self) -> None:
        for number, descriptor, owner in self._wanted:
            self._qemu.send(descriptor)
            await self._qemu.execute("add-fd", {"fdset-id": number, "opaque": owner})


async def next_sets(qemu: Qemu) -> RunningSets:
    """Sets beside those that `qemu` has. Raises engine_failed."""
    known = await qemu.execute("query-fdsets")
    return RunningSets(qemu, 1 + max((each["fdset-id"] for each in known), default=0))
