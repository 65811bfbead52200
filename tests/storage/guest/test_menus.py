"""What menus of boot loaders mean, in the shape that distributions give them (files in the folder menus)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from xenia.storage.guest.blocks import Unreadable
from xenia.storage.guest.bls import read_entries
from xenia.storage.guest.extlinux import parse_extlinux
from xenia.storage.guest.grub2 import parse_environment, parse_grub2
from xenia.storage.guest.grub_legacy import parse_legacy
from xenia.storage.guest.menu import Entry, Menu

MENUS = Path(__file__).parent / "menus"

BLS = {
    "c0ffee-0-rescue": "title Fedora (0-rescue)\nversion 0-rescue-c0ffee\nlinux /vmlinuz-0-rescue\n",
    "c0ffee-6.5.6-300.fc39.x86_64": (
        "title Fedora Linux (6.5.6-300.fc39.x86_64) 39\n"
        "version 6.5.6-300.fc39.x86_64\n"
        "linux /vmlinuz-6.5.6-300.fc39.x86_64\n"
        "initrd /initramfs-6.5.6-300.fc39.x86_64.img $tuned_initrd\n"
        "options $kernelopts console=hvc0 $tuned_params\n"
        "grub_users $grub_users\n"
    ),
    "c0ffee-6.10.1-200.fc39.x86_64": (
        "title\tFedora Linux (6.10.1)\nversion 6.10.1-200.fc39.x86_64\nlinux\t/vmlinuz-6.10.1\noptions root=/dev/x\n"
    ),
    "no-kernel": "title Nothing\n",
}


def read(name: str) -> str:
    return (MENUS / name).read_text()


def grub2(text: str, environment: dict[str, str] | None = None, bls: dict[str, str] | None = None) -> Menu:
    return parse_grub2(text, environment or {}, lambda variables: read_entries(bls or {}, variables))


def first(menu: Menu, wanted: str | None = None) -> Entry:
    return menu.chosen(wanted)[0]


def test_debian_12() -> None:
    menu = grub2(read("debian-12.grub.cfg"))
    assert [entry.title for entry in menu.entries] == [
        "Debian GNU/Linux",
        "Debian GNU/Linux, with Linux 6.1.0-18-amd64",
        "Debian GNU/Linux, with Linux 6.1.0-18-amd64 (recovery mode)",
        "UEFI Firmware Settings",
    ]
    entry = first(menu)
    assert entry.kernel == "/boot/vmlinuz-6.1.0-18-amd64"
    assert entry.ramdisks == ("/boot/initrd.img-6.1.0-18-amd64",)
    assert entry.arguments == "root=UUID=1f0e1c4e-7d21-4cc5-9c0c-d1e0e1f5a001 ro quiet"
    assert entry.root == "UUID=1f0e1c4e-7d21-4cc5-9c0c-d1e0e1f5a001"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("0", "quiet"),
        ("2", "single"),
        ("Debian GNU/Linux, with Linux 6.1.0-18-amd64 (recovery mode)", "single"),
        ("gnulinux-6.1.0-18-amd64-recovery-1f0e1c4e-7d21-4cc5-9c0c-d1e0e1f5a001", "single"),
        ("1>1", "single"),
        ("Advanced options for Debian GNU/Linux>1", "single"),
    ],
)
def test_entries_are_named_by_number_title_id_or_way(wanted: str, said: str) -> None:
    assert first(grub2(read("debian-12.grub.cfg")), wanted).arguments.endswith(said)


@pytest.mark.parametrize("wanted", ["9", "99999999999999999999", "no such title", ""])
def test_an_entry_that_is_not_there_is_none(wanted: str) -> None:
    assert grub2(read("debian-12.grub.cfg")).chosen(wanted) == []


@pytest.mark.parametrize(
    ("saved", "version"),
    [
        ("", "91"),
        ("0", "91"),
        ("1>1", "89"),
        ("gnulinux-advanced-5b1c>gnulinux-5.15.0-89-generic-advanced-5b1c", "89"),
        ("Advanced options for Ubuntu>Ubuntu, with Linux 5.15.0-89-generic", "89"),
        ("1", "91"),
        ("7", "91"),
    ],
)
def test_ubuntu_boots_what_was_saved(saved: str, version: str) -> None:
    menu = grub2(read("ubuntu-22.04.grub.cfg"), {"saved_entry": saved})
    entry = first(menu)
    assert entry.kernel == f"/vmlinuz-5.15.0-{version}-generic"
    assert entry.arguments == "root=/dev/mapper/ubuntu--vg-ubuntu--lv ro quiet splash"


def test_an_entry_for_xen_gives_the_kernel_in_it() -> None:
    menu = grub2(read("debian-xen-host.grub.cfg"))
    entry = first(menu)
    assert (entry.kernel, entry.ramdisks) == ("/boot/vmlinuz-6.1", ("/boot/initrd.img-6.1",))
    assert (entry.arguments, entry.root) == ("root=/dev/sda2 ro", "LABEL=rootfs")
    plain = first(menu, "plain")
    assert plain.kernel == "(hd0,gpt2)/boot/vmlinuz-6.1"
    assert plain.ramdisks == ("(hd0,gpt2)/boot/intel-ucode.img", "(hd0,gpt2)/boot/initrd.img-6.1")
    assert plain.arguments == 'root=/dev/sda2 "dyndbg=file a.c +p" ro'


def test_fedora_lists_the_entries_of_loader() -> None:
    menu = grub2(read("fedora-39.grub.cfg"), parse_environment(read("fedora-39.grubenv")), BLS)
    assert [entry.trail[0].id for entry in menu.entries] == [
        "c0ffee-6.10.1-200.fc39.x86_64", "c0ffee-6.5.6-300.fc39.x86_64", "c0ffee-0-rescue",
    ]  # fmt: skip
    entry = first(menu)
    assert entry.kernel == "/vmlinuz-6.5.6-300.fc39.x86_64"
    assert entry.ramdisks == ("/initramfs-6.5.6-300.fc39.x86_64.img",)
    assert entry.arguments == "root=/dev/mapper/fedora-root ro rhgb quiet console=hvc0"
    assert first(grub2(read("fedora-39.grub.cfg"), {}, BLS)).kernel == "/vmlinuz-6.10.1"


def test_centos_5() -> None:
    menu = parse_legacy(read("centos-5.grub.conf"))
    entry, fallback, zero = menu.chosen(None)
    assert (entry.title, entry.kernel) == ("CentOS (3.10 el5)", "(hd0,0)/vmlinuz-3.10")
    assert (entry.root, entry.legacy) == ("hd0,0", True)
    assert (fallback.kernel, fallback.ramdisks) == (
        "/vmlinuz-2.6.18-398.el5xen",
        ("/initrd-2.6.18-398.el5xen.img",),
    )
    assert fallback.arguments == "ro root=/dev/VolGroup00/LogVol00"
    assert zero.arguments.endswith("console=xvc0")
    assert first(menu, "Other").kernel == ""


def test_grub_legacy_boots_what_was_saved() -> None:
    text = "default saved\ntitle a\nkernel /a\ntitle b\nkernel /b x=1 y\n"
    assert first(parse_legacy(text, "1")).kernel == "/b"
    assert first(parse_legacy(text, "")).kernel == "/a"


def test_alpine() -> None:
    menu = parse_extlinux(read("alpine.extlinux.conf"), "/boot")
    entry = first(menu)
    assert (entry.title, entry.kernel) == ("Linux virt", "/boot/vmlinuz-virt")
    assert entry.ramdisks == ("/boot/initramfs-virt",)
    assert entry.arguments == "root=UUID=59d3 modules=sd-mod,usb-storage,ext4 quiet rootfstype=ext4"
    assert first(menu, "lts").kernel == "/boot/vmlinuz-lts"


def test_syslinux() -> None:
    menu = parse_extlinux(read("syslinux.cfg"), "/")
    assert first(menu).ramdisks == ("/boot/initrd.img", "/boot/more.img")
    assert first(menu).arguments == "root=/dev/xvda1 ro"
    xen = first(menu, "xen")
    assert (xen.kernel, xen.arguments, xen.ramdisks) == ("/boot/vmlinuz-xen", "root=/dev/xvda1", ("/boot/initrd-xen",))
    assert first(menu, "local").kernel == ""


def test_quotes_and_variables_of_grub() -> None:
    text = 'a=\'x y\'\nset b="$a-${a}\\"" # remark\n'
    text += 'menuentry "T $b" { linux /k one\\ word "$b" $a $none z#y; initrd /i }\n'
    entry = first(grub2(text))
    assert entry.title == 'T x y-x y"'
    assert entry.arguments == '"one word" "x y-x y"" x y z#y'
    assert entry.ramdisks == ("/i",)


@pytest.mark.parametrize(
    "bomb",
    [
        "a=xxxxxxxx\n" + "a=$a$a$a$a\n" * 40,
        "submenu x {\n" * 50,
        "menuentry '" + "x" * 100_000,
        "x;" * 100_000,
        "menuentry x { linux /k " + "$a" * 100_000 + " }",
        "{" * 100_000 + "}" * 100_000,
        'a="' + '\\"' * 200_000,
        "menuentry a {}\n" * 5_000,
    ],
)
def test_bombs_are_bounded(bomb: str) -> None:
    with suppress(Unreadable):
        assert len(grub2(bomb).entries) <= 500
