"""What the host needs for addresses that it routes: things as those of networks (network.things)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xenia.network.host import NetworkHost, Seen
from xenia.network.things import NONE


@dataclass(frozen=True, slots=True)
class RouteTo:
    """`network` (an address has the whole prefix, `192.0.2.7/32`) is reached by `interface`. The host speaks there as
    `source`, if that is not "".
    """

    kind: ClassVar[str] = "route"
    network: str
    interface: str
    source: str = ""
    metric: int = 0

    @property
    def key(self) -> str:
        return f"route {self.network} {self.interface}"

    @property
    def words(self) -> str:
        return f"route to {self.network} by {self.interface}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        there = any((each.network, each.interface) == (self.network, self.interface) for each in seen.routes)
        return "" if there else NONE

    async def make(self, host: NetworkHost) -> None:
        await host.add_route(self.network, self.interface, source=self.source, metric=self.metric)

    async def unmake(self, host: NetworkHost) -> None:
        await host.remove_route(self.network, self.interface, metric=self.metric)


@dataclass(frozen=True, slots=True)
class Proxied:
    """On `interface` the host answers for `ip`, which it has not itself."""

    kind: ClassVar[str] = "proxied"
    interface: str
    ip: str

    @property
    def key(self) -> str:
        return f"proxied {self.ip} {self.interface}"

    @property
    def words(self) -> str:
        return f"answers for {self.ip} on {self.interface}"

    def wrong(self, seen: Seen, host: NetworkHost) -> str:
        del host
        return "" if (self.interface, self.ip) in seen.proxied else NONE

    async def make(self, host: NetworkHost) -> None:
        await host.set_proxied(self.interface, self.ip, proxied=True)

    async def unmake(self, host: NetworkHost) -> None:
        await host.set_proxied(self.interface, self.ip, proxied=False)
