"""Looking into a guest and the hypervisor, and poking them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from xenia.engines.base import Engine
from xenia.engines.debugging import HasHypervisor, HasMonitor, SendsSignals
from xenia.manager.inventory import Inventory
from xenia.manager.power import Power
from xenia.manager.table import Entry
from xenia.manager.topology import read_topology
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.errors import invalid
from xenia.model.host import Capability, EngineReport
from xenia.model.job import Job
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS, require, unsupported
from xenia.model.signal import Trigger, sysrq_key
from xenia.model.topology import Topology
from xenia.model.vcpu import no_such_vcpu

log = logging.getLogger(__name__)

_LONGEST_LINE = 4096
_MOST_KEYS = 32


@dataclass(frozen=True, slots=True)
class Debugging:
    """`report` tells what the engine can do."""

    engine: Engine
    inventory: Inventory
    turns: Turns
    power: Power
    report: Callable[[], EngineReport]

    def sysrq(self, ref: str, key: str, caller: Caller) -> Job:
        """Have the guest's kernel see a key of Magic SysRq, as a job. Raises as `Turns.start`, and invalid for what is
        no such key.
        """
        pressed = sysrq_key(key)

        async def verb(entry: Entry) -> None:
            await cast(SendsSignals, self.engine).sysrq(entry.started.uuid, pressed)

        return self.turns.start("sysrq", ref, caller, verb)

    def trigger(self, ref: str, trigger: Trigger, vcpu: int | None, caller: Caller) -> Job:
        """Send a guest a signal of its hardware, as a job with `{"notes": [TEXT]}`; RESET is what `Power.reset` does.

        Raises as `Turns.start`. What the engine does not have for this guest is the job's error.
        """

        async def verb(entry: Entry) -> dict[str, Any]:
            if vcpu is not None:
                await self._find_vcpu(entry, vcpu)
            if trigger is Trigger.RESET:
                await self.power.reset(entry)
                return {"notes": []}
            note = await cast(SendsSignals, self.engine).trigger(entry.started, trigger, vcpu)
            return {"notes": [note] if note else []}

        return self.turns.start("trigger", ref, caller, verb)

    async def _find_vcpu(self, entry: Entry, vcpu: int) -> None:
        count = len((await self.engine.vcpus()).get(entry.started.uuid, ()))
        if vcpu >= count > 0:
            raise no_such_vcpu(entry.started.config.name, vcpu, count)

    async def monitor_command(self, ref: str, command: str, caller: Caller) -> str:
        """What the human monitor of the guest's QEMU answers to a line. Raises as `Turns.start`; nothing of it is kept
        but a line in xend's log.
        """
        operation = OPERATIONS["qemu-monitor-command"]
        require(caller.role, operation)
        domain = await self.inventory.look_up(ref)
        self.turns.permit(operation.name, domain)
        if not command.strip() or not command.isprintable() or len(command) > _LONGEST_LINE:
            raise invalid(
                f"a command of QEMU's monitor is one line of at most {_LONGEST_LINE} characters",
                f"xm qemu-monitor-command {domain.name} 'info status'",
            )
        log.info("%s has the monitor of domain %s run: %s", caller.name, domain.name, command)
        return await cast(HasMonitor, self.engine).monitor_command(domain.uuid, command)

    async def debug_keys(self, keys: str, caller: Caller) -> None:
        """Have the hypervisor handle debug keys. Raises denied, invalid where there is no hypervisor or for what are no
        keys, engine_failed.
        """
        self._permit("debug-keys", caller)
        if not keys or len(keys) > _MOST_KEYS or not keys.isascii() or not keys.isprintable():
            raise invalid(
                f"debug keys are 1 to {_MOST_KEYS} characters of ASCII", "xm debug-keys h, then xm dmesg lists them"
            )
        log.warning("%s has Xen handle the debug keys %s", caller.name, keys)
        await cast(HasHypervisor, self.engine).debug_keys(keys)

    async def hypervisor_log(self, caller: Caller, *, clear: bool) -> str:
        """The messages of the hypervisor; with `clear` its ring is emptied. Raises as `debug_keys`."""
        self._permit("dmesg", caller)
        return await cast(HasHypervisor, self.engine).hypervisor_log(clear=clear)

    async def topology(self) -> Topology:
        """How the host's CPUs and memory lie to each other. Raises engine_failed."""
        if Capability.HYPERVISOR in self.report().capabilities:
            return await cast(HasHypervisor, self.engine).topology()
        return read_topology()

    def _permit(self, name: str, caller: Caller) -> None:
        operation, report = HOST_OPERATIONS[name], self.report()
        require(caller.role, operation)
        if operation.capability not in report.capabilities:
            raise unsupported(operation, report)
