"""Configurations in the words of xl, of xm and of libvirt: what is written means the same, and what is lost is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.libxlutil import LIBRARY, needs_library

from xenia.guestfile.convert.written import Written
from xenia.guestfile.convert.xl import to_xl
from xenia.guestfile.convert.xm import to_xm
from xenia.guestfile.libvirt.read import read_libvirt
from xenia.guestfile.libvirt.write import to_libvirt
from xenia.guestfile.read import read
from xenia.guestfile.write import settings_of, write
from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, EndAction, Kind, Platform, Policy
from xenia.model.errors import XeniaError
from xenia.model.vif import Vif, VifType

WORDS = st.from_regex(r"[a-zA-Z0-9_.-]{1,12}", fullmatch=True)
PATHS = st.from_regex(r"/[ -~äß€]{0,20}[a-z]", fullmatch=True).filter(lambda path: "//" not in path)
LINES = st.from_regex(r"[!-~ä]([ -~ä]{0,30}[!-~ä])?", fullmatch=True)
MACS = st.from_regex(r"00:16:3e(:[0-9a-f]{2}){3}", fullmatch=True)
ACTIONS = st.sampled_from([EndAction.DESTROY, EndAction.RESTART, EndAction.PRESERVE, EndAction.RENAME_RESTART])


def _disk(target: tuple[str, DiskBus], path: str, format: DiskFormat, mode: DiskMode, block: bool) -> Disk:
    if block:
        return Disk(target[0], f"/dev{path}", DiskSource.BLOCK, bus=target[1], mode=mode)
    source = DiskSource.BLOCK if path.startswith("/dev/") else DiskSource.FILE
    return Disk(target[0], path, source, format, target[1], mode)


TARGETS = [
    ("hda", DiskBus.IDE), ("sda", DiskBus.SCSI), ("xvda", DiskBus.XEN), ("xvdb1", DiskBus.XEN), ("vda", DiskBus.VIRTIO),
]  # fmt: skip
DISKS = st.builds(
    _disk,
    st.sampled_from(TARGETS),
    PATHS,
    st.sampled_from([DiskFormat.RAW, DiskFormat.QCOW2, DiskFormat.VHD]),
    st.sampled_from(list(DiskMode)),
    st.booleans(),
)
CDROMS = st.one_of(
    st.just(Disk("hdc", "", DiskSource.EMPTY, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True)),
    PATHS.filter(lambda path: not path.startswith("/dev/")).map(
        lambda path: Disk("hdc", path, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True)
    ),
)
ALL_DISKS = st.tuples(
    st.lists(DISKS, max_size=3, unique_by=lambda disk: disk.target), st.lists(CDROMS, max_size=1)
).map(lambda lists: tuple(replace(disk, item=number) for number, disk in enumerate(lists[0] + lists[1])))


def _vifs(kind: Kind) -> st.SearchStrategy[tuple[Vif, ...]]:
    vif = st.builds(
        Vif,
        type=st.sampled_from(list(VifType) if kind is Kind.HVM else [VifType.PARAVIRTUAL]),
        mac=MACS,
        bridge=st.none() | st.sampled_from(["xenbr0", "br1"]),
        model=st.none() | st.sampled_from(["e1000", "rtl8139"]),
        ip=st.sampled_from([(), ("192.0.2.1",), ("192.0.2.1", "192.0.2.2")]),
        vifname=st.none() | st.just("net0"),
        rate=st.none() | st.sampled_from(["10MB/s", "512KB/s"]),
    )
    cards = st.lists(vif, max_size=2, unique_by=lambda vif: vif.mac)
    return cards.map(lambda vifs: tuple(map(_placed, range(len(vifs)), vifs)))


def _placed(number: int, vif: Vif) -> Vif:
    return replace(vif, item=number, vifname=vif.vifname and f"{vif.vifname[:-1]}{number}")


def _display(kind: Kind) -> st.SearchStrategy[Display]:
    cards = [VgaModel.CIRRUS, VgaModel.STANDARD] if kind is Kind.HVM else [VgaModel.NONE]
    shown = st.builds(
        Display,
        vga=st.sampled_from(cards),
        vnc=st.just(True),
        vnc_listen=st.none() | st.just("127.0.0.1"),
        vnc_display=st.none() | st.integers(0, 99),
        vnc_unused=st.just(True),
        vnc_password=st.none() | WORDS,
        keymap=st.none() | st.just("de"),
    )
    return shown | st.builds(Display, vga=st.sampled_from(cards))


def _boot(kind: Kind) -> st.SearchStrategy[Boot]:
    if kind is Kind.HVM:
        return st.builds(Boot, order=st.sampled_from(["cd", "d", "nc"]))
    kernel = st.builds(Boot, kernel=PATHS, ramdisk=st.none() | PATHS, extra=st.none() | LINES)
    return kernel | st.builds(Boot, bootloader=st.just("pygrub"), bootargs=st.none() | LINES, extra=st.none() | LINES)


def _config(kind: Kind) -> st.SearchStrategy[DomainConfig]:
    memory = st.integers(4, 4096)
    more = st.none() | st.integers(4097, 9000)
    return st.builds(
        DomainConfig,
        name=st.from_regex(r"[a-z][a-z0-9_.-]{0,10}", fullmatch=True).filter(
            lambda name: name not in ("save", "dump", "auto", "images")
        ),
        kind=st.just(kind),
        uuid=st.none() | st.uuids(version=4).map(str),
        memory=memory,
        max_memory=more,
        vcpus=st.integers(1, 8),
        max_vcpus=st.none() | st.integers(9, 16),
        cpus=st.none() | st.just("0-3,^1"),
        boot=_boot(kind),
        disks=ALL_DISKS,
        vifs=_vifs(kind),
        display=_display(kind),
        policy=st.builds(Policy, ACTIONS, ACTIONS, ACTIONS),
        platform=_platform(kind),
    )


def _platform(kind: Kind) -> st.SearchStrategy[Platform]:
    if kind is not Kind.HVM:
        return st.builds(Platform, localtime=st.booleans())
    return st.builds(
        Platform,
        acpi=st.booleans(),
        apic=st.booleans(),
        pae=st.booleans(),
        localtime=st.booleans(),
        rtc_timeoffset=st.integers(-3600, 3600),
        usb=st.just(True),
        usb_devices=st.sampled_from([(), ("tablet",), ("tablet", "mouse")]),
        sound=st.none() | st.just("ac97"),
        serial=st.sampled_from([(), ("pty",)]),
    )


PROPERTY = settings(max_examples=60)
CONFIGS = st.sampled_from(list(Kind)).flatmap(_config)
CONFIGS |= CONFIGS.map(lambda config: replace(config, cpus=None, vcpu_pins=("2", "3-5,^4", "0")[: config.vcpus]))


@PROPERTY
@given(CONFIGS)
def test_a_guest_file_reads_back(config: DomainConfig) -> None:
    reading = read(write(config), file="x.cfg")
    assert reading.config == config, reading.complaints


@PROPERTY
@given(CONFIGS)
def test_a_file_for_xl_reads_back_and_loses_nothing_but_sharing(config: DomainConfig) -> None:
    written = to_xl(config)
    shared = [disk for disk in config.disks if disk.mode is DiskMode.SHARED]
    assert len(written.lost) == len(shared)
    alone = tuple(replace(disk, mode=DiskMode.WRITE) if disk in shared else disk for disk in config.disks)
    assert read(written.text, file="x.cfg").config == replace(config, disks=alone)


@needs_library
@PROPERTY
@given(CONFIGS)
def test_xl_reads_in_it_what_was_written(config: DomainConfig) -> None:
    assert LIBRARY is not None
    wanted = settings_of(config) | ({"disk": _disks_of(to_xl(config).text)} if config.disks else {})
    found = LIBRARY.read(to_xl(config).text, list(wanted))
    texts = {name: str(value) if isinstance(value, str | int) else list(value) for name, value in wanted.items()}
    assert found == texts
    for disk, item in zip(config.disks, texts["disk"], strict=True):
        seen = LIBRARY.disk(item)
        assert (seen["vdev"], seen["path"] or "") == (disk.target, disk.path)


def _disks_of(text: str) -> list[str]:
    items: list[str] = read(text, file="x.cfg").values["disk"]
    return items


@PROPERTY
@given(CONFIGS)
def test_a_file_for_xm_reads_back_unless_something_is_lost(config: DomainConfig) -> None:
    written = to_xm(config)
    again = read(written.text, file="x.cfg").config
    if config.kind is Kind.PVH:
        assert written.lost[0].startswith("type = 'pvh'")
        config = replace(config, kind=Kind.PV)
    kept = tuple(disk for disk in config.disks if "," not in disk.path)
    assert len(written.lost) == (len(config.disks) - len(kept)) + ("pvh" in str(written.lost[:1]))
    kept = tuple(replace(disk, item=number) for number, disk in enumerate(kept))
    assert again == replace(config, disks=kept)


@PROPERTY
@given(CONFIGS)
def test_python_itself_reads_a_file_for_xm_as_we_do(config: DomainConfig) -> None:
    text = to_xm(config).text
    values: dict[str, Any] = {}
    exec(compile(text, "x.cfg", "exec"), {}, values)  # noqa: S102  # what xm did with it
    assert values == read(text, file="x.cfg").values


@PROPERTY
@given(CONFIGS)
def test_xml_reads_back(config: DomainConfig) -> None:
    written = to_libvirt(config)
    assert written.lost == ()
    again = read_libvirt(written.text, file="x.xml")
    assert again.config == _as_xml_has_it(config), (written.text, again.complaints)
    assert not [complaint for complaint in again.complaints if "lost" in complaint.message]


def _as_xml_has_it(config: DomainConfig) -> DomainConfig:
    """In XML rates are in KiB a second, and a paravirtual card with the model of an emulated one is that one."""
    rates = {"10MB/s": "10240KB/s"}
    return replace(
        config,
        vifs=tuple(
            replace(
                vif,
                rate=rates.get(vif.rate or "", vif.rate),
                type=VifType.EMULATED if config.kind is Kind.HVM and vif.model else vif.type,
            )
            for vif in config.vifs
        ),
    )


HVM = DomainConfig("a", Kind.HVM, display=Display(VgaModel.CIRRUS))


def _cdrom(target: str) -> Disk:
    return Disk(target, "/a.iso", bus=DiskBus.SCSI, mode=DiskMode.READ_ONLY, cdrom=True)


@pytest.mark.parametrize("to", [to_xl, to_libvirt])
@pytest.mark.parametrize(("kind", "drives"), [(Kind.HVM, ["hdd", "hdb", "hda"]), (Kind.PV, ["xvda", "xvdb", "xvdc"])])
def test_numbered_cdroms_get_letters_where_a_tool_has_no_numbers(
    to: Callable[[DomainConfig], Written], kind: Kind, drives: list[str]
) -> None:
    disks = (_cdrom("sr1"), Disk("hdc", "/c", bus=DiskBus.IDE), _cdrom("scd0"), _cdrom("scd12"))
    written = to(DomainConfig("a", kind, boot=Boot(kernel="/k"), disks=disks))
    read_again = read_libvirt if to is to_libvirt else read
    config = read_again(written.text, file="x").config
    assert config is not None
    assert [disk.target for disk in config.disks] == [drives[1], "hdc", drives[0], drives[2]]
    assert [line.partition(":")[0] for line in written.lost] == [
        "the target scd0",
        "the target sr1",
        "the target scd12",
    ]


@pytest.mark.parametrize("to", [to_xl, to_libvirt])
def test_a_numbered_cdrom_without_a_free_drive_is_lost(to: Callable[[DomainConfig], Written]) -> None:
    disks = tuple(Disk(f"hd{letter}", f"/{letter}", bus=DiskBus.IDE) for letter in "abcd")
    written = to(replace(HVM, disks=(*disks, _cdrom("sr0"))))
    assert written.lost == ("the CD-ROM sr0: such drives have letters there, and all of them are taken",)
    assert "sr0" not in written.text


@pytest.mark.parametrize("to", [to_xm, to_libvirt])
def test_cpus_without_numbers_are_lost_where_xl_alone_can_say_them(to: Callable[[DomainConfig], Written]) -> None:
    written = to(replace(HVM, vcpus=2, vcpu_pins=("nodes:1", "2")))
    assert [line for line in written.lost if "nodes:1" in line and "by their numbers only" in line]
    assert "nodes" not in written.text
    written = to(replace(HVM, cpus="all,^0"))
    assert [line.partition(":")[0] for line in written.lost] == ["cpus = 'all,^0'"]
    assert "all," not in written.text


@pytest.mark.parametrize(
    ("config", "lost"),
    [
        (replace(HVM, boot=Boot(firmware=Firmware.UEFI)), "UEFI: xm's guests boot by BIOS only"),
        (replace(HVM, display=Display(VgaModel.QXL, vnc=True)), "vga = 'qxl': xm has cirrus and standard VGA cards"),
        (replace(HVM, vifs=(Vif(gateway="192.0.2.1"),)), "gateway=192.0.2.1 of vif[0]: xm has no word for it"),
        (replace(HVM, other={"ms_vm_genid": "generate"}), "ms_vm_genid = 'generate': only xl knows this key"),
        (replace(HVM, disks=(Disk("hda", "/a,b"),)), "the disk hda (/a,b): xm cannot write a path with a comma"),
        (replace(HVM, disks=(Disk("hda", "/a", script="mine"),)), "the disk hda (/a): xm cannot name its script mine"),
    ],
)
def test_what_xm_has_no_word_for_is_told(config: DomainConfig, lost: str) -> None:
    assert to_xm(config).lost == (lost,)


def test_what_xl_has_no_word_for_is_told() -> None:
    floppy = Disk("fda", "/dos.img", bus=DiskBus.FLOPPY)
    vmware = Disk("hda", "/a.vmdk", format=DiskFormat.VMDK, bus=DiskBus.IDE)
    written = to_xl(replace(HVM, disks=(floppy, vmware), other={"isa": 1, "hap": 0, "cpuid": {"a": 1}}))
    assert written.lost == (
        "the disk fda (/dos.img): xl has no floppy drives",
        "the disk hda (/a.vmdk): xl does not know the format vmdk",
        "isa = 1: only xm knows this key",
        "cpuid = {'a': 1}: such a value cannot be written",
    )
    assert "hap      = 0" in written.text


@pytest.mark.parametrize(
    ("config", "lost"),
    [
        (replace(HVM, cpu_weight=512), "cpu_weight = 512: libvirt sets it on a running domain only (virsh schedinfo)"),
        (replace(HVM, other={"nx": 0}), "nx = 0: libvirt has no word for it"),
        (replace(HVM, other={"pci": ["gpu"]}), "pci = 'gpu': it names no device by its BDF"),
        (replace(HVM, vifs=(Vif(rate="1b/s"),)), "rate=1b/s of vif[0]: libvirt has whole KiB a second"),
        (
            replace(HVM, disks=(Disk("hda", "nbd:1.2.3.4:10809", DiskSource.NETWORK),)),
            "the disk hda (nbd:1.2.3.4:10809): its source on the network is not converted",
        ),
        (
            replace(HVM, platform=Platform(serial=("msmouse",))),
            "serial = 'msmouse': libvirt has no word for it",
        ),
    ],
)
def test_what_libvirt_has_no_word_for_is_told(config: DomainConfig, lost: str) -> None:
    assert to_libvirt(config).lost == (lost,)


def test_the_kernels_address_of_xm_goes_to_the_command_line() -> None:
    boot = Boot(kernel="/k", root="/dev/xvda1", extra="ro", ip="192.0.2.7:1.2.3.4::::eth0:off")
    for written in (to_xl(DomainConfig("a", boot=boot)), to_xm(DomainConfig("a", boot=boot))):
        config = read(written.text, file="x.cfg").config
        assert config is not None
        assert sorted(config.boot.command_line.split()) == sorted(boot.command_line.split())


def test_characters_that_a_form_cannot_hold_are_refused() -> None:
    wrong = replace(HVM, name="a\x1bb")
    for write_form in (to_xl, to_xm, to_libvirt):
        with pytest.raises(XeniaError, match=r"control characters|XML cannot hold"):
            write_form(wrong)
