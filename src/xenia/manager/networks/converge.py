"""Making the host what its networks need, from whatever it is; and back.

What is going to be made is written down first, with what was there before. So whenever xend is killed, the next one
goes on from there: what is written down and not there is made or forgotten, and nothing of others is taken for ours.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xenia.lib.steps import step, warn
from xenia.model.errors import XeniaError
from xenia.model.network import Network
from xenia.model.network_plan import Step, StepKind
from xenia.network.checks import objections, ports_of
from xenia.network.host import NetworkHost, Seen
from xenia.network.routed import RoutedCard
from xenia.network.things import NONE, PacketRules, Sysctl, Thing
from xenia.network.wanted import things_for
from xenia.store.networks import Applied, NetworkStore

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Converge:
    """`applied` is what was written down last. One call at a time."""

    host: NetworkHost
    store: NetworkStore
    applied: Applied

    async def look(
        self, networks: Sequence[Network], cards: Sequence[RoutedCard]
    ) -> tuple[list[Step], list[XeniaError]]:
        """What `to` would do, and what speaks against it. Nothing is changed."""
        seen = await self._see(networks)
        wanted = self._wanted(networks, cards, seen)
        steps = [
            Step(StepKind.MAKE if wrong == NONE else StepKind.CHANGE, thing.words, wrong)
            for thing in wanted
            if (wrong := thing.wrong(seen, self.host))
        ]
        gone = [Step(StepKind.REMOVE, thing.words, "") for thing in self._gone(wanted)]
        return [*gone, *steps], self._objections(networks, seen)

    async def to(self, networks: Sequence[Network], cards: Sequence[RoutedCard] = ()) -> list[Step]:
        """Make the host what `networks` and routed cards need, and take back what only others needed. What was done.

        Raises XeniaError and OSError; what speaks against a network does so before anything is changed, and what fails
        later is taken back.
        """
        seen = await self._see(networks)
        against = self._objections(networks, seen)
        if against:
            raise against[0]
        before = self.applied
        try:
            return await self._to(networks, cards, seen)
        except (XeniaError, OSError) as error:
            warn(log, "networks become what they were: %s", error)
            await self._back_to(before)
            raise

    async def _back_to(self, before: Applied) -> None:
        try:
            await self._to(before.networks, before.cards, await self._see(before.networks))
        except (XeniaError, OSError) as error:
            log.error("networks cannot be made what they were: %s; xm network apply tries again", error)

    async def _see(self, networks: Sequence[Network]) -> Seen:
        changed = [each for each in networks if each not in self.applied.networks]
        ports = sorted({port for network in changed for port in ports_of(network)})
        return await self.host.see(ports, rules=bool(networks) or self.applied.has_made(PacketRules.kind))

    def _objections(self, networks: Sequence[Network], seen: Seen) -> list[XeniaError]:
        """Those against networks that are not applied as they are already."""
        found: list[XeniaError] = []
        for network in networks:
            if network not in self.applied.networks:
                others = [each for each in networks if each is not network]
                found += objections(network, others, seen, self.applied.has_made)
        return found

    def _wanted(self, networks: Sequence[Network], cards: Sequence[RoutedCard], seen: Seen) -> list[Thing]:
        return things_for(networks, cards, seen, self.applied.has_made, self.host.files)

    def _gone(self, wanted: Sequence[Thing]) -> list[Thing]:
        """What was made and is needed no more, the last first."""
        keys = {thing.key for thing in wanted}
        return [thing for thing in reversed(self.applied.made) if thing.key not in keys]

    async def _to(self, networks: Sequence[Network], cards: Sequence[RoutedCard], seen: Seen) -> list[Step]:
        done = []
        wanted = self._wanted(networks, cards, seen)
        gone = self._gone(wanted)
        for thing in gone:
            await thing.unmake(self.host)
            step(f"removed: {thing.words}")
            await self._save(replace(self.applied, made=tuple(each for each in self.applied.made if each != thing)))
            done.append(Step(StepKind.REMOVE, thing.words, ""))
        if gone:
            seen = await self._see(networks)
        for thing in wanted:
            wrong = thing.wrong(seen, self.host)
            if wrong or isinstance(thing, Sysctl):
                await self._note(thing)
            if wrong:
                await thing.make(self.host)
                step(f"{'made' if wrong == NONE else 'changed'}: {thing.words}")
                done.append(Step(StepKind.MAKE if wrong == NONE else StepKind.CHANGE, thing.words, wrong))
        for network in self.applied.networks:
            if all(network.name != each.name for each in networks):
                await self.host.forget_service(network.name)
        await self._save(replace(self.applied, networks=tuple(networks), cards=tuple(cards)))
        return done

    async def _note(self, thing: Thing) -> None:
        """Write down that it is made by us, and as what it is made now."""
        made = list(self.applied.made)
        known = next((number for number, each in enumerate(made) if each.key == thing.key), None)
        if isinstance(thing, Sysctl):
            if known is not None:
                return  # what was there before is what we found first
            thing = replace(thing, before=self.host.sysctl(thing.path) or "")
        if known is None:
            made.append(thing)
        else:
            made[known] = thing
        await self._save(replace(self.applied, made=tuple(made)))

    async def _save(self, applied: Applied) -> None:
        if applied != self.applied:
            await self.store.save(applied)
            self.applied = applied
