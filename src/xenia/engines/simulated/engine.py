"""The engine over a simulated host."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from socket import socket, socketpair

from xenia.engines.base import (
    Around,
    EngineEvent,
    Figures,
    Guard,
    Meaning,
    Observed,
    Plugged,
    Resources,
    SaveSink,
    at_once,
)
from xenia.engines.simulated.agent import SimulatedAgent
from xenia.engines.simulated.exports import SimulatedExport
from xenia.engines.simulated.host import SimulatedGuest, SimulatedHost
from xenia.engines.simulated.layers import merge, put_overlays
from xenia.engines.simulated.pools import SimulatedPools
from xenia.engines.simulated.save import restored, save
from xenia.model.agent import ShutdownMode
from xenia.model.bitmap import Bitmap, no_bitmap, require_usable
from xenia.model.disk import DiskMode
from xenia.model.display import VncRules
from xenia.model.domain import ALIVE, DOMAIN_0_UUID, DomainConfig, Started, State
from xenia.model.errors import XeniaError, conflict, engine_failed, invalid, timed_out
from xenia.model.host import Capability, EngineReport, Host
from xenia.model.layers import Merge
from xenia.model.pci import HostPci, PciDevice, devices_of
from xenia.model.scheduling import Share
from xenia.model.signal import Trigger
from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats
from xenia.model.topology import CpuPlace, NumaNode, Topology
from xenia.model.usb import usb_words
from xenia.model.vcpu import Vcpu, VcpuState, no_such_vcpu
from xenia.model.why import Circumstances
from xenia.network.attach import AttachedVif
from xenia.storage.open import OpenedDisk
from xenia.storage.usb import OpenedUsb


class SimulatedEngine:
    """`host` may have been driven by an earlier engine: its guests are found again."""

    name = "simulated"

    def __init__(self, host: SimulatedHost) -> None:
        self._host = host
        self.pools = SimulatedPools(host)
        self.assigns_ids = host.like_xen
        like_xen = {
            *(Capability.ADOPT, Capability.MAX_MEMORY, Capability.LIVE_CORE_DUMP),
            *(Capability.SOFT_AFFINITY, Capability.CPU_POOLS),
        }
        own = like_xen if host.like_xen else {Capability.RESET, Capability.AGENT_COMMANDS, Capability.LAYERS}
        kinds = {Capability.HVM, Capability.PV, Capability.PVH}
        live = {Capability.MEMORY, Capability.VCPUS, Capability.SCHEDULING, Capability.CORE_DUMP, Capability.SAVE}
        insights = {Capability.SIGNALS, Capability.MONITOR} | ({Capability.HYPERVISOR} if host.like_xen else set())
        devices = {Capability.DISK_HOTPLUG, Capability.MEDIUM_CHANGE, Capability.VIF_HOTPLUG, Capability.AGENT}
        devices |= set() if host.like_xen else {Capability.LIVE_DISKS, Capability.DISK_EXPORT}
        devices |= {Capability.VIF_LINK, Capability.VNC}
        devices |= {Capability.USB_HOTPLUG, Capability.PCI}
        self.capabilities = frozenset({Capability.PAUSE} | live | kinds | own | devices | insights)
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        host.tell = self._events.put_nowait

    async def probe(self) -> EngineReport:
        return EngineReport(
            self.name,
            version="1",
            usable=True,
            accelerator="simulated",
            accelerator_reason="nothing is executed",
            capabilities=self.capabilities,
        )

    async def recover(self, started: Sequence[Started]) -> list[Observed]:
        await self._host.step("recover")
        known = {each.uuid: each for each in started}
        for uuid, guest in self._host.guests.items():
            if uuid not in known and self._host.like_xen:
                found = replace(guest.started, domid=guest.domid, foreign=True)
                self._events.put_nowait(EngineEvent(uuid, guest.state, guest.end, found=found))
        ours = [(uuid, guest) for uuid, guest in self._host.guests.items() if uuid in known]
        for uuid, guest in ours:
            guest.name = known[uuid].config.name
            guest.copies = {}
            for target in tuple(guest.exports):
                guest.exports.pop(target).close()
        return [self._observed(uuid, guest) for uuid, guest in ours]

    def explain(self, config: DomainConfig) -> Meaning:
        return Meaning(rendered=f"simulated guest {config.name}")

    def set_vnc(self, rules: VncRules) -> None:
        """Simulated guests have no screen."""

    def abi_of(self, config: DomainConfig) -> dict[str, str]:
        return {"machine": f"simulated-{config.kind}"}

    async def start(self, started: Started, resources: Resources) -> Observed:
        await self._host.step("start")
        boots = 1 if resources.save is None else await restored(resources.save)
        guest = self._host.start(started, {opened.disk.target: _written(opened) for opened in resources.disks})
        guest.boots = boots
        guest.usb = set(usb_words(started.config.platform.usb_devices))
        guest.pci = {device.address for device in devices_of(started.config.other.get("pci", ()))}
        guest.media = {each.disk.target: bool(each.disk.path) for each in resources.disks if each.disk.cdrom}
        await self._host.step("started")
        return self._observed(started.uuid, guest)

    async def unpause(self, uuid: str) -> None:
        await self._change(uuid, "unpause", State.RUNNING)

    async def pause(self, uuid: str) -> None:
        await self._change(uuid, "pause", State.PAUSED)

    async def _change(self, uuid: str, step: str, state: State) -> None:
        await self._host.step(step)
        guest = self._guest(uuid)
        if guest.state in ALIVE:
            guest.state = state
        await self._host.step(f"{step}d")

    async def shutdown(
        self, uuid: str, *, reboot: bool = False, mode: ShutdownMode = ShutdownMode.AUTO
    ) -> ShutdownMode:
        await self._host.step("shutdown")
        guest, agent = self._guest(uuid), SimulatedAgent(self._host, uuid)
        if mode is not ShutdownMode.ACPI:
            try:
                agent.told()
            except XeniaError:
                if mode is ShutdownMode.AGENT:
                    raise
            else:
                self._host.reboot(uuid) if reboot else self._host.power_off(uuid)
                await self._host.step("shutdown asked")
                return ShutdownMode.AGENT
        if not guest.deaf and guest.state is State.RUNNING:  # there is a power button only, and none for a reboot
            self._host.power_off(uuid)
        await self._host.step("shutdown asked")
        return ShutdownMode.ACPI

    def agent(self, uuid: str) -> SimulatedAgent:
        self._guest(uuid)
        return SimulatedAgent(self._host, uuid)

    async def reset(self, uuid: str) -> None:
        await self._host.step("reset")
        guest = self._guest(uuid)
        guest.state, guest.end, guest.frozen = State.RUNNING, None, False
        guest.boots += 1
        await self._host.step("reset done")

    async def set_memory(self, uuid: str, size: int) -> int:
        await self._host.step("set memory")
        guest = self._guest(uuid)
        if not guest.deaf:
            guest.memory = size
        await self._host.step("memory set")
        return guest.memory

    async def set_vcpus(self, started: Started, count: int) -> int:
        await self._host.step("set vcpus")
        guest = self._guest(started.uuid)
        if not guest.deaf:
            guest.pins = [*guest.pins, *[None] * count][:count]
        await self._host.step("vcpus set")
        return len(guest.pins)

    async def set_max_memory(self, uuid: str, size: int) -> None:
        await self._host.step("set max memory")
        self._guest(uuid).max_memory = size
        await self._host.step("max memory set")

    async def rename(self, uuid: str, name: str) -> None:
        await self._host.step("rename")
        self._guest(uuid).name = name
        await self._host.step("renamed")

    async def set_aside(self, uuid: str, kept: Started) -> None:
        await self._host.step("set aside")
        self._guest(uuid)
        self._host.set_aside(uuid, kept)
        await self._host.step("aside")

    async def destroy(self, uuid: str) -> None:
        await self._host.step("destroy")
        guest = self._host.guests.pop(uuid, None)
        if guest is not None:
            guest.close()
        await self._host.step("destroyed")

    async def attach_disk(self, started: Started, opened: OpenedDisk) -> None:
        await self._host.step("attach disk")
        self._guest(started.uuid)
        self._host.plug(started.uuid, opened.disk.target, _written(opened))
        await self._host.step("disk attached")

    async def detach_disk(self, uuid: str, target: str) -> None:
        await self._host.step("detach disk")
        guest = self._not_exported(uuid)
        if guest.started.config.name in self._host.clinging:
            raise timed_out(f"the guest does not let go of {target}")
        guest.disks.pop(target, None)
        await self._host.step("disk detached")

    async def grow_disk(self, started: Started, target: str, size: int) -> bool:
        await self._host.step("grow disk")
        os.truncate(self._guest(started.uuid).disks[target] or "", size)
        await self._host.step("disk grown")
        return True

    async def begin_move(self, uuid: str, opened: OpenedDisk) -> None:
        await self._host.step("begin move")
        self._not_exported(uuid).copies[opened.disk.target] = opened.disk.path
        await self._host.step("move begun")

    async def until_copied(self, uuid: str, target: str, tell: Callable[[float], None]) -> None:
        await self._host.step("copy")
        if target not in self._guest(uuid).copies:
            raise engine_failed(f"nothing is copied of {target}")
        tell(1.0)

    async def switch(self, uuid: str, target: str, switched: Callable[[], Awaitable[None]]) -> None:
        await self._host.step("switch")
        guest = self._guest(uuid)
        guest.disks[target] = guest.copies.pop(target)
        guest.bitmaps.pop(target, None)
        await switched()
        await self._host.step("switched")

    async def give_up_move(self, uuid: str, target: str) -> None:
        await self._host.step("give up move")
        if uuid in self._host.guests:
            self._guest(uuid).copies.pop(target, None)

    async def begin_flatten(self, uuid: str, target: str) -> None:
        del target
        await self._host.step("begin flatten")
        self._guest(uuid)

    async def until_flattened(self, uuid: str, target: str, tell: Callable[[float], None]) -> None:
        await self._host.step("flatten disk")
        if target in self._guest(uuid).disks:
            tell(1.0)

    async def disk_size(self, uuid: str, target: str) -> int:
        return Path(self._guest(uuid).disks[target] or "").stat().st_size

    async def bitmaps(self, uuid: str, target: str) -> Sequence[Bitmap]:
        return [*self._guest(uuid).bitmaps.get(target, {}).values()]

    async def add_bitmap(self, uuid: str, target: str, name: str) -> None:
        found = self._guest(uuid).bitmaps.setdefault(target, {})
        if name in found:
            raise conflict(f"{target} has a bitmap '{name}' already")
        found[name] = Bitmap(target, name, 0, 65536)

    async def remove_bitmap(self, uuid: str, target: str, name: str) -> None:
        if self._guest(uuid).bitmaps.get(target, {}).pop(name, None) is None:
            raise no_bitmap(target, name)

    async def begin_export(self, uuid: str, store: OpenedDisk, listener: socket, bitmap: str = "") -> None:
        await self._host.step("begin export")
        guest, (layer,) = self._not_exported(uuid), store.layers
        if bitmap:
            found = guest.bitmaps.get(store.disk.target, {}).get(bitmap)
            if found is None:
                raise no_bitmap(store.disk.target, bitmap)
            require_usable(found)
        export = SimulatedExport(layer.size, frozen=guest.frozen)
        await export.serve(listener)
        guest.exports[store.disk.target] = export
        await self._host.step("export begun")

    async def end_export(self, uuid: str, target: str) -> None:
        guest = self._host.guests.get(uuid)
        if guest is not None and target in guest.exports:
            guest.exports.pop(target).close()

    async def how_taken(self, uuid: str, device: str | int, seconds: float) -> Plugged:
        del device, seconds
        guest = self._guest(uuid)
        if guest.started.config.name in self._host.ignorant:
            return Plugged.IGNORED
        return Plugged.UNSEEN if guest.deaf else Plugged.TAKEN

    async def attach_vif(self, started: Started, attached: AttachedVif, guard: Guard) -> None:
        await self._host.step("attach vif")
        await guard(f"vif{self._guest(started.uuid).domid}.{attached.vif.item}")
        self._guest(started.uuid).cards.add(attached.vif.item)
        await self._host.step("vif attached")

    async def detach_vif(self, uuid: str, number: int) -> None:
        await self._host.step("detach vif")
        guest = self._guest(uuid)
        if guest.started.config.name in self._host.clinging:
            raise timed_out(f"the guest does not let go of its card {number}")
        guest.cards.discard(number)
        guest.unlinked.discard(number)
        await self._host.step("vif detached")

    async def set_link(self, uuid: str, number: int, *, up: bool) -> None:
        await self._host.step("set link")
        unlinked = self._guest(uuid).unlinked
        unlinked.discard(number) if up else unlinked.add(number)
        await self._host.step("link set")

    async def attach_usb(self, started: Started, opened: OpenedUsb) -> None:
        await self._host.step("attach usb")
        self._guest(started.uuid).usb.add(opened.word)
        await self._host.step("usb attached")

    async def detach_usb(self, started: Started, word: str) -> None:
        await self._host.step("detach usb")
        self._guest(started.uuid).usb.discard(word)
        await self._host.step("usb detached")

    async def attach_pci(self, started: Started, device: PciDevice) -> None:
        await self._host.step("attach pci")
        if device.address not in self._host.assignable:
            raise conflict(f"PCI device {device.address} is the host's own")
        self._guest(started.uuid).pci.add(device.address)
        await self._host.step("pci attached")

    async def detach_pci(self, started: Started, address: str) -> None:
        await self._host.step("detach pci")
        self._guest(started.uuid).pci.discard(address)
        await self._host.step("pci detached")

    async def assignable_pci(self) -> tuple[HostPci, ...]:
        return tuple(map(HostPci, sorted(self._host.assignable)))

    async def make_assignable(self, address: str) -> None:
        self._host.assignable.add(address)

    async def take_back(self, address: str) -> None:
        self._host.assignable.discard(address)

    async def change_medium(self, uuid: str, opened: OpenedDisk, *, force: bool) -> None:
        await self._host.step("eject")
        guest, target = self._guest(uuid), opened.disk.target
        if target not in guest.media:
            raise invalid(f"{target} is no drive whose medium can be changed")
        if guest.started.config.name in self._host.clinging and not force:
            raise conflict(f"the guest has locked the drive {target}")
        guest.media[target] = False
        await self._host.step("insert")
        guest.media[target] = bool(opened.disk.path)
        await self._host.step("inserted")

    async def sysrq(self, uuid: str, key: str) -> None:
        await self._host.step("sysrq")
        self._guest(uuid).signals.append(f"sysrq {key}")

    async def trigger(self, started: Started, trigger: Trigger, vcpu: int | None) -> str:
        await self._host.step("trigger")
        if trigger is Trigger.INIT:
            raise invalid("a simulated guest knows no INIT")
        self._guest(started.uuid).signals.append(trigger.value)
        return "" if vcpu is None else "a simulated guest has one NMI for all"

    async def open_screen(self, uuid: str) -> socket:
        await self._host.step("open screen")
        ours, theirs = socketpair()
        ours.setblocking(False)
        self._guest(uuid).screens.append(theirs)
        return ours

    async def monitor_command(self, uuid: str, command: str) -> str:
        return f"{self._guest(uuid).name}: {command}\n"

    async def debug_keys(self, keys: str) -> None:
        self._host.log += f"key {keys}\n"

    async def topology(self) -> Topology:
        return Topology((CpuPlace(0, 0, 0, 0),), (NumaNode(0, 16384, 8192, (10,)),))

    async def hypervisor_log(self, *, clear: bool) -> str:
        told = self._host.log
        if clear:
            self._host.log = ""
        return told

    async def dump_core(self, uuid: str, core: int, *, live: bool, tell: Callable[[float], None]) -> None:
        del live
        await self._host.step("dump core")
        guest = self._guest(uuid)
        os.write(core, f"simulated guest {guest.name}\n".encode())
        tell(1.0)
        await self._host.step("core dumped")

    async def save(self, started: Started, sink: SaveSink) -> dict[str, str]:
        await self._host.step("save")
        guest = self._not_exported(started.uuid)
        guest.state = State.PAUSED
        await self._host.step("saved state")
        await save(guest, sink)
        await self._host.step("saved")
        return {"version": "1"}

    async def why_not_running(self, uuid: str) -> str:
        del uuid
        return "" if self._host.background else "it is simulated"

    async def save_running(
        self, started: Started, sink: SaveSink, meanwhile: Callable[[], Awaitable[None]]
    ) -> tuple[dict[str, str], float]:
        guest = self._not_exported(started.uuid)
        guest.state = State.PAUSED
        try:
            await self._host.step("stopped to save")
            await meanwhile()
        except Exception:
            guest.state = State.RUNNING
            raise
        guest.state = State.RUNNING
        await self._host.step("save running")
        await save(guest, sink)
        return {"version": "1"}, 0.008

    async def written_to(self, uuid: str) -> dict[str, str]:
        await self._host.step("look at disks")
        return {target: path for target, path in self._guest(uuid).disks.items() if path is not None}

    async def put_overlays(
        self, uuid: str, overlays: Sequence[OpenedDisk], identity: str, around: Around = at_once
    ) -> None:
        del identity
        guest = self._not_exported(uuid)
        await around(lambda: put_overlays(self._host, guest, overlays))

    async def merge(
        self, uuid: str, wanted: Merge, switched: Callable[[], Awaitable[None]], tell: Callable[[float], None]
    ) -> None:
        await merge(self._host, self._guest(uuid), wanted, switched, tell)

    def observe(self, uuid: str) -> Observed | None:
        guest = self._host.guests.get(uuid)
        return self._observed(uuid, guest) if guest is not None else None

    async def figures(self, uuid: str | None = None) -> Mapping[str, Figures]:
        return {
            each: Figures(float(guest.boots), guest.memory, guest.max_memory, len(guest.pins))
            for each, guest in self._host.guests.items()
            if uuid in (None, each)
        }

    def own_memory(self, uuid: str) -> int:
        return 16 << 20 if uuid in self._host.guests else 0

    def forget_logs(self, name: str) -> None:
        """Simulated guests have none."""

    async def stats(self, uuid: str | None = None) -> Mapping[str, Stats]:
        return {
            each: guest.stats or _uncounted(guest) for each, guest in self._host.guests.items() if uuid in (None, each)
        }

    async def circumstances(self, started: Started) -> Circumstances:
        return self._guest(started.uuid).circumstances

    async def vcpus(self) -> Mapping[str, tuple[Vcpu, ...]]:
        return {
            uuid: tuple(
                Vcpu(n, VcpuState.BLOCKED, 0, 0.5, cpus, guest.soft_pins.get(n)) for n, cpus in enumerate(guest.pins)
            )
            for uuid, guest in self._host.guests.items()
        }

    async def pin(self, uuid: str, number: int | None, cpus: tuple[int, ...] | None, *, soft: bool = False) -> None:
        await self._host.step("pin")
        guest = self._guest(uuid)
        if number is not None and number >= len(guest.pins):
            raise no_such_vcpu(guest.name, number, len(guest.pins))
        if soft:
            guest.soft_pins |= dict.fromkeys(range(len(guest.pins)) if number is None else [number], cpus)
        else:
            guest.pins = [cpus if number in (None, each) else pin for each, pin in enumerate(guest.pins)]
        await self._host.step("pinned")

    async def shares(self) -> Mapping[str, Share]:
        own = {DOMAIN_0_UUID: self._host.own_share} if self._host.like_xen else {}
        return own | {uuid: guest.share for uuid, guest in self._host.guests.items()}

    async def set_share(self, uuid: str, share: Share) -> None:
        await self._host.step("set share")
        if uuid == DOMAIN_0_UUID:
            self._host.own_share = share
        else:
            self._guest(uuid).share = share
        await self._host.step("share set")

    async def refine(self, host: Host) -> Host:
        return host

    async def events(self) -> AsyncIterator[EngineEvent]:
        while True:
            yield await self._events.get()

    async def adopt(self, uuid: str) -> None:
        """Nobody else acts on the ends of guests here."""
        await self._host.step("adopt")
        self._guest(uuid)

    async def close(self) -> None:
        self._host.tell = None

    def _observed(self, uuid: str, guest: SimulatedGuest) -> Observed:
        vifs = tuple(f"vif{guest.domid}.{number}" for number in sorted(guest.cards))
        domid = guest.domid if self.assigns_ids else None
        return Observed(
            uuid,
            guest.state,
            guest.end,
            guest.detail,
            vifs=vifs,
            domid=domid,
            disks=frozenset(guest.disks),
            media=dict(guest.media),
            usb=frozenset(guest.usb),
            pci=frozenset(guest.pci),
            cards=frozenset(guest.cards),
        )

    def _not_exported(self, uuid: str) -> SimulatedGuest:
        guest = self._guest(uuid)
        if guest.exports:
            raise conflict("a disk of the guest is exported")
        return guest

    def _guest(self, uuid: str) -> SimulatedGuest:
        try:
            return self._host.guests[uuid]
        except KeyError:
            raise engine_failed(f"the simulated guest {uuid} is gone") from None


def _written(opened: OpenedDisk) -> str | None:
    """The image that the guest writes to and nobody else may."""
    return opened.disk.path if opened.disk.mode is DiskMode.WRITE and opened.disk.path else None


def _uncounted(guest: SimulatedGuest) -> Stats:
    return Stats(
        tuple(VcpuStats(number, 0.5, 0.0, VcpuState.BLOCKED) for number in range(len(guest.pins))),
        tuple(DiskStats(target, 0, 0, 0, 0) for target in guest.disks),
        tuple(VifStats(number, f"vif{guest.domid}.{number}", 0, 0, 0, 0) for number in range(len(guest.started.macs))),
    )
