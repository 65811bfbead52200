"""Which engine runs the guests of this host, why, and what it alone needs around it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xenia.daemon.sandbox import Sandbox
from xenia.engines.base import ConsoleKind, Engine
from xenia.engines.kernel import prepare_boot
from xenia.engines.qemu import kernel as qemu_kernel
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.simulated.engine import SimulatedEngine
from xenia.engines.simulated.host import SimulatedHost
from xenia.engines.xen.engine import XenEngine
from xenia.engines.xen.kernel import judge_of
from xenia.engines.xen.probe import booted_into_xen
from xenia.engines.xen.settings import XenSettings
from xenia.lib.paths import Paths
from xenia.manager.prepare import PrepareBoot
from xenia.model.display import VncRules
from xenia.model.domain import DomainConfig
from xenia.network.attach import BackendNetwork, Network, TapNetwork
from xenia.network.filter import NftFilter
from xenia.network.nft import Nft
from xenia.settings.settings import Settings
from xenia.storage.kernel import PreparedBoot
from xenia.storage.open import OpenedDisk
from xenia.storage.paths import Roots


@dataclass(frozen=True, slots=True)
class Fitted:
    """An engine with what it alone knows: how it wants kernels and cards, and where it logs consoles: those of a
    guest that runs, by its UUID, and what is kept of a domain, by its name.
    """

    engine: Engine
    prepare_boot: PrepareBoot
    network: Network
    filter: NftFilter
    console_log: Callable[[str, ConsoleKind], Path | None]
    kept_log: Callable[[str, ConsoleKind], Path | None]


@dataclass(frozen=True, slots=True)
class Choice:
    """`why` says in words why it is `chosen`; `others` are the engines that it was not. `engines` are all that can tell
    what a guest file becomes on them, by name.
    """

    chosen: Fitted
    why: str
    engines: Mapping[str, Engine]
    others: tuple[Engine, ...] = ()


def choose(paths: Paths, settings: Settings, sandbox: Sandbox) -> Choice:
    """The engine of the settings; where they leave it open (`auto`), Xen in a Domain-0 and QEMU elsewhere."""
    xen, qemu = _xen(paths, settings, sandbox), _qemu(paths, settings, sandbox)
    engines = {fitted.engine.name: fitted.engine for fitted in (xen, qemu)}
    if settings.engine == "simulated":
        simulated = _simulated()
        engines[simulated.engine.name] = simulated.engine
        return Choice(simulated, "xend was told so: nothing is executed", engines)
    chosen, other = (xen, qemu) if settings.engine == "xen" else (qemu, xen)
    why = f"engine = '{settings.engine}' in xend.toml or on the command line"
    if settings.engine == "auto":
        in_xen = booted_into_xen()
        chosen, other = (xen, qemu) if in_xen else (qemu, xen)
        why = f"the host is {'' if in_xen else 'not '}booted into Xen"
    return Choice(chosen, why, engines, (other.engine,))


def _simulated() -> Fitted:
    return Fitted(SimulatedEngine(SimulatedHost()), _no_kernel, TapNetwork(), _filter(), _no_log, _no_log)


def _no_log(_ref: str, _kind: ConsoleKind) -> Path | None:
    return None


async def _no_kernel(config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk]) -> PreparedBoot | None:
    """For an engine that executes nothing."""
    del config, roots, disks
    return None


def vnc_rules(settings: Settings) -> VncRules:
    return VncRules(settings.vnc_listen, settings.vnc_password, settings.vnc_tls, settings.rdp_listen)


def _qemu(paths: Paths, settings: Settings, sandbox: Sandbox) -> Fitted:
    engine = QemuEngine(
        QemuSettings(
            run_dir=paths.run / "domains",
            log_dir=paths.logs,
            cache=paths.state / "qemu-probe.json",
            binary=settings.qemu,
            accelerator=settings.accelerator,
            uid_base=settings.uid_base if os.geteuid() == 0 else None,
            vnc=vnc_rules(settings),
            background=settings.background_snapshots,
        )
    )
    boot = partial(qemu_kernel.prepare_boot, inspect=sandbox.inspect)
    network = TapNetwork(settings.default_bridge)
    return Fitted(engine, boot, network, _filter(), engine.console_log, engine.kept_log)


def _xen(paths: Paths, settings: Settings, sandbox: Sandbox) -> Fitted:
    engine = XenEngine(
        XenSettings(
            run_dir=paths.run / "domains",
            xl=settings.xl,
            python=settings.system_python,
            dom0_ballooning=settings.dom0_ballooning,
            dom0_min_mem=settings.dom0_min_mem,
            vnc=vnc_rules(settings),
        )
    )

    async def boot(config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk]) -> PreparedBoot | None:
        return await prepare_boot(config, roots, disks, sandbox.inspect, judge_of(engine.facts))

    network = BackendNetwork(settings.default_bridge)
    return Fitted(engine, boot, network, _filter(own_rate=True), engine.console_log, engine.kept_log)


def _filter(*, own_rate: bool = False) -> NftFilter:
    return NftFilter(Nft(), own_rate=own_rate, privileged=os.geteuid() == 0)
