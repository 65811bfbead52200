"""The kernel's table of neighbours, in a network namespace of the test's own."""

from __future__ import annotations

from collections.abc import Callable

from xenia.model.address import Neighbour
from xenia.network.neighbours import read_neighbours


def test_those_whose_address_is_known_are_told(ip: Callable[..., str]) -> None:
    assert read_neighbours() == []
    ip("link", "add", "name", "br7", "up", "type", "bridge")
    mac = "00:16:3e:00:00:0a"
    for address in ("10.9.0.2", "fd00::2"):
        ip("neigh", "add", address, "lladdr", mac, "dev", "br7", "nud", "permanent")
    ip("neigh", "add", "10.9.0.3", "dev", "br7", "nud", "failed")
    assert sorted(read_neighbours(), key=str) == [Neighbour("10.9.0.2", mac), Neighbour("fd00::2", mac)]
