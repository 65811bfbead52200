"""What a configuration becomes, without starting anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xenia.engines.base import Meaning
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.settings import QemuSettings
from xenia.model.boot import Boot, Firmware
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskBus, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind, Platform
from xenia.model.vif import Vif

HVM = DomainConfig("guest", Kind.HVM)


def explained(config: DomainConfig = HVM, **changes: Any) -> Meaning:
    engine = QemuEngine(QemuSettings(Path("run"), Path("log"), Path("cache")))
    return engine.explain(replace(config, **changes))


def said(meaning: Meaning, severity: Severity) -> str:
    return "\n".join(
        f"{complaint.message} {complaint.hint or ''}"
        for complaint in meaning.complaints
        if complaint.severity is severity
    )


def test_one_option_stands_on_each_line_with_descriptors_named() -> None:
    meaning = explained(disks=(Disk("hda", "/images/a.img", bus=DiskBus.IDE),), vifs=(Vif(bridge="xenbr0"),))
    lines = meaning.rendered.splitlines()
    assert lines[0] == "qemu-system-x86_64"
    assert all(line.startswith("-") for line in lines[1:])
    assert "-add-fd fd=<image /images/a.img>,set=1,opaque=disk-hda" in lines
    assert '-netdev {"type": "tap", "id": "net0", "fd": "<tap on xenbr0>", "vhost": false}' in lines
    assert meaning.complaints == ()


def test_a_kernel_of_the_guest_itself_is_said_to_come_from_its_image() -> None:
    boot = Boot(bootloader="pygrub", extra="quiet", firmware=Firmware.UEFI)
    meaning = explained(kind=Kind.PVH, boot=boot, disks=(Disk("xvda", "/images/a.img"),))
    lines = meaning.rendered.splitlines()
    assert "-kernel /proc/self/fd/<kernel in the guest's image>" in lines
    assert "-initrd /proc/self/fd/<ramdisk in the guest's image>" in lines
    assert "-append <command line in the guest's image> quiet" in lines
    assert "-action shutdown=pause,reboot=shutdown,panic=pause" in lines
    assert not [line for line in lines if "bootindex" in line or "pflash" in line]


@pytest.mark.parametrize("spelling", ["scd", "sr"])
def test_numbered_cdroms_are_the_scsi_cdroms_of_those_numbers(spelling: str) -> None:
    cds = tuple(Disk(f"{spelling}{number}", f"/{number}.iso", bus=DiskBus.SCSI, cdrom=True) for number in (1, 0))
    meaning = explained(disks=cds)
    assert meaning.complaints == ()
    assert f'"scsi-id": 6, "drive": "disk-{spelling}1"' in meaning.rendered
    assert f'"scsi-id": 5, "drive": "disk-{spelling}0"' in meaning.rendered
    said_of_third = said(explained(disks=(Disk("sr2", "/2.iso", bus=DiskBus.SCSI, cdrom=True),)), Severity.ERROR)
    assert "no place for sr2 on QEMU" in said_of_third
    assert "CD-ROMs sr0, sr1" in said_of_third


def test_a_password_is_never_shown() -> None:
    meaning = explained(display=Display(vga=VgaModel.CIRRUS, vnc=True, vnc_password="sesame"))
    assert "password=on" in meaning.rendered
    assert "sesame" not in meaning.rendered


def test_only_eight_characters_of_a_vnc_password_count() -> None:
    display = Display(vga=VgaModel.CIRRUS, vnc=True, vnc_password="123456789")
    assert "first 8 characters" in said(explained(display=display), Severity.WARNING)


def test_an_address_cannot_smuggle_options_in() -> None:
    display = Display(vga=VgaModel.CIRRUS, vnc=True, vnc_listen="0.0.0.0,websocket=on")
    assert "-vnc 0.0.0.0,,websocket=on:0,to=99" in explained(display=display).rendered


@pytest.mark.parametrize(
    ("display", "vnc"),
    [
        (Display(vnc=True, vnc_display=7), "127.0.0.1:7,to=99"),
        (Display(vnc=True, vnc_display=300), "127.0.0.1:300,to=300"),
        (Display(vnc=True, vnc_display=7, vnc_unused=False), "127.0.0.1:7"),
        (Display(vnc=True, vnc_unused=False), "127.0.0.1:0"),
        (Display(vnc=True, vnc_listen="::1"), "[::1]:0,to=99"),
    ],
)
def test_the_display_wished_for(display: Display, vnc: str) -> None:
    assert f"-vnc {vnc}\n" in explained(display=display).rendered


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vifs": (Vif(model="rtl8193"),)}, "did you mean rtl8139?"),
        ({"vifs": (Vif(),) * 9}, "9 cards are more than the 8"),
        ({"disks": (Disk("hde", "/a", bus=DiskBus.IDE),)}, "no place for hde"),
        ({"disks": (Disk("sdh", "/a", bus=DiskBus.SCSI),)}, "no place for sdh"),
        ({"disks": (Disk("cciss0", "/a", bus=DiskBus.SCSI),)}, "no place for cciss0"),
        ({"disks": (Disk("fdc", "/a", bus=DiskBus.FLOPPY),)}, "no place for fdc"),
        ({"disks": tuple(Disk(f"vd{letter}", "/a", bus=DiskBus.VIRTIO) for letter in "abcdefghijklmnopq")}, "vdq"),
        ({"disks": (Disk("hda", "/a", bus=DiskBus.IDE),) * 2}, "there is a disk hda already"),
        (
            {"disks": (Disk("hda", "/a", bus=DiskBus.IDE), Disk("xvda", "/b", cdrom=True))},
            "where hda is already",
        ),
        (
            {"disks": (Disk("hda", "gluster://h/v", DiskSource.NETWORK, bus=DiskBus.IDE),)},
            "of a kind that is not read here",
        ),
        ({"disks": (Disk("hda", source=DiskSource.EMPTY, bus=DiskBus.IDE),)}, "has no image"),
        ({"kind": Kind.PV}, "needs a kernel"),
    ],
)
def test_what_cannot_be_is_an_error_and_nothing_is_rendered(changes: dict[str, Any], words: str) -> None:
    meaning = explained(**changes)
    assert words in said(meaning, Severity.ERROR)
    assert meaning.rendered == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"display": Display(vga=VgaModel.CIRRUS, sdl=True)}, "sdl"),
        ({"display": Display(vga=VgaModel.CIRRUS, keymap="de")}, "keymap"),
        ({"cpu_weight": 512}, "cpu_weight=512"),
        ({"max_memory": 512}, "maxmem=512"),
        ({"disks": (Disk("xvda", "/a"),)}, "xvda is the virtio disk vda"),
        ({"disks": (Disk("hda", "/a", bus=DiskBus.IDE, script="block-x"),)}, "block-x"),
        ({"platform": Platform(serial=("file:/tmp/x",))}, "xm console"),
        ({"platform": Platform(viridian=True)}, "viridian"),
    ],
)
def test_what_is_translated_or_has_no_effect_is_noted(changes: dict[str, Any], words: str) -> None:
    meaning = explained(**changes)
    assert words in said(meaning, Severity.NOTE)
    assert meaning.rendered


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"platform": Platform(usb_devices=("disk:/x.img",))}, "disk:/x.img"),
        ({"platform": Platform(sound="gus")}, "gus"),
        ({"other": {"pci": ["01:00.0", "02:00.*"]}}, "several functions"),
        ({"boot": Boot(order="cx")}, "'x' is no boot device"),
    ],
)
def test_what_probably_means_something_else_is_warned_of(changes: dict[str, Any], words: str) -> None:
    assert words in said(explained(**changes), Severity.WARNING)


def test_old_hvm_guests_get_pc_and_all_others_q35() -> None:
    pv = DomainConfig("pv", Kind.PV, boot=Boot(kernel="/boot/vmlinuz"))
    assert "-machine pc," in explained().rendered
    assert "-machine q35," in explained(boot=Boot(firmware=Firmware.UEFI)).rendered
    assert "-machine q35," in explained(pv).rendered


def test_a_name_with_a_comma_stays_one_name() -> None:
    assert "-name guest=a,,debug-threads=on\n" in explained(name="a,debug-threads=on").rendered


def test_devices_keep_their_slots_when_others_come_and_go() -> None:
    disks = tuple(Disk(f"vd{letter}", f"/{letter}", bus=DiskBus.VIRTIO) for letter in "ab")
    alone = explained(disks=disks[:1]).rendered
    more = explained(disks=disks, vifs=(Vif(), Vif(item=1)), display=Display(vga=VgaModel.QXL)).rendered
    line = next(line for line in alone.splitlines() if '"vbd-vda"' in line)
    assert line in more.splitlines()
