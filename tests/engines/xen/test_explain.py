"""What is said of a configuration, without starting anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from xenia.engines.base import Meaning
from xenia.engines.xen.explain import explain
from xenia.engines.xen.facts import XenFacts
from xenia.model.boot import Boot
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel, VncRules
from xenia.model.domain import DomainConfig, Kind
from xenia.model.vif import Vif

HVM = DomainConfig("guest", Kind.HVM)
PV = DomainConfig("guest", Kind.PV, boot=Boot(kernel="/boot/vmlinuz"))
PVH = replace(PV, kind=Kind.PVH)


def explained(config: DomainConfig = HVM, facts: XenFacts | None = None, password: str = "", **changes: Any) -> Meaning:
    return explain(replace(config, **changes), facts or XenFacts(), VncRules(password=password))


def said(meaning: Meaning, severity: Severity) -> str:
    return "\n".join(
        f"{complaint.key}: {complaint.message} {complaint.hint or ''}"
        for complaint in meaning.complaints
        if complaint.severity is severity
    )


@pytest.mark.parametrize(("config", "key"), [(HVM, "builder"), (PVH, "type")])
def test_without_hardware_virtualisation_both_makers_words_for_it_are_named(config: DomainConfig, key: str) -> None:
    meaning = explained(config, XenFacts(caps=frozenset({"pv"})))
    errors = said(meaning, Severity.ERROR)
    assert errors.startswith(f"{key}: ")
    assert all(word in errors for word in ("VT-x", "Intel", "AMD-V", "SVM", "firmware setup"))
    assert meaning.rendered == ""


def test_pv_guests_need_no_hardware_virtualisation_but_a_xen_that_has_them() -> None:
    assert explained(PV, XenFacts(caps=frozenset({"pv"}))).rendered
    assert "PV guests" in said(explained(PV, XenFacts(caps=frozenset({"hvm"}))), Severity.ERROR)


def test_vnc_listens_where_only_the_host_gets_to() -> None:
    meaning = explained(display=Display(VgaModel.CIRRUS, vnc=True, vnc_listen="192.0.2.1"))
    assert 'vnclisten = "127.0.0.1"' in meaning.rendered
    assert "192.0.2.1" not in meaning.rendered
    assert "ssh -L" in said(meaning, Severity.NOTE)


@pytest.mark.parametrize("config", [HVM, PV])
@pytest.mark.parametrize(("own", "default"), [("sesame", ""), (None, "sesame")])
def test_vnc_that_asks_for_a_password_is_left_to_the_relay(config: DomainConfig, own: str | None, default: str) -> None:
    meaning = explained(config, password=default, display=Display(VgaModel.CIRRUS, vnc=True, vnc_password=own))
    assert "vnc = 1" not in meaning.rendered
    assert "vnc=1" not in meaning.rendered
    assert "sesame" not in meaning.rendered
    assert said(meaning, Severity.WARNING) == ""


def test_vnc_over_tls_is_left_to_the_relay() -> None:
    config = replace(HVM, display=Display(VgaModel.CIRRUS, vnc=True, vnc_listen="192.0.2.1"))
    meaning = explain(config, XenFacts(), VncRules(tls=True))
    assert "vnc = 0" in meaning.rendered
    assert "vnclisten" not in said(meaning, Severity.NOTE)


@pytest.mark.parametrize(
    ("listen", "password", "refused"),
    [
        ("127.0.0.1", "", False),
        ("::1", "", False),
        ("localhost", "", False),
        ("0.0.0.0", "x", False),  # noqa: S104
        ("0.0.0.0", "", True),  # noqa: S104
        ("::", "", True),
        ("192.0.2.1", "", True),
    ],
)
def test_rdp_that_others_reach_takes_a_password(listen: str, password: str, refused: bool) -> None:
    config = replace(HVM, display=Display(VgaModel.CIRRUS, rdp=True))
    warned = said(explain(config, XenFacts(), VncRules(password=password, rdp_listen=listen)), Severity.WARNING)
    assert ("it is not shown over RDP" in warned) == refused


def test_a_paravirtual_guest_has_a_screen_for_rdp() -> None:
    assert "vfb" in explained(PV, display=Display(rdp=True)).rendered
    assert "vnc=1" not in explained(PV, display=Display(rdp=True)).rendered


def test_an_empty_password_says_that_the_host_s_default_does_not_hold() -> None:
    display = Display(VgaModel.CIRRUS, vnc=True, vnc_password="")
    assert "vnc = 1" in explained(display=display, password="sesame").rendered


def test_beyond_display_99_no_other_one_is_looked_for() -> None:
    meaning = explained(display=Display(vnc=True, vnc_display=300))
    assert "vncdisplay = 300\nvncunused = 0" in meaning.rendered
    assert "vncunused" in said(meaning, Severity.NOTE)


IDE, XEN, SCSI = DiskBus.IDE, DiskBus.XEN, DiskBus.SCSI


@pytest.mark.parametrize(
    ("config", "disks", "words"),
    [
        (HVM, (Disk("hda", "/a", bus=IDE, mode=DiskMode.READ_ONLY),), "cannot be read-only"),
        (HVM, (Disk("hda", "/a", bus=IDE), Disk("xvda", "/b", item=1)), "xvda is the same IDE drive as hda"),
        (HVM, (Disk("hde", "/a", bus=IDE),), "no place for hde"),
        (HVM, (Disk("xvde", "/a", cdrom=True),), "cannot be a CD-ROM"),
        (HVM, (Disk("hda", "/a,b", bus=IDE),), "has a comma"),
        (HVM, (Disk("hda", "/a", format=DiskFormat.VMDK, bus=IDE),), "format vmdk"),
        (PV, (Disk("xvda", "/a", backend="storage"),), "driver domains"),
        (PV, (Disk("xvda", "nbd:h:1", DiskSource.NETWORK),), "network disk"),
        (PV, (Disk("xvda", "/a\nb"),), "control characters"),
    ],
)
def test_disks_that_cannot_be(config: DomainConfig, disks: tuple[Disk, ...], words: str) -> None:
    assert words in said(explained(config, disks=disks), Severity.ERROR)


def test_a_numbered_cdrom_finds_a_free_drive() -> None:
    cd = Disk("scd0", "/c.iso", bus=SCSI, mode=DiskMode.READ_ONLY, cdrom=True, item=1)
    meaning = explained(disks=(Disk("xvdc", "/a"), cd))
    assert "vdev=hdd,access=ro,devtype=cdrom" in meaning.rendered
    assert "scd0 is hdd on Xen" in said(meaning, Severity.NOTE)


@pytest.mark.parametrize(("config", "first", "second"), [(HVM, "hdc", "hdd"), (PV, "xvda", "xvdc")], ids=["hvm", "pv"])
def test_numbered_cdroms_take_free_drives_in_the_order_of_their_numbers(
    config: DomainConfig, first: str, second: str
) -> None:
    def cd(target: str) -> Disk:
        return Disk(target, f"/{target}.iso", bus=SCSI, mode=DiskMode.READ_ONLY, cdrom=True)

    notes = said(explained(config, disks=(cd("sr1"), Disk("xvdb", "/b"), cd("scd0"))), Severity.NOTE)
    assert f"scd0 is {first} on Xen" in notes
    assert f"sr1 is {second} on Xen" in notes


@pytest.mark.parametrize(
    ("vif", "words"),
    [
        (Vif(model="rtl8193"), "did you mean rtl8139?"),
        (Vif(vifname="twelve-chars"), "more than 11 characters"),
        (Vif(ip=("192.0.2.7;reboot",)), "is no address"),
        (Vif(backend="firewall"), "driver domains"),
    ],
)
def test_cards_that_cannot_be(vif: Vif, words: str) -> None:
    assert words in said(explained(vifs=(vif,)), Severity.ERROR)


def test_a_command_line_that_xen_would_cut_off_is_refused() -> None:
    long = Boot(kernel="/k", extra="x" * 1024)
    assert "takes 1023" in said(explained(PV, boot=long), Severity.ERROR)
    assert explained(PVH, boot=long).rendered


def test_more_memory_than_the_host_has_is_refused() -> None:
    assert "2048 MiB" in said(explained(facts=XenFacts(total_memory=2048), memory=4096), Severity.ERROR)


def test_cpu_figures_out_of_range_have_no_effect() -> None:
    meaning = explained(cpu_weight=70000, cpu_cap=101)
    assert "cpu_weight" not in meaning.rendered
    assert "cap =" not in meaning.rendered
    assert said(meaning, Severity.WARNING).count("has no effect") == 2


def test_serial_ports_never_lead_to_files_or_programs() -> None:
    platform = replace(HVM.platform, serial=("file:/etc/passwd", "tcp:0.0.0.0:1", "pty"))
    meaning = explained(platform=platform)
    assert 'serial = [ "pty", "none", "pty" ]' in meaning.rendered
    assert said(meaning, Severity.NOTE).count("has no effect") == 2
