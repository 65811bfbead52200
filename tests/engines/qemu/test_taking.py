"""What QEMU says of a device that a guest was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from xenia.engines.base import Plugged
from xenia.engines.qemu import taking
from xenia.engines.qemu.taking import how_taken
from xenia.model.errors import engine_failed

DISK = "/machine/peripheral/vbd-xvdb/virtio-backend"
BALLOON = "/machine/peripheral-anon/device[3]/virtio-backend"
ROOT = "/machine/peripheral/vbd-xvda/virtio-backend"
KNOWN = ["VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found"]
READY = [*KNOWN, "VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device", "VIRTIO_CONFIG_S_DRIVER_OK: Driver ready"]


class Qemu:
    """Answers with `statuses` of virtio devices by path; and, of the others, with their `addresses`."""

    def __init__(self, statuses: Mapping[str, list[str]] | None, addresses: Mapping[str, int] | None = None) -> None:
        self.statuses = statuses
        self.addresses = addresses or {}
        self.asked: list[str] = []

    async def execute(self, command: str, arguments: Mapping[str, object] | None = None, **_: object) -> Any:
        self.asked.append(command)
        if command == "query-pci":
            slots = [{"qdev_id": name, "regions": [{"address": at}]} for name, at in self.addresses.items()]
            bridge = {"qdev_id": "bridge", "regions": [], "pci_bridge": {"devices": slots}}
            return [{"devices": [{"qdev_id": "", "regions": []}, bridge]}]
        if self.statuses is None:
            raise engine_failed("The command x-query-virtio-status has not been found")
        if command == "x-query-virtio":
            names = {BALLOON: "virtio-balloon", ROOT: "virtio-blk", DISK: "virtio-blk"}
            return [{"path": path, "name": names[path]} for path in self.statuses]
        path = str((arguments or {})["path"])
        if path not in self.statuses:
            raise engine_failed(f"Path {path} is not a VirtIODevice")
        return {"status": {"statuses": self.statuses[path]}}

    def send(self, descriptor: int) -> None:
        raise AssertionError(descriptor)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "UNSEEN_SECONDS", 0)


@pytest.mark.parametrize(
    ("statuses", "becomes"),
    [
        ({DISK: READY, BALLOON: READY}, Plugged.TAKEN),
        ({DISK: READY, BALLOON: []}, Plugged.TAKEN),
        ({DISK: KNOWN, BALLOON: READY}, Plugged.IGNORED),
        ({DISK: [], BALLOON: READY}, Plugged.IGNORED),
        ({DISK: [], BALLOON: KNOWN}, Plugged.UNSEEN),
        ({DISK: [], ROOT: READY}, Plugged.UNSEEN),  # a firmware reads its first disk
        ({DISK: []}, Plugged.UNSEEN),
    ],
)
async def test_a_virtio_device_is_taken_when_its_driver_is_ready(
    statuses: dict[str, list[str]], becomes: Plugged
) -> None:
    assert await how_taken(Qemu(statuses), "vbd-xvdb", 0) is becomes


@pytest.mark.parametrize("unmapped", [-1, (1 << 64) - 1])
async def test_another_device_is_taken_when_its_addresses_are_switched_on(unmapped: int) -> None:
    assert await how_taken(Qemu({BALLOON: READY}, {"vif1": 0xFE000000}), "vif1", 0) is Plugged.TAKEN
    assert await how_taken(Qemu({BALLOON: READY}, {"vif1": unmapped}), "vif1", 0) is Plugged.IGNORED


async def test_with_a_qemu_that_does_not_tell_of_drivers_no_guest_is_known_to_be_up() -> None:
    assert await how_taken(Qemu(None, {"vbd-xvdb": 0xFE000000}), "vbd-xvdb", 0) is Plugged.TAKEN
    assert await how_taken(Qemu(None, {"vbd-xvdb": -1}), "vbd-xvdb", 0) is Plugged.UNSEEN


async def test_a_driver_that_takes_its_time_is_waited_for() -> None:
    qemu = Qemu({DISK: [], BALLOON: READY})
    execute = qemu.execute

    async def later(command: str, arguments: Mapping[str, object] | None = None, **more: object) -> Any:
        if len(qemu.asked) > 5:
            qemu.statuses = {DISK: READY, BALLOON: READY}
        return await execute(command, arguments, **more)

    qemu.execute = later  # type: ignore[method-assign]
    assert await how_taken(qemu, "vbd-xvdb", 60) is Plugged.TAKEN
