from __future__ import annotations

import pytest

from xenia.engines.qemu.command_line import LENGTH_LIMIT, CommandLine, qemu_command_line
from xenia.engines.qemu.disk_names import qemu_disk_names
from xenia.model.boot import Boot
from xenia.model.disk import Disk, DiskBus, DiskSource
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, XeniaError

_BUSES = {"h": DiskBus.IDE, "s": DiskBus.SCSI, "x": DiskBus.XEN, "v": DiskBus.VIRTIO, "f": DiskBus.FLOPPY}


def guest(targets: str = "xvda", kind: Kind = Kind.PV, **boot: str) -> DomainConfig:
    disks = tuple(
        Disk(target.rstrip("!"), "/x", bus=_BUSES[target[0]], cdrom=target.endswith("!"), item=item)
        for item, target in enumerate(targets.split())
    )
    return DomainConfig("guest", kind=kind, disks=disks, boot=Boot(kernel="/k", **boot))


def of_file(config: DomainConfig) -> CommandLine:
    return qemu_command_line(config, config.boot.command_line)


@pytest.mark.parametrize(
    ("targets", "root", "expected"),
    [
        ("hda", "/dev/hda2 ro", "/dev/vda2 ro"),
        ("sda", "/dev/sda1", "/dev/vda1"),
        ("xvda", "/dev/xvda", "/dev/vda"),
        ("xvda xvdb", "/dev/xvdb1", "/dev/vdb1"),
        ("xvda1 xvda2 xvda3", "/dev/xvda2", "/dev/vdb"),
        ("xvda2 xvda1", "/dev/xvda2 ro", "/dev/vda ro"),
        ("hda1 hda2", "/dev/xvda2", "/dev/vdb"),
        ("hda", "/dev/xvda2", "/dev/vda2"),
        ("xvda", "/dev/sda1", "/dev/vda1"),
        ("xvdb xvda", "/dev/xvda1", "/dev/vdb1"),
        ("vda", "/dev/vda1", "/dev/vda1"),
        ("xvda", "/dev/ram ro", "/dev/ram ro"),
        ("xvda", "UUID=0a-1b ro", "UUID=0a-1b ro"),
        ("xvda", "/dev/mapper/vg-root", "/dev/mapper/vg-root"),
        ("xvda", "/dev/disk/by-label/sda1", "/dev/disk/by-label/sda1"),
        ("xvda", "/dev/sda1/x", "/dev/sda1/x"),
    ],
)
def test_root_gets_the_name_that_the_disk_has_on_qemu(targets: str, root: str, expected: str) -> None:
    line = of_file(guest(targets, root=root, extra="console=hvc0"))
    assert line.text == f"root={expected} console=hvc0"
    assert bool(line.notes) == (root != expected)


def test_each_change_is_said() -> None:
    line = of_file(guest("hda hdb", root="/dev/hda2", extra="resume=/dev/hdb1"))
    assert line.text.startswith("root=/dev/vda2 resume=/dev/vdb1 ")
    assert line.notes[0] == "root=/dev/hda2 becomes root=/dev/vda2: on QEMU the guest's disk hda is called vda"
    assert "resume=/dev/hdb1" in line.notes[1]


def test_a_root_that_is_no_disk_of_the_guest_is_left_and_said() -> None:
    line = of_file(guest("xvda", root="/dev/sdb1"))
    assert line.text.startswith("root=/dev/sdb1 ")
    assert line.notes[0] == "root=/dev/sdb1 names none of the guest's disks"


def test_an_hvm_guest_keeps_its_names_and_its_console() -> None:
    line = of_file(guest("hda", Kind.HVM, root="/dev/hda1", extra="quiet"))
    assert (line.text, line.notes) == ("root=/dev/hda1 quiet", ())


def test_the_order_of_xm_is_kept() -> None:
    line = of_file(guest(ip="1.2.3.4", root="/dev/nfs", extra="4 xencons=tty"))
    assert line.text == "ip=1.2.3.4 root=/dev/nfs 4 xencons=tty console=ttyS0 console=hvc0"


@pytest.mark.parametrize("extra", ["console=hvc0", "console=ttyS0,115200", "quiet console=tty0 4"])
def test_a_named_console_is_left_as_it_is(extra: str) -> None:
    assert of_file(guest(extra=extra)).text == extra


def test_the_console_of_old_xen_kernels_is_hvc0() -> None:
    line = of_file(guest(extra="a console=xvc0 b"))
    assert line.text == "a console=hvc0 b"
    assert line.notes


def test_what_linux_would_cut_off_is_refused() -> None:
    fits = "x" * (LENGTH_LIMIT - len(" console=hvc0")) + " console=hvc0"
    assert of_file(guest(extra=fits)).text == fits
    with pytest.raises(XeniaError) as caught:
        of_file(guest(extra="x" + fits))
    assert caught.value.kind is ErrorKind.INVALID


def test_disks_of_paravirtual_guests_are_numbered_in_list_order() -> None:
    assert qemu_disk_names(guest("sda hdb xvda1 xvdc!")) == {"sda": "vda", "hdb": "vdb", "xvda1": "vdc", "xvdc": "vdd"}


def test_only_virtio_disks_of_hvm_guests_change_their_names() -> None:
    names = qemu_disk_names(guest("hda xvdb hdc! sda vda fda", Kind.HVM))
    assert names == {"hda": "hda", "xvdb": "vda", "hdc": "hdc", "sda": "sda", "vda": "vdb", "fda": "fda"}


def test_an_empty_drive_of_a_paravirtual_guest_is_no_virtio_disk() -> None:
    config = DomainConfig("g", disks=(Disk("xvdc", source=DiskSource.EMPTY, cdrom=True), Disk("xvda", "/x")))
    assert qemu_disk_names(config) == {"xvdc": "sr0", "xvda": "vda"}


def test_letters_go_on_after_z() -> None:
    config = DomainConfig("g", disks=tuple(Disk(f"t{number}", "/x") for number in range(28)))
    assert [qemu_disk_names(config)[f"t{number}"] for number in (25, 26, 27)] == ["vdz", "vdaa", "vdab"]
