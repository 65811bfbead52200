"""The engine: what xend asks of QEMU."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from socket import socket

from xenia.engines.base import (
    Around,
    ConsoleKind,
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
from xenia.engines.qemu import background, cgroup, ends, exports, lease, oom, signals
from xenia.engines.qemu.aside import let_go
from xenia.engines.qemu.background_probe import OFF, why_no_background
from xenia.engines.qemu.bitmaps import add_bitmap, bitmaps_of, remove_bitmap
from xenia.engines.qemu.block_jobs import refuse_busy
from xenia.engines.qemu.circumstances import circumstances_of
from xenia.engines.qemu.core import dump
from xenia.engines.qemu.disk import device_name
from xenia.engines.qemu.disk_size import grow
from xenia.engines.qemu.events import ENDED, Situation
from xenia.engines.qemu.explain import complaints_of, explain
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.lacks import LACKS
from xenia.engines.qemu.latency import latencies
from xenia.engines.qemu.layers import merge, put_overlays, written_to
from xenia.engines.qemu.machine import abi_of
from xenia.engines.qemu.moved import moved_devices
from xenia.engines.qemu.moving import begin_flatten, begin_move, give_up_move, switch, until_copied, until_flattened
from xenia.engines.qemu.probe import probe
from xenia.engines.qemu.recover import recover
from xenia.engines.qemu.restore import go_on_from, refuse_elsewhere, traits_of
from xenia.engines.qemu.save import save
from xenia.engines.qemu.screen import open_screen
from xenia.engines.qemu.screenshot import screenshot
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.qemu.start import launch, pin_as_written, take_over
from xenia.engines.qemu.stats import Counters
from xenia.engines.qemu.taking import how_taken
from xenia.engines.qemu.vif import card_name
from xenia.engines.qga.agent import QemuGuestAgent
from xenia.lib.aio import Tasks
from xenia.lib.meminfo import own_memory
from xenia.lib.only_one import is_taken
from xenia.lib.steps import step
from xenia.model.agent import ShutdownMode
from xenia.model.bitmap import Bitmap
from xenia.model.complaint import Severity
from xenia.model.display import VncRules
from xenia.model.domain import DomainConfig, EndReason, Started, State
from xenia.model.errors import XeniaError, engine_failed, invalid
from xenia.model.host import Capability, EngineReport, Host
from xenia.model.layers import Merge
from xenia.model.pci import HostPci, PciDevice, devices_of
from xenia.model.scheduling import Share
from xenia.model.signal import Trigger
from xenia.model.stats import Stats
from xenia.model.usb import usb_words
from xenia.model.vcpu import Vcpu
from xenia.model.why import Circumstances
from xenia.network.attach import AttachedVif
from xenia.storage.open import OpenedDisk
from xenia.storage.pci import PciHost
from xenia.storage.usb import OpenedUsb

log = logging.getLogger(__name__)


class QemuEngine:
    """Made by daemon.compose; `probe`, then `recover`, before anything else. Its methods are those of base.Engine."""

    name = "qemu"
    assigns_ids = False
    _always = frozenset(Capability) - LACKS.keys() - {Capability.SCHEDULING, Capability.BACKGROUND_SAVE}

    def __init__(self, settings: QemuSettings) -> None:
        self._settings = settings
        self._facts = Facts()
        self._guests: dict[str, Guest] = {}
        self._counters = Counters()
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._out_of_memory = oom.OutOfMemory()
        self._tasks = Tasks()

    @property
    def capabilities(self) -> frozenset[Capability]:
        facts = self._facts
        scheduling = {Capability.SCHEDULING} if facts.cgroups is not None else set()
        return self._always | scheduling | (set() if facts.no_background else {Capability.BACKGROUND_SAVE})

    async def probe(self) -> EngineReport:
        """Also makes the folders of the settings where they are missing."""
        settings = self._settings
        for folder in (settings.run_dir, settings.log_dir, settings.cache.parent):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        try:
            facts = replace(await probe(settings), no_background=await why_no_background(settings))
        except XeniaError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return EngineReport(self.name, usable=False, reason=f"{error.message}{hint}")
        self._facts = facts
        return EngineReport(
            self.name,
            facts.version,
            usable=True,
            accelerator=facts.accelerator,
            accelerator_reason=facts.accelerator_reason,
            capabilities=self.capabilities,
            lacks=LACKS | {capability: why for capability, why in facts.lacks.items() if why},
            facts={f"machine.{alias}": facts.machines[alias] for alias in ("pc", "q35") if alias in facts.machines},
        )

    async def recover(self, started: Sequence[Started]) -> list[Observed]:
        found = await recover([self._guest(each) for each in started])
        for guest in found:
            self._keep(guest)
        return [guest.observed for guest in found]

    def explain(self, config: DomainConfig) -> Meaning:
        return explain(config, self._settings, self._facts)

    def set_vnc(self, rules: VncRules) -> None:
        self._settings = replace(self._settings, vnc=rules)

    def abi_of(self, config: DomainConfig) -> dict[str, str]:
        """`machine`, the versioned machine type, and `cpu`, the CPU model."""
        return abi_of(config, self._facts)

    async def start(self, started: Started, resources: Resources) -> Observed:
        """Raises also invalid for what cannot be on QEMU, a conflict for a domain that runs or a VNC display that is
        taken, unavailable for what is missing.
        """
        for complaint in complaints_of(started.config, self._settings, self._facts):
            if complaint.severity is Severity.ERROR:
                raise invalid(complaint.message, complaint.hint)
        if resources.save is not None:
            refuse_elsewhere(resources.save.info.traits, self._facts)
        guest = self._guest(started)
        client = launch(guest, started, resources, self._settings, self._facts)
        step(f"QEMU runs as process {guest.process.pid}")
        try:
            if self._facts.cgroups is not None:
                cgroup.enter(guest.folder, self._facts.cgroups, guest.process.pid, guest.share)
            boots = resources.save is None
            await take_over(guest, started, client, self._settings, self._facts, boots=boots)
            for opened in resources.usb:
                await guest.usb.plug(started.config, opened)
            for device in devices_of(started.config.other.get("pci", ())):
                await self._plug_pci(guest, started, device)
            if resources.save is not None:
                step("QEMU reads the guest's memory from the save")
                await go_on_from(guest, resources.save)
        except BaseException:
            await guest.end()
            raise
        guest.hotplug.disks = frozenset(opened.disk.target for opened in resources.disks)
        guest.cards.started_with({attached.vif.item: attached.ifname for attached in resources.vifs})
        guest.usb.words = frozenset(usb_words(started.config.platform.usb_devices))
        self._keep(guest)
        return guest.observed

    async def unpause(self, uuid: str) -> None:
        await self._known(uuid).run_on()

    async def pause(self, uuid: str) -> None:
        await self._known(uuid).stop()

    async def shutdown(
        self, uuid: str, *, reboot: bool = False, mode: ShutdownMode = ShutdownMode.AUTO
    ) -> ShutdownMode:
        """Asks its agent, or presses its power button (ACPI): there is none for a reboot."""
        guest = self._known(uuid)
        if mode is not ShutdownMode.ACPI:
            try:
                await guest.port.known().shutdown(reboot=reboot)
            except XeniaError:
                if mode is ShutdownMode.AGENT:
                    raise
            else:
                return ShutdownMode.AGENT
        await guest.execute("system_powerdown")
        return ShutdownMode.ACPI

    def agent(self, uuid: str) -> QemuGuestAgent:
        return self._known(uuid).port.known()

    async def reset(self, uuid: str) -> None:
        await self._known(uuid).start_over()

    async def attach_disk(self, started: Started, opened: OpenedDisk) -> None:
        await self._known(started.uuid).hotplug.plug(started.config, opened)

    async def detach_disk(self, uuid: str, target: str) -> None:
        """Raises also a conflict when the guest refuses, and while the disk is copied."""
        await refuse_busy(self._known(uuid), target)
        await self._known(uuid).hotplug.unplug(target)

    async def how_taken(self, uuid: str, device: str | int, seconds: float) -> Plugged:
        name = card_name(device) if isinstance(device, int) else device_name(device)
        return await how_taken(self._known(uuid), name, seconds)

    async def attach_vif(self, started: Started, attached: AttachedVif, guard: Guard) -> None:
        if attached.tap is not None:
            await guard(attached.ifname)
        await self._known(started.uuid).cards.plug(started.config, attached)

    async def detach_vif(self, uuid: str, number: int) -> None:
        """Raises also a conflict when the guest refuses."""
        await self._known(uuid).cards.unplug(number)

    async def set_link(self, uuid: str, number: int, *, up: bool) -> None:
        await self._known(uuid).execute("set_link", {"name": card_name(number), "up": up})

    async def attach_usb(self, started: Started, opened: OpenedUsb) -> None:
        """Raises also a conflict when the guest has no room for a controller."""
        await self._known(started.uuid).usb.plug(started.config, opened)

    async def detach_usb(self, started: Started, word: str) -> None:
        await self._known(started.uuid).usb.unplug(word)

    async def attach_pci(self, started: Started, device: PciDevice) -> None:
        await self._plug_pci(self._known(started.uuid), started, device)

    async def _plug_pci(self, guest: Guest, started: Started, device: PciDevice) -> None:
        await guest.pci.plug(started.config, device, guest.process.pid, self._settings.uid_of(started.domid))

    async def detach_pci(self, started: Started, address: str) -> None:
        await self._known(started.uuid).pci.unplug(address)

    async def assignable_pci(self) -> tuple[HostPci, ...]:
        return PciHost().assignable()

    async def make_assignable(self, address: str) -> None:
        """Drivers may take their time to let go of a device."""
        await asyncio.to_thread(PciHost().take, address)

    async def take_back(self, address: str) -> None:
        await asyncio.to_thread(PciHost().give_back, address)

    async def change_medium(self, uuid: str, opened: OpenedDisk, *, force: bool) -> None:
        await self._known(uuid).hotplug.change_medium(opened, force=force)

    async def dump_core(self, uuid: str, core: int, *, live: bool, tell: Callable[[float], None]) -> None:
        """No capability LIVE_CORE_DUMP: QEMU stops the guest meanwhile."""
        del live
        await dump(self._known(uuid), core, tell)

    async def save(self, started: Started, sink: SaveSink) -> dict[str, str]:
        guest = self._known(started.uuid)
        await refuse_busy(guest)  # QEMU dies of a job that writes while it saves
        moved = await moved_devices(guest, started.config)
        await save(guest, sink)
        return traits_of(self._facts) | moved

    async def open_screen(self, uuid: str) -> socket:
        return await open_screen(self._known(uuid))

    async def why_not_running(self, uuid: str) -> str:
        return await background.why_not(self._known(uuid)) if self._settings.background else OFF

    async def save_running(
        self, started: Started, sink: SaveSink, meanwhile: Callable[[], Awaitable[None]]
    ) -> tuple[dict[str, str], float]:
        guest = self._known(started.uuid)
        await refuse_busy(guest)
        moved = await moved_devices(guest, started.config)
        seconds = await background.save_running(guest, sink, meanwhile)
        return traits_of(self._facts) | moved, seconds

    async def screenshot(self, uuid: str, picture: int) -> bool:
        return await screenshot(self._known(uuid), picture)

    async def written_to(self, uuid: str) -> dict[str, str]:
        return await written_to(self._known(uuid))

    async def put_overlays(
        self, uuid: str, overlays: Sequence[OpenedDisk], identity: str, around: Around = at_once
    ) -> None:
        await refuse_busy(self._known(uuid))
        await put_overlays(self._known(uuid), overlays, identity, around)

    async def merge(
        self, uuid: str, wanted: Merge, switched: Callable[[], Awaitable[None]], tell: Callable[[float], None]
    ) -> None:
        await refuse_busy(self._known(uuid))
        await merge(self._known(uuid), wanted, switched, tell)

    async def grow_disk(self, started: Started, target: str, size: int) -> bool:
        await refuse_busy(self._known(started.uuid), target)
        return await grow(self._known(started.uuid), started.config, target, size)

    async def begin_move(self, uuid: str, opened: OpenedDisk) -> None:
        await refuse_busy(self._known(uuid), opened.disk.target)
        await begin_move(self._known(uuid), opened)

    async def until_copied(self, uuid: str, target: str, tell: Callable[[float], None]) -> None:
        await until_copied(self._known(uuid), target, tell)

    async def switch(self, uuid: str, target: str, switched: Callable[[], Awaitable[None]]) -> None:
        await switch(self._known(uuid), target, switched)

    async def give_up_move(self, uuid: str, target: str) -> None:
        with suppress(XeniaError):  # it has ended
            await give_up_move(self._known(uuid), target)

    async def begin_flatten(self, uuid: str, target: str) -> None:
        await refuse_busy(self._known(uuid), target)
        await begin_flatten(self._known(uuid), target)

    async def until_flattened(self, uuid: str, target: str, tell: Callable[[float], None]) -> None:
        await until_flattened(self._known(uuid), target, tell)

    async def disk_size(self, uuid: str, target: str) -> int:
        return await exports.size_of(self._known(uuid), target)

    async def begin_export(self, uuid: str, store: OpenedDisk, listener: socket, bitmap: str = "") -> None:
        guest = self._known(uuid)
        await refuse_busy(guest, store.disk.target)
        await exports.begin(guest, guest.process, store, listener, bitmap)

    async def bitmaps(self, uuid: str, target: str) -> Sequence[Bitmap]:
        return await bitmaps_of(self._known(uuid), target)

    async def add_bitmap(self, uuid: str, target: str, name: str) -> None:
        await add_bitmap(self._known(uuid), target, name)

    async def remove_bitmap(self, uuid: str, target: str, name: str) -> None:
        await remove_bitmap(self._known(uuid), target, name)

    async def end_export(self, uuid: str, target: str) -> None:
        guest = self._guests.get(uuid)
        if guest is None:
            return
        try:
            await exports.end(guest, guest.process, target)
            await guest.hotplug.look()  # it may have let go of the disk
        except XeniaError as error:  # what is left is given up when its monitor comes back
            log.warning("the export of %s of domain '%s' is not ended: %s", target, guest.name, error.message)

    async def set_memory(self, uuid: str, size: int) -> int:
        return await self._known(uuid).set_memory(size)

    async def set_vcpus(self, started: Started, count: int) -> int:
        """Raises also a conflict for more than the machine was made with."""
        guest = self._known(started.uuid)
        if not started.config.platform.acpi:
            raise invalid(
                f"domain '{guest.name}' cannot change its virtual CPUs while it runs: it has no ACPI (acpi = 0)",
                "xm vcpu-set --config sets how many it has at its next start",
            )
        has = await guest.cpus.set(count)
        await pin_as_written(guest, started.config, self._facts)
        return has

    async def set_max_memory(self, uuid: str, size: int) -> None:
        """A machine keeps what it was made with (no capability MAX_MEMORY)."""
        raise engine_failed(
            f"the memory of domain {uuid} is bounded by its machine: {size} MiB counts at its next start"
        )

    async def rename(self, uuid: str, name: str) -> None:
        """QEMU itself keeps the name that it was started with, which only `ps` shows."""
        self._known(uuid).rename(name)

    async def sysrq(self, uuid: str, key: str) -> None:
        await signals.press_sysrq(self._known(uuid).execute, key)

    async def trigger(self, started: Started, trigger: Trigger, vcpu: int | None) -> str:
        return await signals.send(self._known(started.uuid).execute, trigger, vcpu)

    async def monitor_command(self, uuid: str, command: str) -> str:
        said = await self._known(uuid).execute("human-monitor-command", {"command-line": command})
        return str(said).replace("\r\n", "\n")

    async def set_aside(self, uuid: str, kept: Started) -> None:
        guest = self._known(uuid)
        await exports.settle(guest, guest.process)
        await let_go(guest)
        guest.become(kept, self._settings.run_dir / kept.uuid)
        self._guests[kept.uuid] = self._guests.pop(uuid)

    async def destroy(self, uuid: str) -> None:
        """Raises engine_failed when even SIGKILL does not end it."""
        guest = self._guests.get(uuid)
        if guest is None:
            folder = self._settings.run_dir / uuid
            if is_taken(lease.lease_of(folder)):
                raise engine_failed(
                    "a process that cannot be found holds the lease of the domain",
                    f"see who has {lease.lease_of(folder)} open",
                )
            ends.remove(folder)
            return
        await guest.end()
        self._guests.pop(uuid, None)

    def observe(self, uuid: str) -> Observed | None:
        guest = self._guests.get(uuid)
        return guest.observed if guest else None

    async def figures(self, uuid: str | None = None) -> Mapping[str, Figures]:
        guests = [guest for guest in self._guests.values() if uuid in (None, guest.uuid)]
        for guest in guests:
            with suppress(XeniaError):  # then they are as they were last seen
                await guest.cpus.keep_up()
        times = ((guest, guest.process.cpu_seconds()) for guest in guests)
        return {
            guest.uuid: Figures(seconds, guest.memory, guest.most_memory, guest.cpus.count)
            for guest, seconds in times
            if seconds is not None
        }

    def own_memory(self, uuid: str) -> int:
        guest = self._guests.get(uuid)
        return own_memory(guest.process.pid) if guest is not None else 0

    def forget_logs(self, name: str) -> None:
        ends.remove_logs(self._settings.log_dir, name)

    async def stats(self, uuid: str | None = None) -> Mapping[str, Stats]:
        return await self._counters.read(
            [guest for guest in self._guests.values() if uuid is None or guest.uuid == uuid]
        )

    async def circumstances(self, started: Started) -> Circumstances:
        guest = self._known(started.uuid)
        return circumstances_of(started.config, guest.process.pid, guest.folder, self._facts, await latencies(guest))

    async def vcpus(self) -> Mapping[str, tuple[Vcpu, ...]]:
        guests = list(self._guests.values())
        told = await asyncio.gather(*(guest.vcpus() for guest in guests), return_exceptions=True)
        return {guest.uuid: each for guest, each in zip(guests, told, strict=True) if isinstance(each, tuple)}

    async def pin(self, uuid: str, number: int | None, cpus: tuple[int, ...] | None, *, soft: bool = False) -> None:
        if soft:
            raise engine_failed("Linux knows no CPUs that a thread would rather run on")
        await self._known(uuid).pin(number, cpus)

    async def shares(self) -> Mapping[str, Share]:
        return {guest.uuid: guest.share for guest in self._guests.values()}

    async def set_share(self, uuid: str, share: Share) -> None:
        guest = self._known(uuid)
        if self._facts.cgroups is None:
            raise engine_failed(self._facts.no_cgroups)
        cgroup.enter(guest.folder, self._facts.cgroups, guest.process.pid, share)
        guest.share = share

    async def refine(self, host: Host) -> Host:
        return host

    def console_log(self, uuid: str, kind: ConsoleKind) -> Path | None:
        """The file to which QEMU appends what a running guest says on a console; it may be truncated at any time."""
        guest = self._guests.get(uuid)
        if guest is None or kind not in guest.consoles:
            return None
        return self.kept_log(guest.name, kind)

    def kept_log(self, name: str, kind: ConsoleKind) -> Path:
        """Where there is what a domain has said on a console, whether it runs or not."""
        return ends.console_log_of(self._settings.log_dir, name, kind)

    async def events(self) -> AsyncIterator[EngineEvent]:
        while True:
            yield await self._events.get()

    async def close(self) -> None:
        await self._tasks.close()
        await asyncio.gather(*(guest.let_go() for guest in self._guests.values()))
        self._guests.clear()

    def _guest(self, started: Started) -> Guest:
        log = ends.qemu_log_of(self._settings.log_dir, started.config.name)
        return Guest(
            started, self._settings.run_dir / started.uuid, log, self._on_change, self._on_unplugged, self._on_end
        )

    def _keep(self, guest: Guest) -> None:
        """Make a guest known and watch over it; its end may have come before."""
        guest.quiet = False
        self._guests[guest.uuid] = guest
        guest.keeper = self._tasks.start(guest.keep(), name=f"the monitor of domain {guest.name}")
        if guest.process.gone.is_set():
            self._on_end(guest)

    def _known(self, uuid: str) -> Guest:
        guest = self._guests.get(uuid)
        if guest is None:
            raise engine_failed(f"no QEMU runs a domain {uuid}")
        return guest

    def _on_change(self, guest: Guest, situation: Situation) -> None:
        self._events.put_nowait(EngineEvent(guest.uuid, situation.state, situation.end, situation.detail))

    def _on_unplugged(self, guest: Guest, device: str | int) -> None:
        self._tasks.start(self._forget(guest, device), name=f"the device {device} of domain {guest.name}")

    async def _forget(self, guest: Guest, device: str | int) -> None:
        with suppress(XeniaError):  # what is left is removed when its monitor comes back
            await guest.hotplug.look()
            await guest.cards.look()
        self._events.put_nowait(EngineEvent(guest.uuid, guest.situation.state, unplugged=device))

    def _how_ended(self, guest: Guest) -> str:
        how = guest.process.exit
        return f"{how}, {oom.SAID}" if self._out_of_memory.has_killed(how) else how

    def _on_end(self, guest: Guest) -> None:
        """A QEMU has died without our asking. A guest that had ended before has ended by that."""
        if guest.quiet or self._guests.pop(guest.uuid, None) is None:
            return
        end = guest.situation.end if guest.situation.state in ENDED else EndReason.CRASH
        parts = (self._how_ended(guest), ends.last_words(guest.log))
        detail = ": ".join(part for part in ("its QEMU died", *parts) if part)
        guest.process.close()
        ends.remove(guest.folder)
        self._events.put_nowait(EngineEvent(guest.uuid, State.DYING, end, detail))
