"""The listings of "Xen for UCS" (Univention, 2009), as they stand there: each works, or the complaint has the cure."""

from __future__ import annotations

from xenia.guestfile.read import read
from xenia.model.boot import Boot
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskBus, DiskMode
from xenia.model.domain import DomainConfig
from xenia.model.vif import Vif, VifType

HVM = "name = 'winxp'\nbuilder = 'hvm'\nmemory = 512\n"
PV = "name = 'ucs'\nkernel = '/boot/vmlinuz'\nmemory = 512\n"

DISK_OF_WINXP = """\
disk = [ 'file:/var/lib/xen/winxp/hdimage,hda,w',  
        'file:/var/lib/xen/winxp/winxp.iso,ioemu:hdc:cdrom,r' ]
"""
TWO_CARDS = "vif = [ 'type=ioemu', 'mac =00:16:3E:27:1F:A6' ]\n"
ONE_CARD = "vif = [ 'mac =00:16:3E:27:1F:A6' ]\n"
INSTALLATION = """\
# /etc/xen/ucs-master-installation.cfg
name = 'ucs-master'
kernel = "/boot/vmlinuz-2.6.18-ucs105-xen-686"
memory = 512
vcpus = 1
disk = [ 'file:/var/lib/xen/ucs-master/disk,hda,w',
         'file:/var/lib/xen/ucs-master/ucs_2.3-0-*-dvd-amd65.iso,scd0,r' ]
vif = [ 'type=ioemu', 'mac=00:16:3E:27:1F:FF' ]
boot = 'c'
ramdisk='RAMDISK'
root='/dev/ram ro'
extra='xencons=tty vt.default_utf8=0 ramdisk_size=204800 flavor=linux
      text forceascii'
"""
OPERATION = """\
# /etc/xen/ucs-master.cfg
name = 'ucs-master'
kernel = "/boot/vmlinuz-2.6.18-ucs105-xen-686"
memory = 512
vcpus = 1
disk = [ 'file:/var/lib/xen/ucs-master/disk,hda,w' ]
vif = [ 'type=ioemu', 'mac=00:16:3E:27:1F:FF' ]
boot = 'd'
root = "/dev/hda2 ro"
extra='xencons=tty'
"""


def config(text: str) -> DomainConfig:
    reading = read(text, file="x.cfg")
    assert reading.config is not None, reading.complaints
    return reading.config


def complaints(text: str, severity: Severity) -> list[tuple[int, int, str, str | None]]:
    found = read(text, file="x.cfg").complaints
    return [(each.line, each.column, each.message, each.hint) for each in found if each.severity is severity]


def test_the_disks_of_an_unmodified_guest() -> None:
    assert config(HVM + DISK_OF_WINXP).disks == (
        Disk("hda", "/var/lib/xen/winxp/hdimage", bus=DiskBus.IDE),
        Disk("hdc", "/var/lib/xen/winxp/winxp.iso", bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True, item=1),
    )


def test_the_card_of_an_unmodified_guest_is_two_and_its_author_is_told() -> None:
    assert config(HVM + TWO_CARDS).vifs == (Vif(), Vif(mac="00:16:3e:27:1f:a6", item=1))
    ((line, column, message, hint),) = complaints(HVM + TWO_CARDS, Severity.WARNING)
    assert (line, column, hint) == (4, 9, "vif = [ 'type=ioemu, mac=00:16:3E:27:1F:A6' ]")
    assert message == "two cards: did you mean one string? These are two items of the list"


def test_the_card_with_a_blank_in_it() -> None:
    assert config(PV + ONE_CARD).vifs == (Vif(VifType.PARAVIRTUAL, "00:16:3e:27:1f:a6"),)


def test_the_installation_breaks_a_text_over_two_lines_and_the_complaint_says_so() -> None:
    assert complaints(INSTALLATION, Severity.ERROR) == [
        (12, 7, "the text that begins here is not closed: a ' is missing",
         "it goes on in the next line: make one line of the two")
    ]  # fmt: skip


def test_the_installation_as_it_was_meant() -> None:
    text = INSTALLATION.replace("flavor=linux\n      text", "flavor=linux text")
    found = config(text)
    assert found.boot == Boot(
        order="c",
        kernel="/boot/vmlinuz-2.6.18-ucs105-xen-686",
        ramdisk="RAMDISK",
        root="/dev/ram ro",
        extra="xencons=tty vt.default_utf8=0 ramdisk_size=204800 flavor=linux text forceascii",
    )
    assert found.boot.command_line.startswith("root=/dev/ram ro xencons=tty")
    cdrom = found.disks[1]
    assert (cdrom.target, cdrom.cdrom, cdrom.mode) == ("scd0", True, DiskMode.READ_ONLY)
    glob, cards = (message for *_, message, _ in complaints(text, Severity.WARNING))
    assert glob.startswith("/var/lib/xen/ucs-master/ucs_2.3-0-*-dvd-amd65.iso has a * in it")
    assert cards.startswith("two cards")


def test_the_operation() -> None:
    found = config(OPERATION)
    assert (found.boot.order, found.boot.command_line) == ("d", "root=/dev/hda2 ro xencons=tty")
    assert len(found.vifs) == 2


def test_vnc_with_a_password_and_a_window_instead() -> None:
    vnc = config(HVM + 'vnc = 1\nvncpasswd="secret"\n').display
    assert (vnc.vnc, vnc.vnc_password, vnc.sdl) == (True, "secret", False)
    window = config(HVM + "sdl = 1\nvnc = 0\n").display
    assert (window.vnc, window.sdl) == (False, True)
