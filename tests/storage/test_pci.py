"""PCI devices of the host, as a kernel shows them: who has them, and how they change hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.pci import HostPci, PciDevice, devices_of, read_address, read_device, without
from xenia.storage.pci import PciHost

CARD = "0000:01:00.0"
SOUND = "0000:01:00.1"


@pytest.mark.parametrize(
    ("text", "slot", "device"),
    [
        ("01:00.0", "", PciDevice(CARD, CARD)),
        ("0000:01:00.0", "", PciDevice(CARD, CARD)),
        (" 1:0.0 ", "", PciDevice(CARD, CARD)),
        ("01:00.0@1f,permissive=1", "", PciDevice(CARD, f"{CARD}@1f,permissive=1")),
        ("01:00.0", "7", PciDevice(CARD, f"{CARD}@7")),
        ("rdm_policy=strict,bdf=01:00.0", "", PciDevice(CARD, f"{CARD},rdm_policy=strict")),
    ],
)
def test_a_device_is_read(text: str, slot: str, device: PciDevice) -> None:
    assert read_device(text, slot) == device
    assert read_device(device.item) == device


@pytest.mark.parametrize(
    "text",
    ["", "x", "01:00", "01:00.8", "01:20.0", "01:00.*", "123456:01:00.0", "01:00.0.0", "/etc", "01:00.0@99", "=,="],
)
def test_what_names_none_is_refused_with_what_does(text: str) -> None:
    with pytest.raises(XeniaError) as raised:
        read_device(text)
    assert raised.value.kind is ErrorKind.INVALID
    assert raised.value.hint
    with pytest.raises(XeniaError):
        read_address(f"{text}@")


def test_the_devices_of_a_guest_file_are_told_and_struck_out() -> None:
    other = {"pci": ["01:00.0", "02:00.*", "1:0.1,permissive=1"], "hap": 1}
    assert [device.address for device in devices_of(other["pci"])] == [CARD, SOUND]
    assert without(other, {SOUND}) == {"pci": [CARD], "hap": 1}
    assert without(other, {"0000:09:00.0"}) == other
    assert devices_of("01:00.0") == (PciDevice(CARD, CARD),)
    assert without({}, {CARD}) == {}


class FakeKernel:
    """What sysfs has of devices and drivers; what is written to it is kept in the files."""

    def __init__(self, folder: Path) -> None:
        self.host = PciHost(folder / "bus/pci", folder / "vfio")
        self.bus = folder / "bus/pci"
        (self.bus / "devices").mkdir(parents=True)

    def device(self, address: str, driver: str | None, group: int | None = 7, kind: str = "0x020000") -> Path:
        real = self.bus.parent / "real" / address
        real.mkdir(parents=True)
        (real / "class").write_text(f"{kind}\n")
        (self.bus / "devices" / address).symlink_to(real)
        if driver is not None:
            home = self.bus / "drivers" / driver
            home.mkdir(parents=True, exist_ok=True)
            (home / address).symlink_to(real)
            (real / "driver").symlink_to(home)
        if group is not None:
            members = self.bus.parent / "groups" / str(group)
            (members / "devices").mkdir(parents=True, exist_ok=True)
            (members / "devices" / address).symlink_to(real)
            (real / "iommu_group").symlink_to(members)
        return real


@pytest.fixture
def kernel(tmp_path: Path) -> FakeKernel:
    return FakeKernel(tmp_path)


def test_a_device_is_ready_with_its_whole_group(kernel: FakeKernel) -> None:
    kernel.device(CARD, "vfio-pci")
    kernel.device(SOUND, None)
    kernel.device("0000:00:01.0", "pcieport", kind="0x060400")
    assert kernel.host.group_of(CARD) == kernel.host.nodes / "7"
    assert kernel.host.assignable() == (HostPci(CARD, 7),)


@pytest.mark.parametrize(
    ("driver", "group", "neighbour", "kind", "words", "hint"),
    [
        ("e1000e", 7, None, ErrorKind.CONFLICT, "with the driver e1000e", f"xm pci-assignable-add {CARD}"),
        (None, 7, None, ErrorKind.CONFLICT, "without a driver", f"xm pci-assignable-add {CARD}"),
        ("vfio-pci", None, None, ErrorKind.UNAVAILABLE, "no IOMMU", "intel_iommu=on"),
        ("vfio-pci", 7, "snd", ErrorKind.CONFLICT, "cannot go alone: 0000:01:00.1", f"xm pci-assignable-add {SOUND}"),
    ],
)
def test_what_is_not_ready_is_said_with_the_next_step(
    kernel: FakeKernel,
    driver: str | None,
    group: int | None,
    neighbour: str | None,
    kind: ErrorKind,
    words: str,
    hint: str,
) -> None:
    kernel.device(CARD, driver, group)
    if neighbour is not None:
        kernel.device(SOUND, neighbour, group)
    with pytest.raises(XeniaError, match=words) as raised:
        kernel.host.group_of(CARD)
    assert raised.value.kind is kind
    assert hint in (raised.value.hint or "")


def test_a_device_that_is_not_there_is_said(kernel: FakeKernel) -> None:
    for ask in (kernel.host.group_of, kernel.host.take, kernel.host.give_back):
        with pytest.raises(XeniaError, match=f"no PCI device {CARD}") as raised:
            ask(CARD)
        assert (raised.value.kind, raised.value.hint) == (ErrorKind.NOT_FOUND, "lspci -D shows them")
    assert kernel.host.assignable() == ()


def test_a_device_is_taken_by_the_kernels_own_doors(kernel: FakeKernel) -> None:
    """What a kernel does then, it does not do here: so the end of it is that vfio-pci has not taken the device."""
    device = kernel.device(CARD, "e1000e")
    with pytest.raises(XeniaError, match="no vfio-pci at work") as raised:
        kernel.host.take(CARD)
    assert raised.value.hint == "modprobe vfio-pci"
    (kernel.bus / "drivers/vfio-pci").mkdir()
    with pytest.raises(XeniaError, match="vfio-pci does not take PCI device"):
        kernel.host.take(CARD)
    assert (device / "driver_override").read_text() == "vfio-pci\n"
    assert (kernel.bus / "drivers/e1000e/unbind").read_text() == CARD
    assert (kernel.bus / "drivers_probe").read_text() == CARD


def test_a_device_is_given_back(kernel: FakeKernel) -> None:
    device = kernel.device(CARD, "vfio-pci")
    kernel.host.give_back(CARD)
    assert (device / "driver_override").read_text() == "\n"
    assert (kernel.bus / "drivers/vfio-pci/unbind").read_text() == CARD


def test_what_the_kernel_refuses_is_said(kernel: FakeKernel) -> None:
    kernel.device(CARD, "vfio-pci")
    (kernel.bus / "drivers_probe").mkdir()
    with pytest.raises(XeniaError, match="drivers_probe: Is a directory") as raised:
        kernel.host.give_back(CARD)
    assert raised.value.kind is ErrorKind.UNAVAILABLE
