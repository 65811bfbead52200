"""All parts of xend, built once and handed on."""

from __future__ import annotations

import os
import platform
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from xenia.api.doors import About, Doors
from xenia.console.hub import ConsoleHub
from xenia.console.kept import KeptLogs
from xenia.daemon.audit import AuditLog
from xenia.daemon.engines import Choice, choose, vnc_rules
from xenia.daemon.live import brake_of, live_settings, stop_settings_of
from xenia.daemon.logins import Admission
from xenia.daemon.sandbox import Sandbox
from xenia.desktop.sessions import DesktopSessions
from xenia.engines.base import ConsoleKind
from xenia.engines.xen.probe import booted_into_xen
from xenia.engines.xen.xendomains import refuse_beside_xendomains
from xenia.lib.files import DiskFiles
from xenia.lib.paths import Paths
from xenia.lib.pressure import read_pressure
from xenia.manager.adoption import Adoption
from xenia.manager.aside import Aside
from xenia.manager.autostart import Autostart
from xenia.manager.bridge import Bridges
from xenia.manager.card_scripts import CardScripts
from xenia.manager.check.checker import Checker
from xenia.manager.check.neighbours import Neighbours
from xenia.manager.conversion import Converter
from xenia.manager.creation import Creation
from xenia.manager.definitions import Definitions
from xenia.manager.dumps import Dumps
from xenia.manager.events import EventBus
from xenia.manager.folder_apply import FolderApply
from xenia.manager.folder_plan import Planner
from xenia.manager.guest_files import GuestFiles
from xenia.manager.host import read_host
from xenia.manager.jobs import Jobs
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.logins.handovers import Handovers
from xenia.manager.logins.tickets import Tickets
from xenia.manager.manager import Manager, Parts
from xenia.manager.networks.cards import CardNetworks
from xenia.manager.networks.guests import Guests
from xenia.manager.networks.held import HeldAddresses
from xenia.manager.networks.networks import Networks
from xenia.manager.noticing import Keeper
from xenia.manager.old_config import OldConfigImport
from xenia.manager.prepare import HostPreparer
from xenia.manager.saves import Here
from xenia.manager.snapshots.current import CurrentDisks
from xenia.manager.table import Table
from xenia.manager.usage_sampler import UsageSampler
from xenia.model.bridge import BridgeWish
from xenia.model.domain import DOMAIN_0_UUID
from xenia.network.dnsmasq import Dnsmasq
from xenia.network.host import NetworkHost
from xenia.network.kernel import KernelHost
from xenia.network.mac import generate_mac
from xenia.network.nft import Nft
from xenia.network.scripts import Scripts
from xenia.network.simulated import SimulatedNetworkHost
from xenia.network.uplink.record import Place
from xenia.network.uplink.uplink import Uplink
from xenia.screen.doors import ScreenDoors
from xenia.screen.rdp.views import RdpViews
from xenia.settings.certificate import certificate_of
from xenia.settings.load import Loaded, load
from xenia.settings.settings import Settings
from xenia.storage.core_file import CoreFiles
from xenia.storage.images.export import remove_left_over
from xenia.storage.images.look import Looker
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.images.walk import folders_below
from xenia.storage.new_file import remove_leftovers
from xenia.storage.open import Storage
from xenia.storage.overlay import OverlayFiles
from xenia.storage.save.files import SaveFiles
from xenia.storage.volumes.volumes import Volumes
from xenia.store.applied import Journal
from xenia.store.auto import AutoFolder
from xenia.store.folder import GuestFolder
from xenia.store.history import History
from xenia.store.host_runs import HostRuns
from xenia.store.networks import NetworkStore
from xenia.store.old_config import OldConfigMark
from xenia.store.records import Records
from xenia.store.runs import Runs, boot_id
from xenia.store.snapshots import SnapshotTrees
from xenia.store.usage import UsageStore
from xenia.store.variables import FOLDER, UefiVariables
from xenia.store.versions import Versions

_JOBS = 200
"""Jobs of earlier xends that are still told."""


@asynccontextmanager
async def compose(paths: Paths, loaded: Loaded, about: About) -> AsyncIterator[Doors]:
    """What the API needs, started: what an earlier xend left is found again. Leaving the context lets go of the guests.

    Raises OSError, or unavailable when a part cannot be started.
    """
    settings = loaded.settings
    async with AsyncExitStack() as parts:
        sandbox = Sandbox(settings)
        parts.push_async_callback(sandbox.close)
        await sandbox.start()
        history = History(paths.database)
        parts.callback(history.close)
        choice = choose(paths, settings, sandbox)
        parts.push_async_callback(choice.chosen.filter.close)
        bus = EventBus(time.time, history.put_event)
        manager = _manager(paths, loaded, sandbox, history, choice, bus, about.version)
        parts.push_async_callback(manager.close)
        await manager.start()
        sampler = UsageSampler(manager.usage)
        parts.push_async_callback(sampler.close)
        sampler.start()
        hub = ConsoleHub(
            lambda ref: {kind.value: path for kind, path in manager.consoles(ref).items()},
            lambda ref, kind: choice.chosen.console_log(ref, ConsoleKind(kind)),
        )
        parts.push_async_callback(hub.close)
        hub.start(manager.listen, lambda: _running(manager))
        doors = _screen_doors(paths, loaded, manager)
        parts.push_async_callback(doors.close)
        doors.start(manager.listen, lambda: _running(manager))
        views = _rdp_views(paths, loaded, manager)
        parts.push_async_callback(views.close)
        views.start(manager.listen, lambda: _running(manager))
        admission = Admission(settings)
        logins = await admission.open(DiskFiles(paths.root))
        audit = AuditLog(paths.audit)
        parts.callback(audit.close)
        editor = await parts.enter_async_context(
            live_settings(paths, loaded, manager, choice, doors, views, admission, bus)
        )
        mark = OldConfigMark(DiskFiles(paths.root))
        old_config = OldConfigImport(paths.old_settings, sandbox.read_old_config, editor, mark)
        await old_config.look()
        kept = KeptLogs(lambda name, kind: choice.chosen.kept_log(name, ConsoleKind(kind)))
        keys = await admission.second_factor(logins, DiskFiles(paths.root))
        yield Doors(
            manager,
            hub,
            kept,
            about,
            editor,
            old_config,
            logins,
            audit.note,
            tickets=Tickets(time.time),
            desktops=DesktopSessions(settings.desktop_uid if os.geteuid() == 0 else None),
            rdp_view=views.own,
            through_issuer=admission.through_issuer(logins),
            second_factor=keys,
            login_links=admission.links(logins, paths),
            handovers=Handovers(logins, time.time),
        )


def _manager(
    paths: Paths,
    loaded: Loaded,
    sandbox: Sandbox,
    history: History,
    choice: Choice,
    bus: EventBus,
    version: str,
) -> Manager:
    settings, chosen = loaded.settings, choice.chosen
    files, table, locks = DiskFiles(paths.root), Table(), NameLocks()
    for state in (paths.run, paths.state):
        files.remove_leftovers(str(state))
    roots = tuple(str(root) for root in settings.roots)
    volumes = Volumes(settings.volume_groups)
    remove_leftovers(folders_below(roots))
    remove_left_over(paths.run / "exports")
    earlier = history.last_jobs(_JOBS)
    jobs = Jobs(time.time, history, earlier, history.last_lines(earlier[0].id) if earlier else {})
    records, trees = Records(files), SnapshotTrees(files)
    guests = Guests(table, records, settings.default_bridge, chosen.engine.observe)
    networks = Networks(_network_host(paths, settings), NetworkStore(files, boot_id()), guests, jobs, paths.root)
    scripts = CardScripts(Scripts(settings.vif_scripts))
    preparer = HostPreparer(
        storage=Storage(sandbox.inspect),
        network=chosen.network,
        prepare_boot=chosen.prepare_boot,
        table=table,
        roots=(*roots, *volumes.folders),
        volumes=volumes,
        privileged=os.geteuid() == 0,
        cards=CardNetworks(networks, guests),
        scripts=scripts,
        variables=paths.root / FOLDER,
    )
    runs = Runs(files, boot_id())
    addresses = HeldAddresses(networks, guests, time.time).of
    lifecycle = Lifecycle(
        chosen.engine,
        preparer,
        runs,
        records,
        table,
        bus,
        time.time,
        chosen.filter,
        addresses,
        networks.route_cards,
        scripts,
    )
    creation = Creation(chosen.engine, lifecycle, locks, sandbox.read_guest_file, _new_uuid, generate_mac)
    versions = Versions(files, time.time)
    keeper = Keeper(versions)
    folder = GuestFolder(paths.guest_files)
    folder.remove_leftovers()
    definitions = Definitions(folder, sandbox.read_definition, keeper)
    neighbours = Neighbours(definitions, lifecycle.records, table)
    current = CurrentDisks(trees, records)
    checker = Checker(chosen.engine, choice.engines, sandbox.read_guest_file, preparer, neighbours, read_host, current)
    guest_files = GuestFiles(
        definitions,
        versions,
        keeper,
        lifecycle.records,
        table,
        sandbox.read_guest_file,
        sandbox.edit_guest_file,
    )
    qemu_img = QemuImg(settings.worker_uid if os.geteuid() == 0 else None)
    return Manager(
        Parts(
            engine=chosen.engine,
            lifecycle=lifecycle,
            creation=creation,
            checker=checker,
            converter=Converter(sandbox.read_guest_file, sandbox.read_domain_xml),
            definitions=definitions,
            guest_files=guest_files,
            folder=FolderApply(Planner(guest_files, checker), guest_files, Journal(files), lifecycle, locks, jobs),
            adoption=Adoption(lifecycle, sandbox.read_guest_file, files, paths.guest_files),
            dumps=Dumps(lifecycle, CoreFiles(), paths.cores),
            save_files=SaveFiles(sandbox.inspect),
            here=Here(platform.node(), boot_id(), version),
            kept_saves=paths.state / "saves",
            exports=paths.run / "exports",
            fleeces=paths.state / "exports",
            trees=trees,
            overlays=OverlayFiles(sandbox.inspect, qemu_img, roots[0] if roots else str(paths.state / "overlays")),
            variables=UefiVariables(files),
            kept_snapshots=paths.state / "snapshots",
            new_layer=partial(secrets.token_hex, 4),
            aside=Aside(lifecycle, _new_uuid),
            brake=brake_of(settings),
            read=sandbox.read_guest_file,
            autostart=Autostart(AutoFolder(paths.guest_files / "auto"), guest_files),
            host_runs=HostRuns(files, boot_id()),
            usage=UsageStore(files),
            looker=Looker(sandbox.inspect, roots, leave_out=(str(paths.cores),)),
            volumes=volumes,
            qemu_img=qemu_img,
            bridges=Bridges(
                Uplink(Place(paths.root), boot_id()),
                partial(_bridge_wish, paths, loaded),
                jobs,
                privileged=os.geteuid() == 0,
            ),
            networks=networks,
            stop_settings=stop_settings_of(settings),
            attach_timeout=settings.attach_timeout,
            bring_back=settings.bring_back,
            warm_clones=settings.warm_clones,
            start_with_host=settings.autostart_domains,
            refuse_beside_others=partial(_refuse_beside_xendomains, paths),
            locks=locks,
            bus=bus,
            jobs=jobs,
            read_host=read_host,
            read_pressure=read_pressure,
            choice=choice.why,
            others=choice.others,
        )
    )


def _screen_doors(paths: Paths, loaded: Loaded, manager: Manager) -> ScreenDoors:
    settings = loaded.settings
    return ScreenDoors(
        manager.screens.wish,
        manager.screens.open_of,
        manager.screens.opened,
        manager.screens.refused,
        partial(_certificate, paths, settings),
        uid=settings.web_uid if os.geteuid() == 0 else None,
        kept=paths.run / "vnc.json",
        rules=vnc_rules(settings),
    )


def _rdp_views(paths: Paths, loaded: Loaded, manager: Manager) -> RdpViews:
    settings, privileged = loaded.settings, os.geteuid() == 0
    return RdpViews(
        manager.screens.rdp_wish,
        manager.screens.open_of,
        manager.screens.rdp_opened,
        manager.screens.rdp_refused,
        partial(_certificate, paths, settings),
        relay_uid=settings.web_uid if privileged else None,
        uid=settings.rdp_uid if privileged else None,
        folder=paths.run / "rdp",
        rules=vnc_rules(settings),
        port=settings.rdp_port,
    )


def _certificate(paths: Paths, settings: Settings) -> tuple[Path, Path]:
    found = certificate_of(settings.web_certificate, settings.web_key, paths.web)
    return found.chain, found.key


def _bridge_wish(paths: Paths, loaded: Loaded) -> BridgeWish:
    """What the settings want of the bridge now; its name is the one that xend has started with. A xend with a folder of
    its own leaves the host alone where they say nothing.
    """
    interface = load(paths, loaded.command_line).settings.bridge_interface
    bare = paths.root == Path("/") and os.geteuid() == 0
    return BridgeWish(loaded.settings.default_bridge, interface, bare)


def _network_host(paths: Paths, settings: Settings) -> NetworkHost:
    if settings.engine == "simulated":
        return SimulatedNetworkHost()
    dnsmasq = Dnsmasq(paths.run / "networks", paths.state / "networks")
    return KernelHost(dnsmasq, Nft(), privileged=os.geteuid() == 0)


def _refuse_beside_xendomains(paths: Paths) -> None:
    """On a host that is not booted into Xen, xendomains does nothing."""
    if booted_into_xen():
        refuse_beside_xendomains(paths.root)


def _new_uuid() -> str:
    return str(uuid.uuid4())


async def _running(manager: Manager) -> list[str]:
    return [domain.uuid for domain in await manager.inventory.list() if domain.uuid != DOMAIN_0_UUID]
