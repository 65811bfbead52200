"""Which guests have a balloon, and with how much memory their machine is made."""

from __future__ import annotations

import pytest
from tests.engines.qemu.conftest import Host

from xenia.engines.qemu.balloon import has_balloon, most_memory
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, XeniaError


@pytest.mark.parametrize(
    ("kind", "most", "size"),
    [(Kind.PV, None, 128), (Kind.PVH, 512, 512), (Kind.PVH, 64, 128), (Kind.HVM, 512, 128)],
)
def test_a_machine_has_the_maxmem_of_a_guest_that_can_give_it_back(kind: Kind, most: int | None, size: int) -> None:
    config = DomainConfig("a", kind, memory=128, max_memory=most)
    assert has_balloon(config) == (kind is not Kind.HVM)
    assert most_memory(config) == size


@pytest.mark.qemu
async def test_a_guest_without_a_balloon_says_so_and_what_to_do(host: Host) -> None:
    started = await host.start(host.config())
    with pytest.raises(XeniaError, match="no balloon") as raised:
        await host.engine.set_memory(started.uuid, 16)
    assert (raised.value.kind, raised.value.hint) == (
        ErrorKind.INVALID,
        "xm mem-set --config sets what it has at its next start",
    )
    figures = (await host.engine.figures())[started.uuid]
    assert (figures.memory, figures.max_memory) == (32, 32)
