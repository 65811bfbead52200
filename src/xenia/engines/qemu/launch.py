"""The whole command line of a guest."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from xenia.engines.base import ConsoleKind, Resources
from xenia.engines.qemu.agent import add_agent
from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.balloon import add_balloon
from xenia.engines.qemu.boot import add_boot
from xenia.engines.qemu.disk import add_disks
from xenia.engines.qemu.display import add_display
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.firmware import add_firmware
from xenia.engines.qemu.machine import add_machine
from xenia.engines.qemu.platform import add_platform
from xenia.engines.qemu.serial import ConsoleEnds, add_consoles
from xenia.engines.qemu.settings import QemuSettings
from xenia.engines.qemu.vif import add_vifs
from xenia.model.boot import Firmware
from xenia.model.domain import DomainConfig, EndAction, Started

SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"

SHUTDOWN_TRACE = "qemu_system_shutdown_request"
RUNSTATE_TRACE = "runstate_set"
"""What QEMU writes to its log of a guest's power-off: the reason is known even when no xend was there to hear the
event.
"""


@dataclass(frozen=True, slots=True)
class Doors:
    """Descriptors that were made for this start: the listening monitor, the consoles, the firmware of a UEFI guest
    (code and variables), and the listening socket of an agent.
    """

    monitor: int
    consoles: Mapping[ConsoleKind, ConsoleEnds]
    firmware: tuple[int, int] | None = None
    agent: int | None = None


def compose(
    line: CommandLine,
    started: Started,
    resources: Resources,
    doors: Doors,
    settings: QemuSettings,
    facts: Facts,
    held: ExitStack | None = None,
) -> None:
    """Put the options of `started` on `line`. Raises engine_failed when the installed QEMU lacks the recorded machine
    type.
    """
    config = started.config
    line.add("no-user-config")
    line.add("nodefaults")
    line.add("sandbox", SANDBOX)
    line.add("S")
    line.add("uuid", started.uuid)
    template = resources.save.template if resources.save is not None else None
    add_machine(line, config, started.abi, facts, template)
    if config.boot.firmware is Firmware.UEFI and not config.boot.by_kernel:
        add_firmware(line, *(doors.firmware or (-1, -1)))
    _add_ends(line, in_place=reboots_in_place(config))
    monitor = line.inherit(doors.monitor, "socket of the monitor")
    line.add("chardev", f"socket,id=monitor,fd={monitor},server=on,wait=off")
    line.add("mon", "chardev=monitor,mode=control")
    add_platform(line, config, started.generation)
    add_balloon(line, config)
    add_display(line, config, settings, started.domid)
    add_consoles(line, doors.consoles)
    add_agent(line, config, doors.agent)
    traits = resources.save.info.traits if resources.save is not None else {}
    add_disks(line, config, resources.disks, held, traits)
    add_vifs(line, config, resources.vifs, traits)
    add_boot(line, config, resources.boot)
    if resources.save is not None:
        line.add("incoming", "defer")


def _add_ends(line: CommandLine, *, in_place: bool) -> None:
    """QEMU stays when its guest ends, so that the reason can still be asked; a restart in place is the only end it
    handles itself.
    """
    line.add("action", f"shutdown=pause,reboot={reboot_action(in_place=in_place)},panic=pause")
    line.add("trace", f"enable={SHUTDOWN_TRACE}")
    line.add("trace", f"enable={RUNSTATE_TRACE}")


def reboots_in_place(config: DomainConfig) -> bool:
    """Whether a guest that resets itself goes on in the same QEMU.

    One that boots the kernel in its own image does not: it may have installed another one there.
    """
    return config.policy.on_reboot is EndAction.RESTART and config.boot.bootloader is None


def reboot_action(*, in_place: bool) -> str:
    """What QEMU makes of a guest's reset: all but a restart in place is for the manager to do."""
    return "reset" if in_place else "shutdown"
