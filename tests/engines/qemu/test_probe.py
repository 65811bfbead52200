"""What is found out about QEMU and the host, and how long it is believed."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.qemu.conftest import Host

from xenia.engines.qemu import boot_probe, probe
from xenia.engines.qemu.background import said_of
from xenia.engines.qemu.engine import QemuEngine
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import engine_failed
from xenia.model.host import Capability

pytestmark = pytest.mark.qemu


async def test_version_and_machine_types_are_those_of_the_binary(host: Host) -> None:
    report = await host.engine.probe()
    said = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: ASYNC221
    assert f"version {report.version}" in said
    assert report.facts["machine.pc"].startswith("pc-i440fx-")
    assert report.facts["machine.q35"].startswith("pc-q35-")


async def test_the_guest_abi_names_versioned_machine_types(host: Host) -> None:
    abi = host.engine.abi_of(DomainConfig("old", Kind.HVM))
    assert abi["machine"].startswith("pc-i440fx-")
    assert abi["cpu"] == "max"
    assert host.engine.abi_of(DomainConfig("new", Kind.PVH))["machine"].startswith("pc-q35-")


async def test_the_accelerator_of_the_settings_is_used(host: Host) -> None:
    report = await host.engine.probe()
    assert (report.usable, report.accelerator, report.accelerator_reason) == (True, "tcg", "the settings say so")


async def test_qemu_is_asked_once_and_again_when_it_is_another(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> dict[str, object]:
        raise AssertionError("QEMU is asked again")

    monkeypatch.setattr(probe, "_ask", never)
    await QemuEngine(host.settings).probe()
    other = host.folder / "qemu-system-x86_64"
    other.symlink_to("/usr/bin/qemu-system-x86_64")
    with pytest.raises(AssertionError, match="asked again"):
        await QemuEngine(replace(host.settings, binary=str(other))).probe()


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"qemu": {"key": "other"}}', '{"qemu": 3}'])
async def test_a_damaged_cache_is_made_anew(host: Host, content: str) -> None:
    host.settings.cache.write_text(content)
    report = await QemuEngine(host.settings).probe()
    assert report.usable
    assert json.loads(host.settings.cache.read_text())["qemu"]["version"] == report.version


async def test_a_missing_kvm_is_a_reason(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "KVM", Path("/dev/no-such-kvm"))
    settings = replace(host.settings, accelerator="auto")
    report = await QemuEngine(settings).probe()
    assert report.accelerator == "tcg"
    assert "there is no /dev/no-such-kvm" in report.accelerator_reason
    report = await QemuEngine(replace(settings, accelerator="kvm")).probe()
    assert not report.usable
    assert "the settings demand KVM" in report.reason


def test_the_boot_probe_passes_where_guests_run(tmp_path: Path) -> None:
    disk = tmp_path / "probe.img"
    disk.write_bytes(boot_probe.image())
    words = ["-accel", "tcg", "-nodefaults", "-display", "none", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    words += ["-blockdev", f"driver=file,node-name=disk,filename={disk}", "-device", "ide-hd,drive=disk"]
    assert subprocess.run(["qemu-system-x86_64", *words], check=False, timeout=60).returncode == boot_probe.PASSED


async def test_kvm_is_tried_once_for_each_boot_of_the_host(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def trial(binary: str, *_: object) -> str:
        tried.append(binary)
        return ""

    monkeypatch.setattr(probe, "_try_kvm", trial)
    settings = replace(host.settings, accelerator="auto")
    for _ in range(2):
        report = await QemuEngine(settings).probe()
        assert (report.accelerator, report.accelerator_reason) == ("kvm", "a guest boots under it")
    boot = host.folder / "boot_id"
    boot.write_text("another boot\n")
    monkeypatch.setattr(probe, "_BOOT_ID", boot)
    await QemuEngine(settings).probe()
    assert len(tried) == 2
    assert os.listdir(host.settings.run_dir) == []


async def test_whether_guests_run_on_while_they_are_saved_is_asked_of_a_qemu_like_theirs(host: Host) -> None:
    report = await host.engine.probe()
    assert report.lacks[Capability.BACKGROUND_SAVE] == "background_snapshots is off in xend.toml"
    report = await QemuEngine(replace(host.settings, background=True)).probe()
    why = report.lacks.get(Capability.BACKGROUND_SAVE, "")
    assert why in ("", "its user may not use userfaultfd on this host (sysctl vm.unprivileged_userfaultfd)")
    assert (Capability.BACKGROUND_SAVE in report.capabilities) is (not why)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("QEMU refused x: Background-snapshot is not supported by host kernel", "its user may not use userfaultfd"),
        ("QEMU refused x: Background-snapshot is not compatible with guest memory configuration", "mapped from a save"),
        ("it does not answer", "it does not answer"),
    ],
)
def test_why_not_is_told_in_words_of_ours(said: str, means: str) -> None:
    assert means in said_of(engine_failed(said))
