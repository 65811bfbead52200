"""What a domain needs before an engine can start it: open images, a kernel, cards on a bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from xenia.engines.base import Resources
from xenia.lib.steps import step
from xenia.manager.card_scripts import CardScripts
from xenia.manager.networks.cards import CardNetworks
from xenia.manager.table import Table
from xenia.model.disk import Disk, DiskMode
from xenia.model.domain import DomainConfig, Started
from xenia.model.errors import ErrorKind, ResourceError, XeniaError, conflict, denied
from xenia.model.pci import devices_of
from xenia.model.usb import is_hosts, usb_words
from xenia.model.vif import USER_MODE, Vif
from xenia.network.attach import AttachedVif, Network
from xenia.storage.kernel import PreparedBoot, close_boot
from xenia.storage.open import OpenedDisk, Storage
from xenia.storage.paths import Roots
from xenia.storage.usb import OpenedUsb, UsbHost
from xenia.storage.volumes.device import real_path
from xenia.storage.volumes.volumes import Volumes

PrepareBoot = Callable[[DomainConfig, Roots, Sequence[OpenedDisk]], Awaitable[PreparedBoot | None]]
"""How the engine at hand wants a kernel, which may be in one of the opened disks; raises ResourceError.

Where the disk that it would be in could not be opened, it is None.
"""


@dataclass(slots=True)
class Findings:
    """What a look at the host found about a configuration: what would be refused, and what its author should know."""

    errors: list[ResourceError] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


class Preparer(Protocol):
    """The seam between lifecycle and the rooms below it (storage, network)."""

    def prepare(self, started: Started) -> AbstractAsyncContextManager[Resources]:
        """Open and lock everything; leaving the context closes what the guest has not inherited.

        Raises ResourceError.
        """

    def open_disk(self, started: Started, disk: Disk) -> AbstractAsyncContextManager[OpenedDisk]:
        """Open and lock one more disk of a domain, with the rights that it was started with; as `prepare`."""

    def attach_vif(self, started: Started, vif: Vif, mac: str) -> AbstractAsyncContextManager[AttachedVif]:
        """Attach one more card of a domain; as `prepare`."""

    def open_usb(self, started: Started, word: str) -> AbstractContextManager[OpenedUsb]:
        """Open one more USB device, where it is one of the host; as `prepare`."""

    async def look(self, config: DomainConfig, file: str, *, trusted: bool) -> Findings:
        """What `prepare` would say, without a lock and without keeping anything open."""


@dataclass(frozen=True, slots=True)
class HostPreparer:
    """The real one. `roots` are the folders that guests of others than administrators may use; `privileged` tells
    whether xend may make tap devices. `cards` puts cards on networks, where there are some.
    """

    storage: Storage
    network: Network
    prepare_boot: PrepareBoot
    table: Table
    roots: tuple[str, ...]
    privileged: bool
    usb: UsbHost = field(default_factory=UsbHost)
    cards: CardNetworks | None = None
    scripts: CardScripts = field(default_factory=CardScripts)
    variables: Path | None = None
    """The folder of what the firmware of UEFI guests keeps."""
    volumes: Volumes = field(default_factory=Volumes)

    @asynccontextmanager
    async def prepare(self, started: Started) -> AsyncIterator[Resources]:
        roots = self._roots(started.definition.file, trusted=started.trusted)
        async with AsyncExitStack() as opened:
            disks = []
            for disk in started.config.disks:
                disks.append(await self._open(started, disk, roots))
                opened.callback(self.storage.close, disks[-1])
                step(f"disk {disk.target}: {disk.path or 'empty'}")
            boot = await self.prepare_boot(started.config, roots, disks)
            if boot is not None:
                opened.callback(close_boot, boot)
                step(f"kernel: {started.config.boot.kernel or 'that of the disk'}")
            cards = zip(started.config.vifs, started.macs, strict=True)
            vifs = [await opened.enter_async_context(self.attach_vif(started, vif, mac)) for vif, mac in cards]
            if devices_of(started.config.other.get("pci", ())) and not started.trusted:
                raise ResourceError("pci", denied("only an administrator may give a PCI device of the host to a guest"))
            words = filter(is_hosts, usb_words(started.config.platform.usb_devices))
            usb = [opened.enter_context(self.open_usb(started, word)) for word in words]
            variables = self.variables / f"{started.uuid}.fd" if self.variables is not None else None
            yield Resources(disks, vifs, boot, usb, variables=variables)

    @asynccontextmanager
    async def open_disk(self, started: Started, disk: Disk) -> AsyncIterator[OpenedDisk]:
        opened = await self._open(started, disk, self._roots(started.definition.file, trusted=started.trusted))
        try:
            yield opened
        finally:
            self.storage.close(opened)

    async def _open(self, started: Started, disk: Disk, roots: Roots) -> OpenedDisk:
        key = f"disk[{disk.item}]"
        try:
            return await self._open_image(disk, roots)
        except XeniaError as error:
            holder = self._holder(disk) if error.kind is ErrorKind.CONFLICT else None
            if holder is not None and holder.uuid == started.uuid:
                raise ResourceError(key, conflict(f"{error.message}: it is another disk of the same domain")) from error
            if holder is not None:
                name = holder.config.name
                message = f"{error.message}: domain '{name}' (id {holder.domid}) has it"
                raise ResourceError(key, conflict(message, f"end that one first: xm shutdown {name}")) from error
            raise ResourceError(key, error) from error

    async def _open_image(self, disk: Disk, roots: Roots) -> OpenedDisk:
        opened = await self.storage.open_disk(disk, roots)
        try:
            devices = [layer.path for layer in opened.layers if layer.block_device]
            warnings = [note for path in devices for note in await self.volumes.warnings(real_path(path))]
        except BaseException:
            self.storage.close(opened)
            raise
        return replace(opened, notes=(*opened.notes, *warnings))

    def _holder(self, disk: Disk) -> Started | None:
        """The domain that has the image open, as far as the names tell."""
        real = real_path(disk.path)
        for entry in self.table:
            for other in entry.started.config.disks:
                if other is not disk and other.path and real_path(other.path) == real:
                    return entry.started
        return None

    @asynccontextmanager
    async def attach_vif(self, started: Started, vif: Vif, mac: str) -> AsyncIterator[AttachedVif]:
        try:
            if self.privileged:
                self.scripts.find(vif, trusted=started.trusted)
            if self.privileged and self.cards is not None:
                vif = await self.cards.ready(vif, started.config.name)
            card = self.network.attach(vif, started.domid, vif.item, mac, privileged=self.privileged)
        except XeniaError as error:
            raise ResourceError(f"vif[{vif.item}]", error) from error
        try:
            step(f"card {vif.item}: {mac} {_place(card)}")
            yield card
        finally:
            self.network.detach(card)

    @contextmanager
    def open_usb(self, started: Started, word: str) -> Iterator[OpenedUsb]:
        if not is_hosts(word):
            yield OpenedUsb(word)
            return
        with ExitStack() as held:
            try:
                if not started.trusted:
                    raise denied(f"{word} is a device of the host: only an administrator may give it to a guest")
                opened = held.enter_context(self.usb.open(word))
            except XeniaError as error:
                raise ResourceError("usbdevice", error) from error
            yield opened

    async def look(self, config: DomainConfig, file: str, *, trusted: bool) -> Findings:
        roots = self._roots(file, trusted=trusted)
        findings = Findings()
        with ExitStack() as opened:
            disks = await self._look_at_disks(config, roots, findings, opened)
            try:
                boot = await self.prepare_boot(config, roots, disks)
                if boot is not None:
                    opened.callback(close_boot, boot)
                findings.notes += Resources(disks, boot=boot).notes()
            except ResourceError as error:
                findings.errors.append(error)
        for vif in config.vifs:
            try:
                if self.privileged:
                    self.scripts.find(vif, trusted=trusted)
                if self.privileged and self.cards is not None:
                    vif = await self.cards.look(vif, config.name)
                self.network.check(vif, privileged=self.privileged)
            except XeniaError as error:
                findings.errors.append(ResourceError(f"vif[{vif.item}]", error))
        return findings

    async def _look_at_disks(
        self, config: DomainConfig, roots: Roots, findings: Findings, opened: ExitStack
    ) -> list[OpenedDisk]:
        """Those that can be opened, open as long as `opened`."""
        disks = []
        for disk in config.disks:
            try:
                disks.append(await self._open_image(_without_lock(disk), roots))
                opened.callback(self.storage.close, disks[-1])
            except XeniaError as error:
                findings.errors.append(ResourceError(f"disk[{disk.item}]", error))
        return disks

    def _roots(self, file: str, *, trusted: bool) -> Roots:
        return Roots(self.roots, unrestricted=trusted, folder=str(Path(file).parent) if file else "")


def _place(card: AttachedVif) -> str:
    if card.bridge is not None:
        return f"at {card.bridge}"
    return "in user-mode networking" if card.ifname == USER_MODE else f"by {card.vif.script}"


def _without_lock(disk: Disk) -> Disk:
    """A look must not keep a start that happens at the same time from its image."""
    return replace(disk, mode=DiskMode.SHARED) if disk.mode is DiskMode.WRITE else disk
