"""Which words xl is told of PCI devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.engines.xen import pci
from xenia.engines.xen.xl import Xl
from xenia.model.errors import ErrorKind, XeniaError, engine_failed
from xenia.model.pci import HostPci, read_device
from xenia.storage.pci import PciHost

CARD = "0000:01:00.0"


class Recorded(Xl):
    """An xl that keeps what it was told, and has one assignable device."""

    said: list[str]

    async def run(self, *words: str, seconds: float = 1) -> str:
        self.said.append(" ".join(words))
        if words[0] == "pci-attach" and "permissive" in words[-1]:
            raise engine_failed("xl pci-attach failed: no IOMMU")
        return {
            "pci-assignable-list": f"{CARD}\n",
            "pci-list": f"Vdev Device\n00.0 {CARD}\n",
        }.get(words[0], "")


@pytest.fixture
def xl() -> Recorded:
    made = Recorded()
    object.__setattr__(made, "said", [])
    return made


@pytest.fixture
def host(tmp_path: Path) -> PciHost:
    (tmp_path / "devices/0000:02:00.0").mkdir(parents=True)
    return PciHost(tmp_path)


async def test_devices_change_hands_by_xl(xl: Recorded, host: PciHost) -> None:
    assert await pci.assignable(xl) == (HostPci(CARD),)
    assert await pci.look(xl, 3) == {CARD}
    await pci.attach(xl, 3, read_device("01:00.0@7"), host)
    await pci.detach(xl, 3, CARD)
    await pci.make_assignable(xl, "0000:02:00.0", host)
    await pci.take_back(xl, CARD)
    assert [line for line in xl.said if "list" not in line] == [
        f"pci-attach 3 {CARD}@7",
        f"pci-detach 3 {CARD}",
        "pci-assignable-add 0000:02:00.0",
        f"pci-assignable-remove -r {CARD}",
    ]


async def test_what_cannot_be_is_said_with_the_next_step(xl: Recorded, host: PciHost) -> None:
    for device, kind, hint in (
        ("02:00.0", ErrorKind.CONFLICT, "xm pci-assignable-add 0000:02:00.0"),
        ("09:00.0", ErrorKind.NOT_FOUND, "lspci"),
        ("01:00.0,permissive=1", ErrorKind.ENGINE_FAILED, "passthrough = 'enabled'"),
    ):
        with pytest.raises(XeniaError) as raised:
            await pci.attach(xl, 3, read_device(device), host)
        assert raised.value.kind is kind
        assert hint in (raised.value.hint or "")
    with pytest.raises(XeniaError) as raised:
        await pci.make_assignable(xl, "0000:09:00.0", host)
    assert raised.value.kind is ErrorKind.NOT_FOUND
    with pytest.raises(XeniaError, match="not among those") as raised:
        await pci.take_back(xl, "0000:02:00.0")
    assert raised.value.kind is ErrorKind.NOT_FOUND
