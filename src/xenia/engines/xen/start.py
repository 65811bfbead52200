"""Starting a guest: its xl.cfg, its disks, and xl itself; what is said when it fails, and nothing left then."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from xenia.engines.base import Resources
from xenia.engines.xen import disks
from xenia.engines.xen.display import door_of
from xenia.engines.xen.prepared import Prepared, VifBackend
from xenia.engines.xen.render import render
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.xl import CREATE_SECONDS, Xl
from xenia.model.domain import Started
from xenia.network.attach import AttachedVif


async def create(started: Started, resources: Resources, settings: XenSettings, xl: Xl) -> None:
    """Have xl start the guest, paused. Raises engine_failed, timed_out, ResourceError, OSError; whatever xl has left
    behind is for the caller to remove.
    """
    with ExitStack() as held:
        path = settings.config_of(started.uuid)
        _write(path, render(started, prepare(started, resources, settings, held)))
        await xl.run("create", "-e", "-p", "-q", os.fspath(path), seconds=CREATE_SECONDS)


def prepare(started: Started, resources: Resources, settings: XenSettings, held: ExitStack) -> Prepared:
    """What manager has prepared, in xl's words. `held` keeps what must last until xl has done its work."""
    boot = resources.boot
    return Prepared(
        kernel=_reachable(boot.kernel) if boot is not None else None,
        ramdisk=_reachable(boot.ramdisk) if boot is not None and boot.ramdisk is not None else None,
        command_line=boot.command_line if boot is not None else None,
        disks=disks.backends(resources.disks, settings, held, trusted=started.trusted),
        vifs=_cards(resources.vifs, settings),
        vnc=door_of(started.config.display, settings.vnc_password),
    )


def _cards(attached: Sequence[AttachedVif], settings: XenSettings) -> tuple[VifBackend, ...]:
    script = os.fspath(settings.hotplug / "vif")
    return tuple(VifBackend(each.vif, each.mac, each.bridge, each.vif.vifname, script) for each in attached)


def _reachable(descriptor: int) -> str:
    """The open file, by a name that root's other processes can open while we live (proc(5), /proc/pid/fd)."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
