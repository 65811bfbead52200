"""The engine: what xend asks of Xen."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from socket import socket

from xenia.engines.base import (
    ConsoleKind,
    EngineEvent,
    Figures,
    Guard,
    Meaning,
    Observed,
    Plugged,
    Resources,
    SaveSink,
)
from xenia.engines.xen import debugging, disk_hotplug, ends, foreign, medium, pci, places, usb, vif_hotplug
from xenia.engines.xen.agent import XenstoreAgent
from xenia.engines.xen.aside import become, let_go
from xenia.engines.xen.carried import Carried, carried_traits, read_carried, say_again
from xenia.engines.xen.circumstances import circumstances_of
from xenia.engines.xen.core import dump, end_dumps
from xenia.engines.xen.devices import how_taken
from xenia.engines.xen.explain import complaints_of, explain
from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.guest import ENDED, Guest
from xenia.engines.xen.host import refine, report
from xenia.engines.xen.hypervisor import DomainInfo, Hypervisor, module_folders
from xenia.engines.xen.lacks import LACKS
from xenia.engines.xen.memory import make_room, resize
from xenia.engines.xen.pools import Pools
from xenia.engines.xen.probe import probe, version
from xenia.engines.xen.restore import refuse_elsewhere, traits_of
from xenia.engines.xen.save import end_saves, refuse, save, write_out
from xenia.engines.xen.scheduling import read_shares, set_share
from xenia.engines.xen.screen import open_screen
from xenia.engines.xen.screenshot import screenshot
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.sharing import refuse_shared
from xenia.engines.xen.start import create
from xenia.engines.xen.stats import read_stats
from xenia.engines.xen.suspended import resume, run_on
from xenia.engines.xen.topology import read_topology
from xenia.engines.xen.vcpus import read_list, set_online
from xenia.engines.xen.watch import Watch
from xenia.engines.xen.xenstore import Xenstore
from xenia.engines.xen.xl import Xl
from xenia.lib.steps import step, warn
from xenia.model.agent import ShutdownMode
from xenia.model.complaint import Severity
from xenia.model.display import VncRules
from xenia.model.domain import DOMAIN_0_NAME, DOMAIN_0_UUID, DomainConfig, Kind, Started, State
from xenia.model.errors import XeniaError, conflict, engine_failed, invalid, unavailable
from xenia.model.host import Capability, EngineReport, Host
from xenia.model.pci import HostPci, PciDevice, devices_of
from xenia.model.scheduling import Share
from xenia.model.signal import Trigger
from xenia.model.stats import Stats
from xenia.model.topology import Topology
from xenia.model.usb import usb_words
from xenia.model.vcpu import Vcpu, no_such_vcpu, said
from xenia.model.why import Circumstances
from xenia.network.attach import AttachedVif
from xenia.storage.open import OpenedDisk
from xenia.storage.pci import PciHost
from xenia.storage.usb import OpenedUsb, UsbHost

log = logging.getLogger(__name__)

_ALWAYS = frozenset(Capability) - LACKS.keys() - {Capability(kind) for kind in Kind}


class XenEngine:
    """Made by daemon.compose; `probe`, then `recover`, before anything else. Its methods are those of base.Engine."""

    name = "xen"
    assigns_ids = True

    def __init__(self, settings: XenSettings) -> None:
        self.facts = XenFacts()
        self._usable = False
        self._settings = settings
        self._store = Xenstore(settings.xenstore)
        self._xl = Xl(settings.xl, self._store.check)
        self.pools = Pools(self._xl, self._domid)
        self._hypervisor = Hypervisor(settings.python, module_folders(*version()))
        self._usb = UsbHost()
        self._watch = Watch(self._store, self._hypervisor, self._xl)
        self._guests = self._watch.guests
        self._busy = self._watch.busy

    @property
    def capabilities(self) -> frozenset[Capability]:
        return _ALWAYS | {Capability(kind) for kind in Kind if kind in self.facts.caps}

    async def probe(self) -> EngineReport:
        try:
            self.facts = await probe(self._settings, self._hypervisor)
            await self._store.connect()
            told = await self._hypervisor.host()
        except XeniaError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return EngineReport(self.name, usable=False, reason=f"{error.message}{hint}")
        self._usable = True
        return report(self.facts, self.capabilities, told)

    async def recover(self, started: Sequence[Started]) -> list[Observed]:
        """Also ends every xl that an earlier xend has left at work (what it was starting is taken back by manager, what
        it was saving goes on), or that waits for the end of a domain which was being adopted.
        """
        if not self._usable:
            raise unavailable("this is no host for the engine xen", "xm info says why")
        ends.end_xl_of(self._settings.config_of(each.uuid) for each in started)
        end_dumps()
        saved = end_saves()
        for each in started:
            foreign.end_waiting_xl(each.config.name)
        there = {info.uuid: info for info in await self._hypervisor.domains() if info.domid}
        for each in started:
            info = there.get(each.uuid)
            if info is not None and not info.dying:
                guest = self._guests[each.uuid] = await self._watch.guest(info, each.config)
                await self._learn_devices(guest, each.config)
                await self._called(info.domid, each.config.name)
                if info.suspended or info.domid in saved:
                    await self._run_on_after_save(guest)
        found = [guest.observed for guest in self._guests.values()]
        self._watch.start()
        return found

    async def _run_on_after_save(self, guest: Guest) -> None:
        try:
            await run_on(guest, self._hypervisor, self._store)
        except XeniaError as error:
            log.warning("domain %s was to be saved, and does not go on: %s", guest.name, error)

    async def _learn_devices(self, guest: Guest, config: DomainConfig) -> None:
        await disk_hotplug.look(self._store, guest, config)
        await vif_hotplug.look(self._store, guest)
        await medium.look(guest, config)
        if devices_of(config.other.get("pci", ())):
            guest.pci = await pci.look(self._xl, guest.domid)
        if words := usb_words(config.platform.usb_devices):
            guest.usb = await usb.look(self._xl, guest, words, self._usb)

    async def _called(self, domid: int, name: str) -> None:
        """Finish a rename that an earlier xend was cut off in."""
        if await self._store.read(f"/local/domain/{domid}/name") == name:
            return
        try:
            await self._xl.run("rename", str(domid), name)
        except XeniaError as error:
            log.warning("domain %s (id %d) has another name on Xen: %s", name, domid, error)

    def explain(self, config: DomainConfig) -> Meaning:
        return explain(config, self.facts, self._settings.vnc)

    def set_vnc(self, rules: VncRules) -> None:
        self._settings = replace(self._settings, vnc=rules)

    def abi_of(self, config: DomainConfig) -> dict[str, str]:
        """`xen`: the version that the domain was first started under, which decides its virtual hardware."""
        del config
        return {"xen": self.facts.version}

    async def start(self, started: Started, resources: Resources) -> Observed:
        """Raises also invalid for what cannot be on Xen, ResourceError for an image in use, unavailable when there is
        too little memory.
        """
        for complaint in complaints_of(started.config, self.facts, self._settings.vnc):
            if complaint.severity is Severity.ERROR:
                raise invalid(complaint.message, complaint.hint)
        if await self._domids(started.uuid):
            raise conflict(f"the domain {started.uuid} runs already", "xm list shows it")
        carried = Carried()
        if resources.save is not None:
            refuse_elsewhere(resources.save, self.facts)
            carried = read_carried(resources.save.info.traits)
            started = carried.grown(started)
        await refuse_shared(resources.disks, self._store)
        await make_room(started.config, self._settings, self._hypervisor, self._xl)
        self._busy.add(started.uuid)
        try:
            step("xl builds the domain")
            await create(started, resources, carried, self._settings, self._xl)
            guest = await self._find(started)
            step(f"Xen has it as domain {guest.domid}")
            await disk_hotplug.started(self._store, guest, started.config, carried.disks)
            await vif_hotplug.started(self._store, guest, resources.vifs, carried.cards)
            await say_again(self._store, guest, carried.features)
            medium.started(guest, started.config)
            for opened in resources.usb:
                await usb.plug(self._xl, guest, opened)
        except BaseException:
            await self._remove(started.uuid)
            raise
        finally:
            self._busy.discard(started.uuid)
        self._guests[started.uuid] = guest
        return guest.observed

    async def _find(self, started: Started) -> Guest:
        for info in await self._hypervisor.domains():
            if info.uuid == started.uuid and info.state not in (*ENDED, State.DYING):
                return await self._watch.guest(info, started.config)
        raise engine_failed(
            f"domain '{started.config.name}' has ended while it was created",
            f"what xl and its device model said: /var/log/xen/*{started.config.name}*.log; Xen: xl dmesg",
        )

    async def unpause(self, uuid: str) -> None:
        """Raises also unavailable."""
        guest = self._known(uuid)
        for info in await self._hypervisor.domains():
            if info.domid == guest.domid and info.suspended:
                await resume(guest, self._hypervisor, self._store)
            if info.domid == guest.domid and info.paused:
                await self._hypervisor.unpause(guest.domid)
        guest.state = State.RUNNING

    async def pause(self, uuid: str) -> None:
        guest = self._known(uuid)
        if not await self._watch.is_paused(guest):
            await self._hypervisor.pause(guest.domid)
        guest.state = State.PAUSED

    async def shutdown(
        self, uuid: str, *, reboot: bool = False, mode: ShutdownMode = ShutdownMode.AUTO
    ) -> ShutdownMode:
        """Asks the guest's Xen drivers; a guest that has none gets its ACPI button pressed (and none for a reboot,
        which then is a power-off).
        """
        domid = str(self._known(uuid).domid)
        if mode is ShutdownMode.ACPI:
            await self._xl.run("trigger", domid, "power")
            return mode
        try:
            await self._xl.run("reboot" if reboot else "shutdown", domid)
        except XeniaError:
            if mode is ShutdownMode.AGENT:
                raise
            await self._xl.run("shutdown", "-F", domid)
            return ShutdownMode.ACPI
        return ShutdownMode.AGENT

    def agent(self, uuid: str) -> XenstoreAgent:
        guest = self._known(uuid)
        return XenstoreAgent(self._store, guest.domid, guest.name)

    async def reset(self, uuid: str) -> None:
        """A domain that has shut down never runs again on Xen: it is started anew (no capability RESET)."""
        raise engine_failed(f"domain {uuid} cannot start over in place on Xen")

    async def dump_core(self, uuid: str, core: int, *, live: bool, tell: Callable[[float], None]) -> None:
        """Raises also timed_out."""
        guest = self._known(uuid)
        info = await self._look_at(guest)
        stop = not live and info.end is None and not info.paused
        if stop:
            await self._hypervisor.pause(guest.domid)
        try:
            await dump(guest.domid, core, info.mem_kb << 10, self._xl, tell)
        finally:
            if stop:
                await self._run_on(guest)

    async def _run_on(self, guest: Guest) -> None:
        try:
            await self._hypervisor.unpause(guest.domid)
        except XeniaError as error:  # gone meanwhile, most likely
            warn(log, "domain %s stays paused after its core was dumped: %s", guest.name, error)

    async def open_screen(self, uuid: str) -> socket:
        return await open_screen(self._known(uuid))

    async def screenshot(self, uuid: str, picture: int) -> bool:
        return await screenshot(self._known(uuid), picture)

    async def why_not_running(self, uuid: str) -> str:
        del uuid
        return LACKS[Capability.BACKGROUND_SAVE]

    async def save(self, started: Started, sink: SaveSink) -> dict[str, str]:
        """Raises also a conflict for a guest that cannot be saved as it is, timed_out, unavailable."""
        guest = self._known(started.uuid)
        info = await self._look_at(guest)
        await refuse(guest, started, info, self._hypervisor)
        self._busy.add(guest.uuid)
        guest.run_on_for(0)
        try:
            await save(guest, sink, self._xl, size=info.mem_kb << 10, paused=bool(info.paused))
            await write_out(guest.domid, self._store)
            carried = await carried_traits(self._store, guest, started.config, info.mem_kb)
        except BaseException:
            await self._run_on_after_save(guest)
            raise
        finally:
            self._busy.discard(guest.uuid)
            self._watch.look_soon()
        guest.state = State.PAUSED
        return traits_of(self.facts) | carried

    async def _look_at(self, guest: Guest) -> DomainInfo:
        for info in await self._hypervisor.domains():
            if info.domid == guest.domid:
                return info
        raise engine_failed(f"Xen runs no domain {guest.uuid}")

    async def set_memory(self, uuid: str, size: int) -> int:
        """Raises unavailable where the host has too little memory for what the guest is to get."""
        return await resize(self._known(uuid).domid, size, self._hypervisor, self._xl)

    async def set_vcpus(self, started: Started, count: int) -> int:
        return await set_online(self._known(started.uuid).domid, count, self._hypervisor, self._xl)

    async def set_max_memory(self, uuid: str, size: int) -> None:
        await self._xl.run("mem-max", str(self._known(uuid).domid), f"{size}m")

    async def rename(self, uuid: str, name: str) -> None:
        guest = self._known(uuid)
        await self._xl.run("rename", str(guest.domid), name)
        guest.name = name

    async def attach_usb(self, started: Started, opened: OpenedUsb) -> None:
        await usb.plug(self._xl, self._known(started.uuid), opened)

    async def detach_usb(self, started: Started, word: str) -> None:
        """Raises also not_found for a device that the host has no longer."""
        await usb.unplug(self._xl, self._known(started.uuid), word, self._usb)

    async def attach_pci(self, started: Started, device: PciDevice) -> None:
        await pci.attach(self._xl, self._known(started.uuid).domid, device, PciHost())

    async def detach_pci(self, started: Started, address: str) -> None:
        await pci.detach(self._xl, self._known(started.uuid).domid, address)

    async def assignable_pci(self) -> tuple[HostPci, ...]:
        return await pci.assignable(self._xl)

    async def make_assignable(self, address: str) -> None:
        await pci.make_assignable(self._xl, address, PciHost())

    async def take_back(self, address: str) -> None:
        await pci.take_back(self._xl, address)

    async def sysrq(self, uuid: str, key: str) -> None:
        """Its Xen drivers hear it, from xenstore."""
        await self._xl.run("sysrq", str(self._known(uuid).domid), key)

    async def trigger(self, started: Started, trigger: Trigger, vcpu: int | None) -> str:
        return await debugging.send(self._xl, self._known(started.uuid), trigger, vcpu)

    async def monitor_command(self, uuid: str, command: str) -> str:
        return await debugging.ask_device_model(self._xl, self._known(uuid), command)

    async def debug_keys(self, keys: str) -> None:
        await debugging.send_debug_keys(self._xl, keys)

    async def topology(self) -> Topology:
        return read_topology(await self._xl.run("info", "-n"))

    async def hypervisor_log(self, *, clear: bool) -> str:
        return await debugging.read_log(self._xl, clear=clear)

    async def set_aside(self, uuid: str, kept: Started) -> None:
        """Raises also timed_out."""
        guest = self._known(uuid)
        self._busy |= {uuid, kept.uuid}
        try:
            guest.close()
            await let_go(guest.domid, self._store)
            await self._xl.run("rename", str(guest.domid), kept.config.name)
            await become(guest.domid, uuid, kept.uuid, self._store, self._hypervisor)
            guest.become(kept)
            self._guests[kept.uuid] = self._guests.pop(uuid)
        finally:
            self._busy -= {uuid, kept.uuid}

    async def attach_disk(self, started: Started, opened: OpenedDisk) -> None:
        """Raises also a conflict for a name that is taken, ResourceError for an image in use."""
        await disk_hotplug.attach(self._store, self._known(started.uuid), started, opened, self._settings)

    async def detach_disk(self, uuid: str, target: str) -> None:
        """Raises also a conflict for a drive that is emulated."""
        await disk_hotplug.detach(self._store, self._known(uuid), target)

    async def how_taken(self, uuid: str, device: str | int, seconds: float) -> Plugged:
        guest = self._known(uuid)
        if isinstance(device, int):
            return await how_taken(self._store, await vif_hotplug.find(self._store, guest, device), seconds)
        return await how_taken(self._store, await disk_hotplug.find(self._store, guest, device), seconds)

    async def attach_vif(self, started: Started, attached: AttachedVif, guard: Guard) -> None:
        await vif_hotplug.attach(self._store, self._known(started.uuid), attached, self._settings, guard)

    async def detach_vif(self, uuid: str, number: int) -> None:
        """Raises also a conflict for a card that is emulated."""
        await vif_hotplug.detach(self._store, self._known(uuid), number)

    async def set_link(self, uuid: str, number: int, *, up: bool) -> None:
        """A guest does not notice that: nothing of Xen's card tells it."""
        vif_hotplug.set_link(self._known(uuid), number, up=up)

    async def change_medium(self, uuid: str, opened: OpenedDisk, *, force: bool) -> None:
        await medium.change(self._store, self._known(uuid), opened, self._settings, force=force)

    async def destroy(self, uuid: str) -> None:
        self._busy.add(uuid)
        try:
            await self._remove(uuid)
        finally:
            self._busy.discard(uuid)

    async def _remove(self, uuid: str) -> None:
        """Whatever there is of the domain: the xl that starts it, itself, its device model, its entries."""
        ends.end_xl_of([self._settings.config_of(uuid)])
        guest = self._guests.pop(uuid, None)
        if guest is not None:
            guest.close()
        for domid in await self._domids(uuid):
            await ends.destroy(domid, self._hypervisor, self._store, self._xl)
        self._settings.config_of(uuid).unlink(missing_ok=True)

    async def _domids(self, uuid: str) -> list[int]:
        domains = await self._hypervisor.domains()
        return [info.domid for info in domains if info.domid and info.uuid == uuid]

    def observe(self, uuid: str) -> Observed | None:
        guest = self._guests.get(uuid)
        return guest.observed if guest is not None else None

    async def figures(self, uuid: str | None = None) -> Mapping[str, Figures]:
        domains = await self._watch.look() if self._usable else []
        found = {info.uuid if info.domid else DOMAIN_0_UUID: _figures(info) for info in domains}
        return found if uuid is None else {each: figures for each, figures in found.items() if each == uuid}

    async def stats(self, uuid: str | None = None) -> Mapping[str, Stats]:
        if uuid is None or uuid == DOMAIN_0_UUID:
            domid = None if uuid is None else 0
        elif uuid in self._guests:
            domid = self._guests[uuid].domid
        else:
            return {}
        return await read_stats(self._guests.values(), self._hypervisor, domid)

    async def circumstances(self, started: Started) -> Circumstances:
        return await circumstances_of(started.config, self._known(started.uuid).domid, self._store)

    async def vcpus(self) -> Mapping[str, tuple[Vcpu, ...]]:
        uuids = self._uuids()
        count = int((await self._hypervisor.host())["nr_cpus"])
        told = read_list(await self._xl.run("vcpu-list"), count)
        return {uuids[domid]: vcpus for domid, vcpus in told.items() if domid in uuids}

    async def pin(self, uuid: str, number: int | None, cpus: tuple[int, ...] | None, *, soft: bool = False) -> None:
        domid, count = self._domid(uuid), len((await self.vcpus()).get(uuid, ()))
        if number is not None and number >= count:
            raise no_such_vcpu(DOMAIN_0_NAME if not domid else self._known(uuid).name, number, count)
        which, words = "all" if number is None else str(number), "all" if cpus is None else said(cpus)
        await self._xl.run("vcpu-pin", str(domid), which, *(("-", words) if soft else (words,)))

    async def shares(self) -> Mapping[str, Share]:
        uuids = self._uuids()
        return {uuids[domid]: share for domid, share in (await read_shares(self._xl)).items() if domid in uuids}

    async def set_share(self, uuid: str, share: Share) -> None:
        await set_share(self._domid(uuid), share, self._xl)

    def _domid(self, uuid: str) -> int:
        """Of a guest, or of Domain-0."""
        return 0 if uuid == DOMAIN_0_UUID else self._known(uuid).domid

    def _uuids(self) -> dict[int, str]:
        """By domain id."""
        return {guest.domid: guest.uuid for guest in self._guests.values()} | {0: DOMAIN_0_UUID}

    async def refine(self, host: Host) -> Host:
        return refine(host, await self._hypervisor.host())

    async def adopt(self, uuid: str) -> None:
        """What others have started becomes ours: the xl that waits to act on its end is ended."""
        guest = self._known(uuid)
        if not foreign.end_waiting_xl(guest.name):
            log.info("no xl waits for the end of domain %s", guest.name)
        if guest.found is not None:
            await self._learn_devices(guest, guest.found.config)
        guest.found = None

    def console_log(self, uuid: str, kind: ConsoleKind) -> Path | None:
        """None: what xenconsoled keeps, if it does, is its own."""
        del uuid, kind
        return None

    def kept_log(self, name: str, kind: ConsoleKind) -> Path | None:
        """What xenconsoled has kept of a domain's paravirtual console, if it was told to."""
        return places.kept_log(name) if kind is ConsoleKind.PARAVIRTUAL else None

    async def events(self) -> AsyncIterator[EngineEvent]:
        while True:
            yield await self._watch.events.get()

    async def close(self) -> None:
        await self._watch.close()
        await self._store.close()
        await self._hypervisor.close()
        self._watch.forget()

    def _known(self, uuid: str) -> Guest:
        guest = self._guests.get(uuid)
        if guest is None:
            raise engine_failed(f"Xen runs no domain {uuid}")
        return guest


def _figures(info: DomainInfo) -> Figures:
    """The limit of a guest's memory has Xen's own reserve in it; its configuration tells it better."""
    most = None if info.domid else info.maxmem_kb // 1024
    return Figures(info.cpu_time / 1e9, info.mem_kb // 1024, most, info.online_vcpus)
