"""Looks at a domain twice and says what holds it back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from xenia.engines.base import Engine
from xenia.manager.inventory import Inventory
from xenia.manager.why import cpu, devices, memory
from xenia.manager.why.sample import Look, Sample
from xenia.model.domain import ALIVE, DOMAIN_0_UUID, Started
from xenia.model.errors import conflict
from xenia.model.host import Host
from xenia.model.vcpu import VcpuState
from xenia.model.why import Why

_PAUSE = 0.1
"""Seconds between the looks at what virtual CPUs do, where the engine does not count how long they wait."""
_IDLE = frozenset({VcpuState.BLOCKED, VcpuState.OFFLINE})
_NO_PRESSURE = "how short the host is of CPU, memory and disk: its kernel does not count that (psi=1)"
_NO_DISKS = "its disks: its QEMU does not answer"


@dataclass(frozen=True, slots=True)
class WhyReader:
    engine: Engine
    inventory: Inventory
    host: Callable[[], Awaitable[Host]]
    read_pressure: Callable[[], Mapping[str, float]]

    async def read(self, ref: str, seconds: float) -> Why:
        """Look twice, `seconds` apart. Raises as `Inventory.find`, a conflict for a domain that does not run or ends
        meanwhile, and where the engine does not answer.
        """
        started = await self._started(ref)
        before = await self._look(started)
        ready = await self._watch(started.uuid, seconds)
        after = await self._look(started)
        if started.uuid not in before.domains or started.uuid not in after.domains:
            raise conflict(f"domain '{started.config.name}' has ended meanwhile", "xm list shows what runs")
        affinity = (await self.engine.vcpus()).get(started.uuid, ())
        sample = Sample(started.uuid, started.config, before, after, (await self.host()).cpus, affinity, ready)
        found = [each for about in (cpu, memory, devices) for each in about.findings(sample)]
        unknown = [*after.circumstances.unknown]
        if not after.pressure:
            unknown.append(_NO_PRESSURE)
        if after.domains[started.uuid][1].disks is None:
            unknown.append(_NO_DISKS)
        ordered = sorted(found, key=lambda each: -each.weight)
        seconds, latencies = round(sample.seconds, 3), tuple(sample.latencies())
        return Why(sample.domain.name, started.domid, seconds, tuple(ordered), latencies, tuple(unknown))

    async def _started(self, ref: str) -> Started:
        domain = await self.inventory.look_up(ref)
        if domain.uuid == DOMAIN_0_UUID:
            raise conflict("Domain-0 is the host itself", "xm top shows what the domains do")
        started = self.inventory.started(ref)
        if started is None or domain.state not in ALIVE:
            raise conflict(f"domain '{domain.name}' does not run", f"xm start {domain.name}")
        return started

    async def _look(self, started: Started) -> Look:
        await self.inventory.measure()
        told = await self.engine.stats()
        domains = {
            each.uuid: (each, told[each.uuid]) for each in self.inventory.all(everything=False) if each.uuid in told
        }
        return Look(time.monotonic(), domains, self.read_pressure(), await self.engine.circumstances(started))

    async def _watch(self, uuid: str, seconds: float) -> dict[int, float]:
        """Of each virtual CPU the share of looks in which it was not idle; empty where its waiting is counted, and need
        not be guessed from that.
        """
        deadline = time.monotonic() + seconds
        looks, busy = 0, Counter[int]()
        while (left := deadline - time.monotonic()) > 0:
            told = (await self.engine.stats(uuid)).get(uuid)
            vcpus = [each for each in told.vcpus if each.wait is None and each.state is not None] if told else []
            if not vcpus:
                await asyncio.sleep(left)
                break
            looks += 1
            busy.update(each.number for each in vcpus if each.state not in _IDLE)
            for each in vcpus:
                busy[each.number] += 0
            await asyncio.sleep(min(_PAUSE, left))
        return {number: count / looks for number, count in busy.items()}
