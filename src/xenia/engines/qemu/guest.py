"""One running guest: its QEMU process, the monitor on it, and what is known of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from socket import socket
from typing import Any

from xenia.engines.base import ConsoleKind, Observed
from xenia.engines.qemu import background_pipe, block_jobs, ends, exports, threads
from xenia.engines.qemu.agent import AgentPort
from xenia.engines.qemu.balloon import has_balloon, most_memory
from xenia.engines.qemu.cards import Cards
from xenia.engines.qemu.cgroup import share_of
from xenia.engines.qemu.cpus import Cpus
from xenia.engines.qemu.disk import device_name
from xenia.engines.qemu.display import FIRST_PORT, vga_of
from xenia.engines.qemu.events import ENDED, Situation, after, of_status
from xenia.engines.qemu.hotplug import Hotplug
from xenia.engines.qemu.launch import reboot_action, reboots_in_place
from xenia.engines.qemu.migration import give_up
from xenia.engines.qemu.monitor import SECONDS, Monitor, NoAnswer, NoGreeting, connect_to, unresponsive
from xenia.engines.qemu.pci import Unplugging
from xenia.engines.qemu.process import Process
from xenia.engines.qemu.serial import input_of, kinds_of
from xenia.engines.qemu.usb import UsbDevices
from xenia.engines.qemu.vfio import PASSED, PassedPci, address_of
from xenia.engines.qemu.vif import CARD
from xenia.model.display import VgaModel
from xenia.model.domain import Started, State
from xenia.model.errors import XeniaError, engine_failed, invalid
from xenia.model.vcpu import Vcpu, no_such_vcpu
from xenia.storage.pci import PciHost

FIRMWARE_SECONDS = 2.0
"""How long after a reset another one is taken for the firmware's; it comes within its first milliseconds."""

_QUIT_SECONDS = 2.0
_FLUSH_SECONDS = 30.0
"""A QEMU that has agreed to quit writes its disks' caches out first."""
_KILL_SECONDS = 30.0

_BALLOON_SECONDS = 5.0
"""QEMU tells once a second how far a balloon is (monitor.c, BALLOON_CHANGE)."""

_RECONNECT_SECONDS = 5.0
_RECONNECT_PAUSE = 1.0
_RECONNECT_PAUSE_MOST = 30.0


class Guest:
    """`tell` is called with each change of its situation, `on_unplugged` with the target of a disk or the number of a
    card that the guest has let go of when nobody waited for that, `on_end` once when its process has ended.

    `process` and `monitor` are given to it; `monitor` is None while its QEMU does not answer.
    """

    def __init__(
        self,
        started: Started,
        folder: Path,
        log: Path,
        tell: Callable[[Guest, Situation], None],
        on_unplugged: Callable[[Guest, str | int], None],
        on_end: Callable[[Guest], None],
    ) -> None:
        self.uuid = started.uuid
        self.name = started.config.name
        self.folder = folder
        self.log = log
        self.situation = Situation(State.PAUSED)
        self.consoles: Mapping[ConsoleKind, Path] = {kind: input_of(folder, kind) for kind in kinds_of(started.config)}
        self.vnc: str | None = None
        self.interfaces = {vif.item: vif.vifname or f"vif{started.domid}.{vif.item}" for vif in started.config.vifs}
        """What the host's ends of its cards are called where they are taps."""
        self.monitor: Monitor | None = None
        self.keeper: asyncio.Task[None] | None = None
        self.quiet = True
        """While it is started, found again or ended, whoever does so tells how it went; there are no events."""
        self.share = share_of(started.config)
        self.has_balloon = has_balloon(started.config)
        self.most_memory = most_memory(started.config)
        self.memory = self.most_memory
        """MiB that it has now."""
        self._memory_changed = asyncio.Event()
        self._in_place = reboots_in_place(started.config)
        self.shows = started.config.display.vnc
        self.has_screen = vga_of(started.config.display) is not VgaModel.NONE
        self.port = AgentPort(folder, started.config, lambda: self.name)
        self.unplugging = Unplugging(self)
        self.hotplug = Hotplug(self, self.unplugging)
        self.cards = Cards(self, self.unplugging)
        self.cpus = Cpus(self, started.config.vcpus)
        self.usb = UsbDevices(self, self.unplugging)
        self.pci = PassedPci(self, self.unplugging, PciHost())
        self._tell = tell
        self._on_unplugged = on_unplugged
        self._on_end = on_end
        self._was_reset = asyncio.Event()
        self._firmware_until = 0.0
        self._asked: State | None = None
        self.process: Process

    @property
    def observed(self) -> Observed:
        return Observed(
            self.uuid,
            self.situation.state,
            self.situation.end,
            self.situation.detail if self.situation.state in ENDED else "",
            self.consoles,
            self.vnc,
            self.cards.ends,
            cards=self.cards.numbers,
            disks=self.hotplug.disks,
            media=self.hotplug.media,
            usb=self.usb.words,
            pci=self.pci.addresses,
        )

    def on_process_end(self) -> None:
        self._on_end(self)

    async def connect(self, client: socket | None = None, *, seconds: float) -> None:
        """Take over the monitor, through `client` if it is on its way already. Raises NoAnswer."""
        if client is None:
            client = self._monitor_client()
        monitor = Monitor(self._on_event)
        await monitor.connect(client, seconds=seconds)
        self.monitor = monitor

    def _monitor_client(self) -> socket:
        try:
            return connect_to(ends.monitor_of(self.folder))
        except OSError as error:
            raise NoAnswer(f"its monitor refuses: {error.strerror}") from error

    async def connect_again(self, *, seconds: float) -> None:
        """Take over the monitor of a QEMU that runs already. Raises NoAnswer.

        An event that it sends between accepting and greeting is no greeting: then once more.
        """
        try:
            await self.connect(seconds=seconds)
        except NoGreeting:
            await self.connect(seconds=seconds)

    async def execute(
        self, command: str, arguments: Mapping[str, object] | None = None, *, seconds: float = SECONDS
    ) -> Any:
        """Have QEMU do something. Raises engine_failed."""
        if self.monitor is None:
            raise unresponsive("its monitor is silent")
        return await self.monitor.execute(command, arguments, seconds=seconds)

    def send(self, descriptor: int) -> None:
        """Give QEMU a copy of `descriptor`, which the next command takes. Raises engine_failed."""
        if self.monitor is None:
            raise unresponsive("its monitor is silent")
        self.monitor.send(descriptor)

    async def run_on(self) -> None:
        """Let the CPUs run. Raises engine_failed, also for a guest that has ended."""
        await self._ask("cont", State.RUNNING)

    async def stop(self) -> None:
        """Stop the CPUs. Raises engine_failed."""
        await self._ask("stop", State.PAUSED)

    async def start_over(self) -> None:
        """Reset the guest and let it run. Raises engine_failed.

        Where a reset of the guest's would end it, this returns only when its firmware no longer resets it by itself.
        """
        ends_by_reset = not self._in_place
        if ends_by_reset:  # QEMU makes no difference between the guest's resets and ours
            await self.execute("set-action", {"reboot": reboot_action(in_place=True)})
        try:
            await self._reset()
            await self.run_on()
            if ends_by_reset:
                await asyncio.sleep(FIRMWARE_SECONDS)
        finally:
            if ends_by_reset:
                await self._let_resets_end_it()

    async def _reset(self) -> None:
        self._was_reset.clear()
        await self.execute("system_reset")
        try:
            async with asyncio.timeout(SECONDS):
                await self._was_reset.wait()
        except TimeoutError as error:
            raise unresponsive("it did not reset the guest") from error

    async def _let_resets_end_it(self) -> None:
        await self.execute("set-action", {"reboot": reboot_action(in_place=self._in_place)})

    async def vcpus(self) -> tuple[Vcpu, ...]:
        """Raises engine_failed."""
        told = await self.execute("query-cpus-fast")
        found = (threads.vcpu_of(self.process.pid, each) for each in told)
        return tuple(sorted((each for each in found if each is not None), key=lambda each: each.number))

    async def pin(self, number: int | None, cpus: tuple[int, ...] | None) -> None:
        """Let a CPU, or each, run on these CPUs of the host only. Raises not_found, engine_failed."""
        told = {each["cpu-index"]: each["thread-id"] for each in await self.execute("query-cpus-fast")}
        if number is not None and number not in told:
            raise no_such_vcpu(self.name, number, len(told))
        chosen = told.values() if number is None else [told[number]]
        threads.pin(chosen, range(os.cpu_count() or 1) if cpus is None else cpus)

    async def set_memory(self, size: int) -> int:
        """Have the guest come to `size` MiB; what it has when it is there, or after some seconds.

        Raises invalid for a guest without a balloon, and engine_failed.
        """
        if not self.has_balloon:
            raise invalid(
                f"domain '{self.name}' cannot change its memory while it runs: an HVM guest has no balloon on QEMU",
                "xm mem-set --config sets what it has at its next start",
            )
        await self.execute("balloon", {"value": size << 20})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BALLOON_SECONDS):
                while self.memory != size:
                    self._memory_changed.clear()
                    await self._memory_changed.wait()
        await self.look_at_memory()
        return self.memory

    async def look_at_memory(self) -> None:
        """Learn how much memory the guest has. Raises engine_failed."""
        if self.has_balloon:
            self._has((await self.execute("query-balloon"))["actual"])

    def _has(self, memory: int) -> None:
        self.memory = memory >> 20
        self._memory_changed.set()

    def rename(self, name: str) -> None:
        """Its logs are called by its name, too. Raises engine_failed."""
        try:
            self.log = ends.move_logs(self.log, name)
        except OSError as error:
            raise engine_failed(f"the logs of domain '{self.name}' cannot be renamed: {error.strerror}") from error
        self.name = name

    def become(self, kept: Started, folder: Path) -> None:
        """Be another domain, with its run folder at `folder`. Raises engine_failed."""
        self.rename(kept.config.name)
        try:
            ends.move(self.folder, folder)
        except OSError as error:
            raise engine_failed(f"the run folder of domain '{self.name}' cannot be moved: {error.strerror}") from error
        self.port.close()
        self.uuid, self.folder = kept.uuid, folder
        self.consoles = {kind: input_of(folder, kind) for kind in self.consoles}

    async def refresh(self) -> None:
        """Ask QEMU for what events may have told while nobody listened. Raises engine_failed."""
        await give_up(self, background=background_pipe.pipe_of(self.folder).exists())
        await block_jobs.settle(self, self.process)
        await exports.settle(self, self.process)
        status = (await self.execute("query-status"))["status"]
        self.settle(of_status(status, ends.end_in(self.log, in_place=self._in_place)))
        for target in await self.hotplug.look():
            self._on_unplugged(self, target)
        for number in await self.cards.look():
            self._on_unplugged(self, number)
        await self.usb.look()
        for address in await self.pci.look():
            self._on_unplugged(self, address)
        if not self._in_place:
            await self._let_resets_end_it()  # an xend that died in start_over has not
        await self.look_at_memory()
        await self.cpus.look()
        await self.port.look(self.execute)
        if self.shows:
            await self.look_for_vnc()

    async def look_for_vnc(self) -> None:
        """Learn at which display VNC listens. Raises engine_failed."""
        self.vnc = _door(await self.execute("query-vnc"))

    def settle(self, situation: Situation) -> None:
        """Make `situation` the present one and tell of it when it is another that nobody has asked for."""
        changed = (situation.state, situation.end) != (self.situation.state, self.situation.end)
        asked = situation.state is self._asked and situation.end is None
        self.situation = situation.settled
        if changed and not asked and not self.quiet:
            self._tell(self, situation)

    async def keep(self) -> None:
        """Watch the monitor as long as the process lives, and find it again when it is lost."""
        pause = _RECONNECT_PAUSE
        while True:
            if self.monitor is not None:
                monitor = self.monitor
                try:
                    await monitor.lost()
                finally:
                    self.monitor = None
                    await monitor.close()
            if await self.process.wait(pause):
                return
            pause = min(2 * pause, _RECONNECT_PAUSE_MOST)
            try:
                await self.connect_again(seconds=_RECONNECT_SECONDS)
                await self.refresh()
            except (NoAnswer, XeniaError):
                continue
            pause = _RECONNECT_PAUSE

    async def end(self) -> None:
        """End the process and remove what it leaves; nobody is told. Raises engine_failed when even SIGKILL does not
        end it.
        """
        self.quiet = True
        try:
            await self.execute("quit", seconds=_QUIT_SECONDS)
            agreed = await self.process.wait(_FLUSH_SECONDS)
        except XeniaError:
            agreed = False
        if not agreed:
            self.process.kill()
            if not await self.process.wait(_KILL_SECONDS):
                self.quiet = False
                raise engine_failed(
                    f"process {self.process.pid} of domain '{self.name}' does not end: the host's kernel holds it"
                )
        if self.keeper is not None:
            await asyncio.wait({self.keeper})
        await self.let_go()
        ends.remove(self.folder)

    async def let_go(self) -> None:
        """Close what leads to the process; it runs on."""
        if self.monitor is not None:
            await self.monitor.close()
            self.monitor = None
        self.port.close()
        self.process.close()

    async def _ask(self, command: str, state: State) -> None:
        """Have QEMU bring the guest into `state`. QEMU's event of it comes before its answer."""
        with self.expecting(state):
            await self.execute(command)

    @contextlib.contextmanager
    def expecting(self, state: State) -> Iterator[None]:
        """While the context lasts, nobody is told that the guest comes into `state`."""
        self._asked = state
        try:
            yield
        finally:
            self._asked = None

    def _on_event(self, event: str, data: Mapping[str, Any]) -> None:
        if event == "BALLOON_CHANGE":
            self._has(data["actual"])
        if event == "RESET":
            self._was_reset.set()
            if self._is_firmware():
                return
        self.cpus.on_event(event, data)
        self.port.on_event(event, data)
        device = self.unplugging.on_event(event, data)
        if device is not None:
            self._let_go(device)
        situation = after(self.situation, event, data)
        if situation is not self.situation:
            self.settle(situation)

    def _let_go(self, device: str) -> None:
        if device.startswith(disk := device_name("")):
            self._on_unplugged(self, device.removeprefix(disk))
        elif device.startswith(CARD):
            self._on_unplugged(self, int(device.removeprefix(CARD)))
        elif device.startswith(PASSED):
            self._on_unplugged(self, address_of(device))

    def _is_firmware(self) -> bool:
        """Whether a reset is the firmware's own: SeaBIOS (resume.c, tryReboot) follows each reset up with another.

        Of a guest that resets itself again and again one reset in so many seconds counts.
        """
        now = asyncio.get_running_loop().time()
        if now < self._firmware_until:
            return True
        self._firmware_until = now + FIRMWARE_SECONDS
        return False


def _door(vnc: Mapping[str, Any]) -> str | None:
    """Where VNC is to be found, from query-vnc."""
    if not vnc.get("enabled") or "service" not in vnc:
        return None
    host = str(vnc["host"])
    return f"{f'[{host}]' if ':' in host else host}:{int(vnc['service']) - FIRST_PORT}"
