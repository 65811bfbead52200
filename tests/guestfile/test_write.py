"""A configuration written as a guest file reads back as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.guestfile.read import read
from xenia.guestfile.write import write
from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, EndAction, Kind, Platform, Policy
from xenia.model.errors import XeniaError
from xenia.model.start_order import StartOrder
from xenia.model.vif import Vif, VifType

PV = DomainConfig(
    "mail",
    uuid="00000000-0000-4000-8000-000000000001",
    memory=512,
    max_memory=1024,
    vcpus=2,
    max_vcpus=4,
    boot=Boot(kernel="/boot/vmlinuz", ramdisk="/boot/initrd", extra='root=/dev/xvda1 ro quote="x y"'),
    disks=(
        Disk("xvda", "/var/lib/xen/a,b.img", item=0),
        Disk("xvdb", "/var/lib/xen/b.qcow2", format=DiskFormat.QCOW2, mode=DiskMode.READ_ONLY, item=1),
        Disk("xvdc", "/dev/vg/c", source=DiskSource.BLOCK, mode=DiskMode.SHARED, item=2),
    ),
    vifs=(Vif(VifType.PARAVIRTUAL, "00:16:3e:00:00:01", "xenbr0", ip=("192.0.2.1", "192.0.2.2"), rate="1MB/s"),),
    display=Display(vnc=True, vnc_listen="127.0.0.1", vnc_display=7, rdp=True),
    policy=Policy(EndAction.PRESERVE, EndAction.DESTROY, EndAction.COREDUMP_RESTART),
    order=StartOrder(("db", "dns"), 10, 120),
)

HVM = DomainConfig(
    "winxp",
    kind=Kind.HVM,
    memory=256,
    boot=Boot("dc", Firmware.UEFI),
    disks=(
        Disk("hda", "/var/lib/xen/winxp/disk", bus=DiskBus.IDE, item=0),
        Disk("hdc", "", source=DiskSource.EMPTY, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True, item=1),
    ),
    vifs=(Vif(VifType.EMULATED, model="e1000"), Vif(VifType.PARAVIRTUAL, item=1)),
    display=Display(VgaModel.STANDARD, video_ram=16, vnc=True, vnc_password="s3cret", keymap="de", rdp=True),
    platform=Platform(
        acpi=False, viridian=True, localtime=True, usb=True, usb_devices=("tablet",), sound="ac97", serial=("pty",)
    ),
    other={"viridian": 1, "hap": 0},
)


@pytest.mark.parametrize("config", [PV, HVM, replace(PV, kind=Kind.PVH)], ids=lambda config: f"{config.kind}")
def test_it_reads_back_as_it_was(config: DomainConfig) -> None:
    reading = read(write(config, heading="Written by a test."), file="x.cfg")
    assert reading.config == config, reading.complaints


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_any_printable_command_line_reads_back(text: str) -> None:
    config = replace(PV, boot=replace(PV.boot, extra=text))
    try:
        written = write(config)
    except XeniaError:
        return
    reading = read(written, file="x.cfg")
    assert reading.config is not None
    assert reading.config.boot.extra == text


def test_lists_in_lists_and_numbers_below_nought_are_written() -> None:
    other = {"vnuma": [["pnode=0", "size=512"], ["pnode=1", "size=512"]], "irqs": [10, 11], "cpuid": ["a", "b"]}
    reading = read(write(replace(HVM, other=other, platform=Platform(rtc_timeoffset=-5))), file="x.cfg")
    assert reading.config is not None
    assert reading.config.other == other
    assert reading.config.platform.rtc_timeoffset == -5


def test_a_comma_that_would_begin_another_word_is_refused() -> None:
    with pytest.raises(XeniaError, match="a comma there begins the next word"):
        write(replace(PV, vifs=(Vif(script="/a,b"),)))


def test_control_characters_are_refused() -> None:
    with pytest.raises(XeniaError, match="control characters"):
        write(replace(PV, boot=replace(PV.boot, extra="a\nmemory = 1")))
