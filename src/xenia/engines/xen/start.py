"""Starting a guest: its xl.cfg, its disks, and xl itself; what is said when it fails, and nothing left then."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from xenia.engines.base import Resources
from xenia.engines.xen import disks
from xenia.engines.xen.carried import Carried
from xenia.engines.xen.display import door_of
from xenia.engines.xen.prepared import DiskBackend, Prepared, VifBackend
from xenia.engines.xen.render import render
from xenia.engines.xen.restore import go_on_from
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.vif import NETFRONT
from xenia.engines.xen.xl import CREATE_SECONDS, Xl, reachable
from xenia.model.domain import Started
from xenia.network.attach import AttachedVif
from xenia.storage.open import OpenedDisk


async def create(started: Started, resources: Resources, carried: Carried, settings: XenSettings, xl: Xl) -> None:
    """Have xl start the guest, paused; it boots, or goes on from a save, which has `carried` this.

    Raises engine_failed, timed_out, ResourceError, OSError, and invalid for a save that is damaged; whatever xl has
    left behind is for the caller to remove.
    """
    with ExitStack() as held:
        path = settings.config_of(started.uuid)
        _write(path, render(started, prepare(started, resources, carried, settings, held)))
        if resources.save is not None:
            await go_on_from(resources.save, path, xl)
        else:
            await xl.run("create", "-e", "-p", "-q", os.fspath(path), seconds=CREATE_SECONDS)


def prepare(
    started: Started, resources: Resources, carried: Carried, settings: XenSettings, held: ExitStack
) -> Prepared:
    """What manager has prepared, in xl's words. `held` keeps what must last until xl has done its work."""
    boot = resources.boot
    return Prepared(
        kernel=reachable(boot.kernel) if boot is not None else None,
        ramdisk=reachable(boot.ramdisk) if boot is not None and boot.ramdisk is not None else None,
        command_line=boot.command_line if boot is not None else None,
        disks=_disks(resources.disks, settings, held, carried, trusted=started.trusted),
        vifs=_cards(resources.vifs, settings, carried),
        vnc=door_of(started.config.display, settings.vnc),
    )


def _disks(
    opened: Sequence[OpenedDisk], settings: XenSettings, held: ExitStack, carried: Carried, *, trusted: bool
) -> tuple[DiskBackend, ...]:
    made = disks.backends(opened, settings, held, trusted=trusted)
    return tuple(replace(each, vdev=carried.disks.get(each.disk.target)) for each in made)


def _cards(attached: Sequence[AttachedVif], settings: XenSettings, carried: Carried) -> tuple[VifBackend, ...]:
    script = os.fspath(settings.hotplug / "vif")
    return tuple(
        VifBackend(
            replace(each.vif, model=NETFRONT) if each.vif.item in carried.paravirtual else each.vif,
            each.mac,
            each.bridge,
            each.vif.vifname,
            script,
            carried.cards.get(each.vif.item),
        )
        for each in attached
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
