"""Cards that come and go while a guest runs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from xenia.engines.qemu.machine import SLOTS_VIF
from xenia.engines.qemu.pci import Qemu, Unplugging, devices, free_slot
from xenia.engines.qemu.vif import CARD, card_name, card_of, netdev_name, netdev_of
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError
from xenia.network.attach import AttachedVif


class Cards:
    """Those of one guest, by number. Its methods raise engine_failed where QEMU does not do as asked."""

    def __init__(self, qemu: Qemu, unplugging: Unplugging) -> None:
        self.interfaces: dict[int, str] = {}
        """The host's ends of them."""
        self.numbers: frozenset[int] | None = None
        """None before `look`."""
        self._qemu = qemu
        self._unplugging = unplugging

    @property
    def ends(self) -> tuple[str, ...]:
        """The host's ends, by number."""
        return tuple(name for _, name in sorted(self.interfaces.items()))

    def started_with(self, interfaces: Mapping[int, str]) -> None:
        self.interfaces, self.numbers = dict(interfaces), frozenset(interfaces)

    async def look(self) -> frozenset[int]:
        """Learn which cards there are, and remove the host's ends of those that the guest has let go of. The numbers of
        those that were there before and are no more.
        """
        found = frozenset(int(number) for number in await devices(self._qemu, CARD))
        for number in self.interfaces.keys() - found:  # which netdevs there are cannot be asked
            with contextlib.suppress(XeniaError):
                await self._qemu.execute("netdev_del", {"id": netdev_name(number)})
        gone = (self.numbers or frozenset()) - found
        self.numbers = found
        self.interfaces = {number: name for number, name in self.interfaces.items() if number in found}
        return gone

    async def plug(self, config: DomainConfig, attached: AttachedVif) -> None:
        """Plug in a card of `config`. Raises also a conflict when there is no room."""
        number = attached.vif.item
        address = await free_slot(self._qemu, config, SLOTS_VIF)
        if attached.tap is not None:
            self._qemu.send(attached.tap)
            await self._qemu.execute("getfd", {"fdname": netdev_name(number)})
        await self._qemu.execute("netdev_add", netdev_of(attached, netdev_name(number)))
        try:
            card = {**card_of(attached), **address, "romfile": ""}
            await self._qemu.execute("device_add", card)
        except BaseException:
            with contextlib.suppress(XeniaError):
                await self._qemu.execute("netdev_del", {"id": netdev_name(number)})
            raise
        self.interfaces[number] = attached.ifname
        self.numbers = (self.numbers or frozenset()) | {number}

    async def let_go(self) -> None:
        """Remove the host's ends of all; the guest, which has ended, keeps its own."""
        for number in tuple(self.interfaces):
            await self._qemu.execute("netdev_del", {"id": netdev_name(number)})
            del self.interfaces[number]

    async def unplug(self, number: int) -> None:
        """Have the guest let go of a card. Raises also timed_out and a conflict."""
        await self._unplugging.unplug(card_name(number), f"its card {number}")
        await self.look()
