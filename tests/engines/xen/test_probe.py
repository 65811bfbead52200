"""Whether this host is a Domain-0 that can be used, and what its Xen can do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.probe import booted_into_xen, check_host, facts_of, version
from xenia.engines.xen.settings import XenSettings
from xenia.model.errors import ErrorKind, XeniaError

TOLD = {
    "xen_major": 4,
    "xen_minor": 17,
    "xen_extra": ".5-pre",
    "xen_caps": "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ",
    "virt_caps": "pv hvm hap iommu_hap_pt_share vpmu gnttab-v1",
    "total_memory": 3 * 1024 * 1024,
}


class Host:
    """The files by which a host is known."""

    def __init__(self, folder: Path) -> None:
        self.sys = folder / "hypervisor"
        self.capabilities = folder / "capabilities"
        (self.sys / "version").mkdir(parents=True)
        (self.sys / "type").write_text("xen\n")
        (self.sys / "version/major").write_text("4\n")
        (self.sys / "version/minor").write_text("17\n")
        self.capabilities.write_text("control_d\n")
        self.xl = folder / "xl"
        self.xl.touch(0o755)
        self.settings = XenSettings(folder, xl=str(self.xl))

    def check(self) -> None:
        check_host(self.settings, sys=self.sys, capabilities=self.capabilities)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return Host(tmp_path)


def test_a_domain_0_of_today_is_usable(host: Host) -> None:
    host.check()
    assert booted_into_xen(host.sys)
    assert version(host.sys) == ("4", "17")


def _not_booted(host: Host) -> None:
    (host.sys / "type").unlink()


def _kvm(host: Host) -> None:
    (host.sys / "type").write_text("kvm\n")


def _guest(host: Host) -> None:
    host.capabilities.write_text("\n")


def _no_xenfs(host: Host) -> None:
    host.capabilities.unlink()


def _old(host: Host) -> None:
    (host.sys / "version/minor").write_text("14\n")


def _no_xl(host: Host) -> None:
    host.xl.unlink()


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (_not_booted, "not booted into Xen", "apt-get install xen-system-amd64"),
        (_kvm, "not booted into Xen", "apt-get install xen-system-amd64"),
        (_guest, "no Domain-0", "mount -t xenfs"),
        (_no_xenfs, "no Domain-0", "mount -t xenfs"),
        (_old, r"this is Xen 4\.14; Xenia needs 4\.17 or newer", "upgrade"),
        (_no_xl, "xl is not installed", "xen-utils-common"),
    ],
)
def test_what_is_missing_is_told_with_the_way_out(
    host: Host, change: Callable[[Host], None], message: str, hint: str
) -> None:
    change(host)
    with pytest.raises(XeniaError, match=message) as caught:
        host.check()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert hint in (caught.value.hint or "")


def test_only_root_can_use_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(XeniaError, match="only root"):
        host.check()


@pytest.mark.parametrize(("minor", "major"), [("20", "4"), ("0", "5")])
def test_a_newer_xen_is_usable(host: Host, minor: str, major: str) -> None:
    (host.sys / "version/major").write_text(major)
    (host.sys / "version/minor").write_text(minor)
    host.check()


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({}, XenFacts("4.17.5", frozenset({"pv", "hvm", "pvh"}), 3072)),
        ({"virt_caps": "pv"}, XenFacts("4.17.5", frozenset({"pv"}), 3072)),
        ({"virt_caps": "hvm hap", "xen_extra": ".0"}, XenFacts("4.17.0", frozenset({"hvm", "pvh"}), 3072)),
        (
            {"virt_caps": "pv", "xen_caps": "xen-3.0-x86_64 xen-3.0-x86_32p"},
            XenFacts("4.17.5", frozenset({"pv", "pv32"}), 3072),
        ),
        ({"xen_extra": "-unstable"}, XenFacts("4.17", frozenset({"pv", "hvm", "pvh"}), 3072)),
    ],
)
def test_what_can_run_is_what_xen_tells(changes: dict[str, Any], facts: XenFacts) -> None:
    assert facts_of(TOLD | changes) == facts
