"""PCI devices of the host: given to domains that run, taken from the host's drivers and given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from xenia.engines.pci import PassesPci
from xenia.manager.disks import own
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.domain import DOMAIN_0_UUID, DomainConfig, Started
from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.event import EventKind
from xenia.model.host import EngineReport
from xenia.model.job import Job
from xenia.model.operations import HOST_OPERATIONS, require, unsupported
from xenia.model.pci import HostPci, PciDevice, devices_of, read_address, read_device


@dataclass(frozen=True, slots=True)
class Pci:
    """For administrators. The guest file stays as it is: what is done here lasts as long as the domain does, also when
    a policy starts it over. `report` tells what the engine can do.
    """

    lifecycle: Lifecycle
    turns: Turns
    report: Callable[[], EngineReport]

    def attach(self, ref: str, text: str, slot: str, caller: Caller) -> Job:
        """Give a domain the device that `text` names, as an item of `pci = [...]`, as a job with `{"device": ADDRESS}`.
        It is written down first: a new xend strikes out what the engine does not have.

        Raises as `Turns.start`, and invalid for what names no device.
        """
        device = read_device(text, slot)

        async def verb(entry: Entry) -> dict[str, Any]:
            await self._attach(entry, device)
            return {"device": device.address}

        return self.turns.start("pci-attach", ref, caller, verb)

    async def _attach(self, entry: Entry, device: PciDevice) -> None:
        before, holder = own(entry), self._holder(device.address)
        if holder is not None:
            raise conflict(
                f"domain '{holder}' has the PCI device {device.address} already",
                f"xm pci-detach {holder} {device.address}",
            )
        wanted = replace(before, config=_with(before.config, device))
        await self.lifecycle.record(entry, config=wanted.config)
        try:
            await cast(PassesPci, self.lifecycle.engine).attach_pci(wanted, device)
        except XeniaError:
            await self.lifecycle.note(entry, config=before.config)
            raise
        self.lifecycle.bus.publish(EventKind.PCI_ATTACHED, entry.started, device.address)

    def detach(self, ref: str, text: str, caller: Caller) -> Job:
        """Have a domain let go of a device, as a job with `{"device": ADDRESS}`. Raises as `attach`; that it does not
        have it, or does not let go of it, is the job's error.
        """
        address = read_device(text).address

        async def verb(entry: Entry) -> dict[str, Any]:
            started = own(entry)
            there = [device.address for device in _devices(started)]
            if address not in there:
                name = started.config.name
                hint = f"it has: {', '.join(there) or 'none'}"
                raise not_found(f"domain '{name}' has no PCI device {address}", hint)
            await cast(PassesPci, self.lifecycle.engine).detach_pci(started, address)
            await self.lifecycle.strike_out(entry, {address})
            return {"device": address}

        return self.turns.start("pci-detach", ref, caller, verb)

    async def list(self, ref: str) -> tuple[PciDevice, ...]:
        """The devices of a domain that runs. Raises as `Inventory.find`, and a conflict for one that does not."""
        domain = await self.turns.inventory.look_up(ref)
        started = self.turns.inventory.started(domain.uuid)
        if started is None:
            own = domain.uuid == DOMAIN_0_UUID
            raise conflict(
                f"domain '{domain.name}' is {'the host itself' if own else 'not running'} and has no PCI devices",
                "xm list shows what runs",
            )
        return _devices(started)

    async def assignable(self, caller: Caller) -> tuple[HostPci, ...]:
        """The devices that may be given to domains. Raises denied, invalid where the engine cannot, engine_failed."""
        return await self._engine("pci-assignable-list", caller).assignable_pci()

    async def make_assignable(self, text: str, caller: Caller) -> str:
        """Take a device from the host's drivers; its address. Raises as `assignable`, invalid for what is no address,
        and what the engine raises.
        """
        engine, address = self._engine("pci-assignable-add", caller), read_address(text)
        await engine.make_assignable(address)
        return address

    async def take_back(self, text: str, caller: Caller) -> str:
        """Let the host's drivers have a device again; its address. Raises as `make_assignable`, and a conflict for one
        that a domain has.
        """
        engine, address = self._engine("pci-assignable-remove", caller), read_address(text)
        holder = self._holder(address)
        if holder is not None:
            raise conflict(f"domain '{holder}' has the PCI device {address}", f"xm pci-detach {holder} {address}")
        await engine.take_back(address)
        return address

    def _engine(self, name: str, caller: Caller) -> PassesPci:
        operation, report = HOST_OPERATIONS[name], self.report()
        require(caller.role, operation)
        if operation.capability not in report.capabilities:
            raise unsupported(operation, report)
        return cast(PassesPci, self.lifecycle.engine)

    def _holder(self, address: str) -> str | None:
        """The domain that has the device."""
        for entry in self.lifecycle.table:
            if address in {device.address for device in _devices(entry.started)}:
                return entry.started.config.name
        return None


def _devices(started: Started) -> tuple[PciDevice, ...]:
    return devices_of(started.config.other.get("pci", ()))


def _with(config: DomainConfig, device: PciDevice) -> DomainConfig:
    items = [each.item for each in devices_of(config.other.get("pci", ()))]
    return replace(config, other={**config.other, "pci": [*items, device.item]})
