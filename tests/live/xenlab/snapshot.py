"""A Xen host that has booted, frozen: from there one is up in two seconds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.live.xenlab.image import Image
from tests.live.xenlab.machine import Machine, words
from tests.live.xenlab.words import LabError, call
from tests.support.live import until

_BOOT_SECONDS = 240


@dataclass(frozen=True)
class Snapshot:
    """The `state` of a machine and the `disk` that belongs to it, in a folder within that of the image."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def disk(self) -> Path:
        return self.folder / "disk.qcow2"

    def freeze(self, machine: Machine, base: str, form: str) -> None:
        """Write the state of a machine, which has its disk here, and end it. `base` is what its disk lies on, by a name
        that holds where the snapshot comes to lie, wherever the cache is.
        """
        machine.save(self.state)
        rebase = ["qemu-img", "rebase", "-u", "-b", base, "-F", form, str(self.disk)]
        call(rebase, "name the base of a snapshot's disk")


def key() -> str:
    """Names the snapshots that this QEMU can load into the machine as it is made now."""
    version = call(["qemu-system-x86_64", "--version"], "start QEMU")
    machine = words(Image(Path("IMAGE")), Path("FOLDER"))
    return hashlib.sha256(version + "\0".join(machine).encode()).hexdigest()[:16]


def take(image: Image, target: Snapshot) -> None:
    """Boot a host and freeze it; takes half a minute. Raises LabError."""
    machine = Machine(image, target.folder, (str(image.disk), "raw"))
    try:
        try:
            until(lambda: _ready(machine), "the Xen host has booted", _BOOT_SECONDS)
        except AssertionError as error:
            raise LabError(f"{error}; its console said:\n{machine.console[-3000:]}") from error
        target.freeze(machine, f"../{image.disk.name}", "raw")
    except BaseException:
        machine.end()
        raise


def _ready(machine: Machine) -> bool:
    if machine.process.poll() is not None:
        raise LabError(f"the Xen host has ended while it booted; its console said:\n{machine.console[-3000:]}")
    return "xenlab: ready" in machine.console
