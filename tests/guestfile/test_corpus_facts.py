"""What a file means, compared with the facts that libvirt draws from the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.guestfile.corpus import CORPUS, load, needs_corpus, text_of

from xenia.guestfile.read import read
from xenia.model.disk import Disk, DiskBus, DiskMode, DiskSource
from xenia.model.display import VgaModel
from xenia.model.domain import DomainConfig

pytestmark = needs_corpus

_BUSES = {"ide": DiskBus.IDE, "scsi": DiskBus.SCSI, "xen": DiskBus.XEN, "fdc": DiskBus.FLOPPY, "virtio": DiskBus.VIRTIO}
_FACTS = sorted((CORPUS / "facts").glob("*/*.json"))


@pytest.fixture(params=_FACTS, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> tuple[DomainConfig, dict[str, Any]]:
    facts = load(request.param)
    path: Path = CORPUS / facts["cfg"]
    reading = read(text_of(path), file=str(path))
    assert reading.config is not None, reading.complaints
    return reading.config, facts


def test_the_domain_itself(case: tuple[DomainConfig, dict[str, Any]]) -> None:
    config, facts = case
    assert (config.name, config.uuid, config.kind.value) == (facts["name"], facts["uuid"], facts["type"])
    assert config.memory * 1024 == facts["memory_kib"]
    assert (config.max_memory or config.memory) * 1024 == facts["maxmem_kib"]
    assert config.vcpus == facts["vcpus"]
    assert (config.max_vcpus or config.vcpus) == facts["maxvcpus"]
    policy = config.policy
    assert (policy.on_poweroff, policy.on_reboot, policy.on_crash) == (
        facts["on_poweroff"],
        facts["on_reboot"],
        facts["on_crash"],
    )


def test_its_boot(case: tuple[DomainConfig, dict[str, Any]]) -> None:
    config, facts = case
    assert config.boot.kernel == facts["kernel"]
    assert config.boot.ramdisk == facts["ramdisk"]
    assert (config.boot.command_line or None) == facts["cmdline"]
    assert config.boot.bootloader == facts["bootloader"]
    if facts["boot_letters"]:
        assert config.boot.order == facts["boot_letters"]


def test_its_disks(case: tuple[DomainConfig, dict[str, Any]]) -> None:
    config, facts = case
    expected = [
        (disk["target"], _BUSES[disk["bus"]], disk["device"] == "cdrom", disk["source"] or "", disk["readonly"])
        for disk in facts["disks"]
    ]
    assert [_seen(disk) for disk in config.disks] == expected
    for disk, fact in zip(config.disks, facts["disks"], strict=True):
        assert disk.format.value == fact["format"]
        if fact["source"]:
            assert disk.source is (DiskSource.BLOCK if fact["source_type"] == "block" else DiskSource.FILE)


def _seen(disk: Disk) -> tuple[Any, ...]:
    return (disk.target, disk.bus, disk.cdrom, disk.path, disk.mode is DiskMode.READ_ONLY)


def test_its_cards(case: tuple[DomainConfig, dict[str, Any]]) -> None:
    config, facts = case
    seen = [
        (vif.mac, (vif.bridge or "").partition(".")[0] or None, vif.model, vif.script, list(vif.ip))
        for vif in config.vifs
    ]
    assert seen == [(nic["mac"], nic["bridge"], nic["model"], nic["script"], nic["ips"]) for nic in facts["nics"]]


def test_its_display(case: tuple[DomainConfig, dict[str, Any]]) -> None:
    config, facts = case
    vnc = [graphic for graphic in facts["graphics"] if graphic["type"] == "vnc"]
    if config.other.get("spice"):
        return
    assert config.display.vnc == bool(vnc)
    if vnc:
        assert config.display.vnc_listen == vnc[0]["listen"]
        assert config.display.vnc_display == vnc[0]["vnc_display"]
        assert config.display.vnc_password == vnc[0]["passwd"]
        assert config.display.vnc_unused == vnc[0]["autoport"]
    if facts["type"] == "hvm":
        assert config.display.vga is VgaModel.CIRRUS


def test_its_board(case: tuple[DomainConfig, dict[str, Any]]) -> None:
    config, facts = case
    platform = config.platform
    for name in ("acpi", "apic", "pae"):
        if facts["features"][name] is not None and facts["type"] == "hvm":
            assert getattr(platform, name) == facts["features"][name]
    assert platform.localtime == bool(facts["clock"].get("localtime"))
    if facts["clock"].get("offset") == "variable":
        assert platform.rtc_timeoffset == facts["clock"]["adjustment_s"]
    if facts["sound"]:
        assert (platform.sound or "").split(",") == facts["sound"]
    assert bool(platform.serial) == bool(facts["serial"])
