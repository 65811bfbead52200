"""The networks of this host: defined, planned, applied, kept as they are to be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xenia.manager.guest_files import require_administrator
from xenia.manager.jobs import Jobs
from xenia.manager.networks.converge import Converge
from xenia.manager.networks.definitions import Definition, Definitions, state_of
from xenia.manager.networks.guests import Guests
from xenia.model.caller import Caller
from xenia.model.errors import XeniaError, conflict, not_found
from xenia.model.job import Job
from xenia.model.network import Lease, Network, NetworkRow, OtherBridge
from xenia.model.network_plan import NetworkPlan, Refusal, StepKind
from xenia.model.vif import Vif
from xenia.network.definition import why_no_name
from xenia.network.dnsmasq_config import hosts_for
from xenia.network.host import SWITCH, NetworkHost
from xenia.network.routed import RoutedCard
from xenia.network.things import Bridge, Port
from xenia.store.networks import Applied, NetworkStore, digest_of, etag_of

log = logging.getLogger(__name__)


class Networks:
    """`root` is that of this xend. Every method that takes a caller raises denied for others than administrators, but
    for `all` and `show`.
    """

    def __init__(self, host: NetworkHost, store: NetworkStore, guests: Guests, jobs: Jobs, root: Path) -> None:
        self.host = host
        self._store = store
        self._guests = guests
        self._jobs = jobs
        self._definitions = Definitions(store, root)
        self._turn = asyncio.Lock()
        self._applied = asyncio.Event()
        self._anew = asyncio.Event()
        self._problems: dict[str, XeniaError] = {}
        self._found = False
        self._converge = Converge(host, store, Applied())

    async def some(self) -> None:
        """Returns when there is a network that is applied, or a card that is routed."""
        await self._applied.wait()

    async def applied_anew(self) -> None:
        """Returns when networks have been applied since the last call."""
        await self._anew.wait()
        self._anew.clear()

    async def start(self) -> None:
        """Apply all definitions, one after the other, so that one that cannot be applied is not in the way of others.
        Raises nothing.
        """
        self._converge.applied = await self._store.load()
        definitions = await self._definitions.all()
        if not definitions and self._converge.applied == Applied():
            return
        async with self._turn:
            kept = [each for each in self._converge.applied.networks if each.name in definitions]
            await self._try("", kept)
            for name, definition in definitions.items():
                if definition.error is not None:
                    first = definition.error.complaints[0]
                    log.error("%s: %s: %s", definition.error, first.place, first.message)
                elif definition.network is not None:
                    await self._try(name, self._with(definition.network))

    async def _try(self, name: str, networks: Sequence[Network]) -> None:
        try:
            await self._to(networks)
        except (XeniaError, OSError) as error:
            log.error("network %s cannot be applied: %s", name or "(those of before)", error)
            if isinstance(error, XeniaError) and name:
                self._problems[name] = error

    def _with(self, network: Network) -> list[Network]:
        """What is applied, with `network` in it."""
        others = [each for each in self._converge.applied.networks if each.name != network.name]
        return sorted([*others, network], key=lambda each: each.name)

    async def route_cards(self) -> None:
        """Route to those cards that are routed, and to no others. Called when all that runs is found, and when there
        are cards more; of those that are gone the kernel tells. Raises XeniaError, OSError.
        """
        async with self._turn:
            self._found = True
            if self._guests.routed() or self._converge.applied.cards:
                await self._to(self._converge.applied.networks)

    async def answer_anew(self) -> None:
        """Answer for those addresses of guests that are known now. Raises as `route_cards`."""
        async with self._turn:
            networks = self._converge.applied.networks
            if self._cards(networks) != self._converge.applied.cards:
                await self._to(networks)

    def _cards(self, networks: Sequence[Network]) -> tuple[RoutedCard, ...]:
        """Those that are routed, and what is answered for of those on `networks`. Those of a xend before, until it is
        known what runs.
        """
        if not self._found:
            return self._converge.applied.cards
        on_bridges = [self._answered(each) for each in networks if each.proxy and each.ipv6 is not None]
        return (*self._guests.routed(), *on_bridges)

    def _answered(self, network: Network) -> RoutedCard:
        """IPv6 has the host name each address that it answers for; IPv4 has it answer for all (proxy_arp)."""
        known = {lease.ip for lease in network.leases} | {lease.ip for lease in self.host.leases(network.name)}
        known.update(ip for each in self._guests.addresses(network).values() for ip in each)
        ipv6 = tuple(sorted(ip for ip in known if ":" in ip))
        return RoutedCard(network.bridge, (), device=network.interface, answered=ipv6)

    async def _to(self, networks: Sequence[Network]) -> None:
        if networks:
            self.host.refuse()
        self._refuse_to_move(networks)
        cards = self._cards(networks)
        if await self._converge.to(networks, cards):
            await self._plug_again()
        self._problems = {
            name: error for name, error in self._problems.items() if all(name != each.name for each in networks)
        }
        await self.tell_names()
        self._anew.set()
        if networks or cards:
            self.host.watch()
            self._applied.set()

    def _refuse_to_move(self, networks: Sequence[Network]) -> None:
        """Raises a conflict where a bridge would go that guests are on."""
        kept = {network.bridge for network in networks}
        for network in self._converge.applied.networks:
            guests = self._guests.on(network)
            if network.bridge not in kept and guests and self._converge.applied.has_made(Bridge(network.bridge).key):
                raise conflict(
                    f"the network '{network.name}' is in use: {', '.join(guests)} "
                    f"{'runs' if len(guests) == 1 else 'run'} on it",
                    f"end what runs on it first, or unplug it: xm network-detach {guests[0]} CARD",
                )

    async def repair(self) -> bool:
        """Make again what was removed of what is applied, and remove what nobody needs any more; whether there was
        something. Raises XeniaError, OSError.
        """
        async with self._turn:
            networks = self._converge.applied.networks
            steps, _ = await self._converge.look(networks, self._cards(networks))
            wrong = [f"{step.what} ({step.now})" for step in steps if step.kind is not StepKind.REMOVE]
            if wrong:
                log.warning("networks are repaired: %s", "; ".join(wrong))
            if steps:
                await self._to(networks)
            return bool(steps)

    async def _plug_again(self) -> None:
        for network in self._converge.applied.networks:
            if not network.openvswitch:
                await self._plug(network.bridge, self._guests.ports(network))

    async def plug_again(self, bridge: str) -> None:
        """Guests whose bridge was removed and made again are put on it. Raises XeniaError."""
        await self._plug(bridge, self._guests.ports_on(bridge))

    async def _plug(self, bridge: str, ports: Sequence[str]) -> None:
        links = await self.host.links()
        for port in ports:
            if port in links and not links[port].master:
                await self.host.set_link(port, master=bridge)

    def applied(self, name: str) -> Network | None:
        """A network as it is on the host."""
        return self._converge.applied.network(name)

    def leases(self) -> Iterator[Lease]:
        """All that was leased on networks of ours, expired leases too."""
        for network in self._converge.applied.networks:
            yield from self.host.leases(network.name)

    def with_bridge(self, bridge: str | None) -> Network | None:
        """The network that has this bridge on the host."""
        return next((each for each in self._converge.applied.networks if each.bridge == bridge), None)

    def bridge_of(self, vif: Vif) -> str | None:
        """The bridge that a card is meant for, whether it is there or not; None for one that is no port of any."""
        name = self._guests.network_of(vif)
        network = self.applied(name) if name else None
        return network.bridge if network is not None else self._guests.bridge_of(vif)

    def problem(self, name: str) -> XeniaError | None:
        """Why a network could not be applied."""
        return self._problems.get(name)

    async def names(self) -> list[str]:
        """Of all that are defined."""
        return await self._store.names()

    async def tell_names(self) -> None:
        """Tell each dnsmasq which domain has which card."""
        names = self._guests.names()
        for network in self._converge.applied.networks:
            if network.subnets:
                await self.host.tell_names(network.name, hosts_for(network, names, self._guests.addresses(network)))

    async def all(self) -> tuple[list[NetworkRow], list[OtherBridge]]:
        """All networks, and the bridges of the host that belong to none."""
        definitions = await self._definitions.all()
        names = sorted({*definitions, *(each.name for each in self._converge.applied.networks)})
        rows = [self._row(name, definitions.get(name)) for name in names]
        taken = {row.network.bridge for row in rows if row.network is not None}
        bridges = [each.name for each in (await self.host.links()).values() if each.kind in ("bridge", SWITCH)]
        return rows, [OtherBridge(name, self._guests.on_bridge(name)) for name in bridges if name not in taken]

    def _row(self, name: str, definition: Definition | None) -> NetworkRow:
        applied = self._converge.applied.network(name)
        network = (definition.network if definition is not None else None) or applied
        state, why = state_of(definition, applied, self._problems.get(name))
        guests = self._guests.on(network) if network is not None else ()
        return NetworkRow(name, self._definitions.file(name), state, network, why, guests)

    async def show(self, name: str) -> tuple[NetworkRow, str, tuple[Lease, ...]]:
        """One network, the text of its definition, and what was leased. Raises not_found."""
        definition = await self._find(name)
        text = definition.text if definition is not None else ""
        return self._row(name, definition), text, self.host.leases(name)

    async def _find(self, name: str) -> Definition | None:
        """None for one whose definition was removed, and that is applied still. Raises not_found."""
        text = await self._store.text(name) if why_no_name(name) is None else None
        if text is not None:
            return self._definitions.read(name, text)
        if self._converge.applied.network(name) is None:
            names = ", ".join(await self._store.names())
            hint = f"there are: {names}" if names else "there is none yet: xm help network create"
            raise not_found(f"there is no network '{name}'", hint)
        return None

    async def plan(self, name: str, text: str | None, caller: Caller) -> NetworkPlan:
        """What applying the definition of `name` would do ("" for all of them); with `text`, if that were it. Raises
        GuestFileError for one that cannot be read, not_found.
        """
        require_administrator(caller)
        self.host.refuse()
        networks, texts = await self._target(name, text)
        steps, against = await self._converge.look(networks, self._cards(networks))
        try:
            self._refuse_to_move(networks)
        except XeniaError as error:
            against.append(error)
        refused = tuple(Refusal(error.kind.value, error.message, error.hint) for error in against)
        return NetworkPlan(digest_of([*texts, *map(str, steps)]), tuple(steps), refused)

    async def _target(self, name: str, text: str | None) -> tuple[list[Network], list[str]]:
        """The networks that there are to be, and the texts that say so."""
        if name:
            definition = self._definitions.read(name, text) if text is not None else await self._find(name)
            others = [each for each in self._converge.applied.networks if each.name != name]
            if definition is None:
                return others, []
            return self._with(definition.meaning), [definition.text]
        definitions = await self._definitions.all()
        return [each.meaning for each in definitions.values()], [each.text for each in definitions.values()]

    def put(self, name: str, text: str, etag: str | None, caller: Caller) -> Job:
        """Define a network, or define it anew where `etag` is that of its definition, and apply it, as a job. Its
        result is `{"network": NAME, "file": FILE}`. Whatever fails, the definition and the host are as they were.

        The job fails with GuestFileError, a conflict for a name that is taken or a definition that was changed
        meanwhile, and what speaks against the network.
        """
        require_administrator(caller)

        async def work() -> dict[str, Any]:
            await self.define(name, text, etag)
            return {"network": name, "file": self._definitions.file(name)}

        return self._jobs.start("network edit" if etag is not None else "network create", name, caller, work)

    async def define(self, name: str, text: str, etag: str | None) -> None:
        """What `put` does. Raises what its job fails with."""
        network = self._definitions.read(name, text).meaning
        async with self._turn:
            self.host.refuse()
            old = await self._store.text(name)
            if old is not None and etag is None:
                raise conflict(f"there is a network '{name}' already", f"xm network edit {name}")
            if etag is not None and (old is None or etag_of(old) != etag):
                message = f"the definition of '{name}' was changed by somebody else meanwhile"
                raise conflict(f"{message}; nothing was done", f"xm network show {name}")
            await self._store.define(name, text)
            try:
                await self._to(self._with(network))
            except (XeniaError, OSError):
                await self._store.define(name, old)
                raise

    def delete(self, name: str, caller: Caller) -> Job:
        """Remove a network and its definition, as a job. Its result is `{"network": NAME}`.

        The job fails with not_found, and with a conflict while something is on its bridge.
        """
        require_administrator(caller)

        async def work() -> dict[str, Any]:
            async with self._turn:
                definition = await self._find(name)
                await self._refuse_in_use(name)
                if definition is not None:
                    await self._store.define(name, None)
                try:
                    await self._to([each for each in self._converge.applied.networks if each.name != name])
                except (XeniaError, OSError):
                    if definition is not None:
                        await self._store.define(name, definition.text)
                    raise
            self._problems.pop(name, None)
            return {"network": name}

        return self._jobs.start("network delete", name, caller, work)

    async def _refuse_in_use(self, name: str) -> None:
        network = self._converge.applied.network(name)
        if network is None:
            return
        self._refuse_to_move([each for each in self._converge.applied.networks if each.name != name])
        made = self._converge.applied.has_made
        links = (await self.host.links()).values()
        ports = [each.name for each in links if each.master == network.bridge]
        others = [port for port in ports if not made(Port(network.bridge, port).key)]
        if others and made(Bridge(network.bridge).key):
            message = f"the network '{name}' is in use: {', '.join(others)} are ports of its bridge {network.bridge}"
            raise conflict(message, f"take them out first: ip link set {others[0]} nomaster")

    def apply(self, name: str, digest: str, caller: Caller) -> Job:
        """Make the host what the definition of `name` ("" for all of them) says, as a job, if the plan has still this
        `digest` ("" for any). Its result is `{"steps": [Step]}`. Fails as `put` does.
        """
        require_administrator(caller)

        async def work() -> dict[str, Any]:
            async with self._turn:
                self.host.refuse()
                networks, texts = await self._target(name, None)
                steps, _ = await self._converge.look(networks, self._cards(networks))
                if digest and digest_of([*texts, *map(str, steps)]) != digest:
                    raise conflict(
                        "something has changed since this was planned; nothing was done", "look again: xm network plan"
                    )
                await self._to(networks)
            return {"steps": len(steps)}

        return self._jobs.start("network apply", name or "all", caller, work)
