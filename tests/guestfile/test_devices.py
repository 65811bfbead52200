"""Items of disk and vif, vfb and the keys of a display, boot and the domain's own keys."""

from __future__ import annotations

from typing import Any

import pytest

from xenia.guestfile.read import read
from xenia.model.boot import Boot, Firmware
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, EndAction, Kind, Policy
from xenia.model.reading import Reading
from xenia.model.vif import Vif, VifType, Way

PV = "name='x'; kernel='/k'; memory=64\n"
HVM = "name='x'; builder='hvm'; memory=64\n"


def config(text: str, *overrides: str) -> DomainConfig:
    reading = read(text, file="x", overrides=overrides)
    assert reading.config is not None, reading.complaints
    return reading.config


def errors(text: str, *overrides: str) -> list[str]:
    return [str(each.message) for each in _complaints(read(text, file="x", overrides=overrides), "error")]


def warnings(text: str) -> list[str]:
    return [str(each.message) for each in _complaints(read(text, file="x"), "warning")]


def _complaints(reading: Reading, severity: str) -> list[Any]:
    return [each for each in reading.complaints if each.severity == severity]


FILE, BLOCK, NETWORK, EMPTY = DiskSource.FILE, DiskSource.BLOCK, DiskSource.NETWORK, DiskSource.EMPTY
RAW, QCOW2 = DiskFormat.RAW, DiskFormat.QCOW2
R, W, SHARED = DiskMode.READ_ONLY, DiskMode.WRITE, DiskMode.SHARED


@pytest.mark.parametrize(
    ("item", "disk"),
    [
        ("phy:vg/root,xvda,w", Disk("xvda", "vg/root", BLOCK, RAW, DiskBus.XEN, W)),
        ("phy:/dev/sda7,/dev/xvda1,r", Disk("xvda1", "/dev/sda7", BLOCK, RAW, DiskBus.XEN, R)),
        ("file:/x,hda,w!", Disk("hda", "/x", FILE, RAW, DiskBus.IDE, SHARED)),
        ("file:///a/x , sda , rw", Disk("sda", "/a/x", FILE, RAW, DiskBus.SCSI, W)),
        ("file:/x,ioemu:hda,w", Disk("hda", "/x", FILE, RAW, DiskBus.IDE, W)),
        ("file:/x.iso,ioemu:hdc:cdrom,r", Disk("hdc", "/x.iso", FILE, RAW, DiskBus.IDE, R, True)),
        ("file:/x.iso,hdc:cdrom,w", Disk("hdc", "/x.iso", FILE, RAW, DiskBus.IDE, R, True)),
        ("file:/x.iso,scd0,r", Disk("scd0", "/x.iso", FILE, RAW, DiskBus.SCSI, R, True)),
        ("file:/x.iso,sr1", Disk("sr1", "/x.iso", FILE, RAW, DiskBus.SCSI, R, True)),
        ("file:/x,hda", Disk("hda", "/x", FILE, RAW, DiskBus.IDE, W)),
        ("tap:aio:/x,xvda,w", Disk("xvda", "/x", FILE, RAW, DiskBus.XEN, W)),
        ("tap2:aio:/x,xvda,w", Disk("xvda", "/x", FILE, RAW, DiskBus.XEN, W)),
        ("tap2:tapdisk:aio:/x,xvda,w", Disk("xvda", "/x", FILE, RAW, DiskBus.XEN, W)),
        ("tap:qcow2:/x,vda,w", Disk("vda", "/x", FILE, QCOW2, DiskBus.VIRTIO, W)),
        ("tap:vmdk:/x,hda,w", Disk("hda", "/x", FILE, DiskFormat.VMDK, DiskBus.IDE, W)),
        (",hdc:cdrom,r", Disk("hdc", "", EMPTY, RAW, DiskBus.IDE, R, True)),
        ("phy:,hdc:cdrom,r", Disk("hdc", "", EMPTY, RAW, DiskBus.IDE, R, True)),
        ("phy:/dev/x,xvda,w,driver-domain",
         Disk("xvda", "/dev/x", BLOCK, RAW, DiskBus.XEN, W, backend="driver-domain")),
        ("nbd:10.0.0.1 20004,hda1,w",
         Disk("hda1", "nbd:10.0.0.1 20004", NETWORK, RAW, DiskBus.IDE, W, script="block-nbd")),
        ("iscsi:iqn.x:y,xvda,w", Disk("xvda", "iscsi:iqn.x:y", NETWORK, RAW, DiskBus.XEN, W, script="block-iscsi")),
        ("rbd:pool/image,xvda,w", Disk("xvda", "rbd:pool/image", NETWORK, RAW, DiskBus.XEN, W)),
        ("/dev/vg/x,raw,xvda,rw", Disk("xvda", "/dev/vg/x", BLOCK, RAW, DiskBus.XEN, W)),
        ("/x.qcow2,qcow2,hda", Disk("hda", "/x.qcow2", FILE, QCOW2, DiskBus.IDE, W)),
        ("/x.iso,,hdc,cdrom", Disk("hdc", "/x.iso", FILE, RAW, DiskBus.IDE, R, True)),
        ("format=qcow2, vdev=xvda, access=rw, target=/a,b=c", Disk("xvda", "/a,b=c", FILE, QCOW2, DiskBus.XEN, W)),
        ("vdev=hdc,devtype=cdrom,access=ro,target=", Disk("hdc", "", EMPTY, RAW, DiskBus.IDE, R, True)),
        ("vdev=xvda,script=block-drbd,target=app01",
         Disk("xvda", "drbd:app01", NETWORK, RAW, DiskBus.XEN, W, script="block-drbd")),
        ("/x,raw,vdev=xvda,access=r", Disk("xvda", "/x", FILE, RAW, DiskBus.XEN, R)),
        ("format=qcow2,file:/x.qcow2,xvda2,w", Disk("xvda2", "/x.qcow2", FILE, QCOW2, DiskBus.XEN, W)),
        ("script=block-rbd,vdev=xvda,target=rbd:pool:image",
         Disk("xvda", "rbd:pool:image", NETWORK, RAW, DiskBus.XEN, W, script="block-rbd")),
        ("phy:/dev/x,0xCA00,w", Disk("0xca00", "/dev/x", BLOCK, RAW, DiskBus.XEN, W)),
    ],
)  # fmt: skip
def test_a_disk_item_means_one_disk(item: str, disk: Disk) -> None:
    assert config(PV + f"disk=[{item!r}]").disks == (disk,)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("", "this disk is empty"),
        ("phy:/dev/x", "this disk has no target"),
        ("phy:/dev/x,bad,w", "bad is no target of a disk"),
        ("phy:/dev/x,hda:tape,w", "a target ends in :cdrom, :disk or nothing, not :tape"),
        ("phy:/dev/x,hda,x", "the mode x is not known"),
        ("/dev/x,qcow9,hda,w", "the format qcow9 is not known: raw"),
        ("format=qcow9,vdev=hda,target=/x", "the format qcow9 is not known"),
        ("access=w,/dev/x,qcow9,hda", "the format qcow9 is not known"),
        ("phy:/dev/x,hda,w,a,b", "there is a word too many in this disk: b"),
        (",hda,w", "the disk hda has no source: only a CD-ROM can be empty"),
        ("target=/x,vdev=hda", "this disk has no vdev"),
    ],
)
def test_a_wrong_disk_is_refused(item: str, message: str) -> None:
    assert errors(PV + f"disk=[{item!r}]")[0].startswith(message)


def test_two_disks_cannot_have_one_target() -> None:
    assert errors(PV + "disk=['phy:a,xvda,w','phy:b,xvda,w']") == [
        "the target xvda is taken by another disk of this file"
    ]
    assert errors(PV + "disk=['file:/a.iso,sr0,r','file:/b.iso,scd0,r']") == [
        "the target scd0 is taken by another disk of this file"
    ]


def test_an_image_that_does_not_look_raw_is_warned_of() -> None:
    assert "looks like a qcow2 image" in warnings(PV + "disk=['file:/a.qcow2,xvda,w']")[0]


EMULATED, PARAVIRTUAL = VifType.EMULATED, VifType.PARAVIRTUAL


@pytest.mark.parametrize(
    ("head", "item", "vif"),
    [
        (HVM, "", Vif(EMULATED)),
        (PV, "", Vif(PARAVIRTUAL)),
        (HVM, "mac =00:16:3E:1:2:A, bridge= br0", Vif(EMULATED, "00:16:3e:01:02:0a", "br0")),
        (HVM, "type=vif", Vif(PARAVIRTUAL)),
        (HVM, "type=netfront,model=e1000", Vif(PARAVIRTUAL, model="e1000")),
        (HVM, "model=virtio", Vif(PARAVIRTUAL, model="virtio")),
        (HVM, "type=ioemu,model=E1000", Vif(EMULATED, model="e1000")),
        (HVM, "type=e1000", Vif(EMULATED, model="e1000")),
        (PV, "type=ioemu", Vif(PARAVIRTUAL)),
        (PV, "xenbr1", Vif(PARAVIRTUAL, bridge="xenbr1")),
        (PV, "mac=00-16-3e-01-02-03,br1", Vif(PARAVIRTUAL, "00:16:3e:01:02:03", "br1")),
        (PV, "ip=10.0.0.7 10.0.0.8 ,vifname=a0,rate=10Mb/s,script=vif-x,backend=d,gateway=10.0.0.1",
         Vif(PARAVIRTUAL, None, None, None, "vif-x", ("10.0.0.7", "10.0.0.8"), "10.0.0.1", "a0", "10Mb/s", "d")),
    ],
)  # fmt: skip
def test_a_vif_item_means_one_card(head: str, item: str, vif: Vif) -> None:
    assert config(head + f"vif=[{item!r}]").vifs == (vif,)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["mac=00:16:3e:XX:XX:XX"], "00:16:3e:XX:XX:XX is no MAC address"),
        (["mac=01:16:3e:00:00:01"], "01:16:3e:00:00:01 is a multicast address"),
        (["mac=00:00:00:00:00:00"], "00:00:00:00:00:00 is no address of a card"),
        (["mac=00:16:3e:00:00:01", "mac=0:16:3E:0:0:1"], "the address 00:16:3e:00:00:01 is that of vif[0] too"),
        (["vifname=" + "a" * 16], "aaaaaaaaaaaaaaaa cannot be the name of a network interface"),
        (["vifname=../x"], "../x cannot be the name"),
        (["vifname=.."], ".. cannot be the name"),
        (["vifname=100%"], "100% cannot be the name"),
        (["vifname=net%d"], "vifname=net%d: nothing is filled in here"),
        (["vifname=vif%s.%i"], "vifname=vif%s.%i: nothing is filled in here"),
        (["vifname=${name}-0"], "vifname=${name}-0: nothing is filled in here"),
        (["vifname=$name"], "vifname=$name: nothing is filled in here"),
        (["vifname={domid}"], "vifname={domid}: nothing is filled in here"),
        (["vifname=net0", "vifname=net0"], "the interface net0 is that of vif[0] too"),
        (["rate=fast"], "fast is no rate"),
    ],
)
def test_a_wrong_card_is_refused(items: list[str], message: str) -> None:
    assert errors(HVM + f"vif={items!r}")[0].startswith(message)


def test_type_and_mac_as_two_items_are_two_cards_and_warned_of() -> None:
    text = HVM + "vif=['type=ioemu', 'mac =00:16:3E:00:00:01']"
    assert [vif.mac for vif in config(text).vifs] == [None, "00:16:3e:00:00:01"]
    assert warnings(text) == ["two cards: did you mean one string? These are two items of the list"]


def test_bridge_and_mac_as_the_only_two_items_are_warned_of() -> None:
    two = ["bridge=br0", "mac=00:16:3e:00:00:01"]
    assert warnings(HVM + f"vif={two}") == ["two cards: did you mean one string? These are two items of the list"]
    assert warnings(HVM + f"vif={[*two, 'mac=00:16:3e:00:00:02']}") == []


def test_a_card_of_an_unknown_type_is_warned_of_and_kept() -> None:
    text = HVM + "vif=['type=qemu, bridge=br0']"
    assert config(text).vifs == (Vif(EMULATED, bridge="br0"),)
    assert warnings(text) == ["the card type qemu is not known: it has no effect, as under xl"]


def test_a_missing_comma_between_two_words_of_a_card_is_told() -> None:
    text = HVM + "vif=['mac=00:16:3e:00:00:01, gatewaydev=wm0 type=ioemu']"
    assert warnings(text) == ["there is no comma before type=: it is a part of gatewaydev"]
    assert warnings(HVM + "vif=['script=network-bridge-vlan netdev=eth1']") == []


def test_nics_adds_cards() -> None:
    assert config(HVM + "vif=['bridge=br0']; nics=3").vifs == (Vif(bridge="br0"), Vif(item=1), Vif(item=2))
    assert config(HVM + "vif=['','']; nics=1").vifs == (Vif(), Vif(item=1))
    assert errors(HVM + "nics=9999") == ["a domain cannot have 9999 cards"]


@pytest.mark.parametrize(
    ("text", "display"),
    [
        (PV, Display()),
        (HVM, Display(VgaModel.CIRRUS, vnc=True)),
        (HVM + "sdl=1", Display(VgaModel.CIRRUS, sdl=True)),
        (HVM + "rdp=1", Display(VgaModel.CIRRUS, vnc=True, rdp=True)),
        (HVM + "vnc=0; rdp=1; vncpasswd='x'", Display(VgaModel.CIRRUS, rdp=True, vnc_password="x")),
        (HVM + "nographic=1; rdp=1", Display()),
        (PV + "rdp=1", Display(rdp=True)),
        (HVM + "vnc=0", Display(VgaModel.CIRRUS)),
        (HVM + "nographic=1", Display()),
        (HVM + "vnc=1; stdvga=1; videoram=16; keymap='de'",
         Display(VgaModel.STANDARD, 16, True, keymap="de")),
        (HVM + "vga='qxl'", Display(VgaModel.QXL, vnc=True)),
        (HVM + "vnc=1; vnclisten='10.0.0.1:7'", Display(VgaModel.CIRRUS, None, True, "10.0.0.1", 7)),
        (HVM + "vnc=1; vncdisplay='3'; vncunused=0; vncpasswd=''",
         Display(VgaModel.CIRRUS, None, True, None, 3, False, "")),
        (PV + "vfb=['type=vnc,vncdisplay=77,vncunused=0,vncpasswd=secret,keymap=de']",
         Display(VgaModel.NONE, None, True, None, 77, False, "secret", keymap="de")),
        (PV + "vfb=['type=sdl,opengl=1']", Display(sdl=True, opengl=True)),
        (PV + "vfb=['type=sdl,display=:1,xauthority=/x']", Display(sdl=True, x_display=":1", x_authority="/x")),
        (HVM + "sdl=1; vnc=0; display=':2.0'; xauthority='/x'",
         Display(VgaModel.CIRRUS, sdl=True, x_display=":2.0", x_authority="/x")),
        (HVM + "vncviewer=1", Display(VgaModel.CIRRUS, vnc=True, viewer=True)),
        (PV + "vfb=['vnc=1, sdl=0, vnclisten=::1']", Display(vnc=True, vnc_listen="::1")),
        (PV + "vfb=['vnclisten=127.0.0.1']", Display(vnc=True, vnc_listen="127.0.0.1")),
        (PV + "vnc=1", Display(vnc=True)),
    ],
)  # fmt: skip
def test_a_display(text: str, display: Display) -> None:
    assert config(text).display == display


def test_a_port_is_no_vnc_display() -> None:
    assert errors(HVM + "vncdisplay=70000") == ["70000 is no VNC display: it is the port less 5900"]
    assert errors(PV + "vfb=['vncdisplay=x']") == ["vncdisplay takes a number, not 'x'"]


@pytest.mark.parametrize(
    ("text", "boot"),
    [
        ("kernel='/usr/lib/xen/boot/hvmloader'; builder='hvm'; boot='dc'", Boot("dc")),
        ("kernel='/k'; builder='hvm'; extra='a'", Boot(kernel="/k", extra="a")),
        ("builder='hvm'; bios='ovmf'", Boot(firmware=Firmware.UEFI)),
        ("type='hvm'; firmware='uefi'; boot='n,c'", Boot("nc", Firmware.UEFI)),
        ("kernel='/k'; ramdisk='/r'; root='/dev/sda1 ro'; extra=' 4'",
         Boot(kernel="/k", ramdisk="/r", root="/dev/sda1 ro", extra=" 4")),
        ("kernel='/k'; cmdline='a b'; type='pvh'", Boot(kernel="/k", extra="a b")),
        ("bootloader='pygrub'; bootargs='-q'", Boot(bootloader="pygrub", bootargs="-q")),
        ("bootloader='pygrub'; bootentry='Linux 6'", Boot(bootloader="pygrub", bootargs="--entry='Linux 6'")),
        ("bootloader='pygrub'; bootloader_args=['--args=a b', '-q']",
         Boot(bootloader="pygrub", bootargs="'--args=a b' -q")),
        ("bootloader='pygrub'; kernel='/k'; ramdisk='/r'", Boot(bootloader="pygrub")),
        ("kernel='/k'; dhcp='dhcp'", Boot(kernel="/k", ip=":127.0.255.255::::eth0:dhcp")),
        ("kernel='/k'; ip='10.0.0.2'; netmask='255.0.0.0'; gateway='10.0.0.1'; hostname='h'; root='/dev/nfs'; "
         "nfs_server='10.0.0.3'; nfs_root='/e'",
         Boot(kernel="/k", root="/dev/nfs", extra="nfsroot=10.0.0.3:/e",
              ip="10.0.0.2:10.0.0.3:10.0.0.1:255.0.0.0:h:eth0:off")),
        ("disk=['phy:a,xvda,w']", Boot(bootloader="pygrub")),
    ],
)  # fmt: skip
def test_what_is_booted(text: str, boot: Boot) -> None:
    assert config("name='x'; memory=64; " + text).boot == boot


def test_the_command_line_is_joined_as_in_xm() -> None:
    boot = config(PV + "root='/dev/sda1 ro'; extra='4'; dhcp='dhcp'").boot
    assert boot.command_line == "ip=:127.0.255.255::::eth0:dhcp root=/dev/sda1 ro 4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vcpus=4", (4, None)),
        ("vcpus=2; maxvcpus=4", (2, 4)),
        ("vcpus=4; maxvcpus=2", (4, None)),
        ("vcpus='4'; vcpu_avail='5'", (2, 4)),
    ],
)
def test_virtual_cpus(text: str, expected: tuple[int, int | None]) -> None:
    found = config(PV + text)
    assert (found.vcpus, found.max_vcpus) == expected


@pytest.mark.parametrize(
    ("text", "cpus", "pins"),
    [
        ("cpus='0-3,^1'", "0-3,^1", ()),
        ("cpus=2", "2", ()),
        ("cpus=''", None, ()),
        ("cpus=[]", None, ()),
        ("cpus=['']", None, ()),
        ("cpus=['2']", None, ("2",)),
        ("vcpus=2; cpus=['2', '3-4']", None, ("2", "3-4")),
        ("vcpus=2; cpus=[2, 'all,^node:1']", None, ("2", "all,^node:1")),
        ("vcpus=1; maxvcpus=2; cpus=['2', '3']", None, ("2", "3")),
        ("cpu=3", None, ("3",)),
        ("cpu=-1", None, ()),
        ("cpu=3; cpus='1'", "1", ()),
    ],
)
def test_cpus_of_the_host(text: str, cpus: str | None, pins: tuple[str, ...]) -> None:
    reading = read(PV + text, file="x")
    assert reading.config is not None
    assert (reading.config.cpus, reading.config.vcpu_pins) == (cpus, pins)
    assert reading.complaints == ()


@pytest.mark.parametrize(
    ("text", "pins", "complaint"),
    [
        ("vcpus=4; cpus=['4-7']", ("4-7",), "1 for 4: the others run on all CPUs"),
        ("vcpus=1; cpus=['4', '5']", ("4",), "there are 1: the others have no effect"),
        ("vcpus=2; cpus=['4-7', '^5']", ("4-7", "all"), "'^5' leaves no CPU: virtual CPU 1 runs on all"),
        ("vcpus=2; cpus=['', '5']", ("all", "5"), "'' leaves no CPU: virtual CPU 0 runs on all"),
    ],
)
def test_a_list_of_cpus_that_does_not_fit_is_taken_with_a_warning(
    text: str, pins: tuple[str, ...], complaint: str
) -> None:
    reading = read(PV + text, file="x")
    assert reading.config is not None
    assert reading.config.vcpu_pins == pins
    assert [complaint in each.message for each in reading.complaints] == [True]
    assert (reading.complaints[0].severity, reading.complaints[0].line > 0) == (Severity.WARNING, True)


@pytest.mark.parametrize("value", ["'foo'", "'0all'", "'1^2'", "'1-'", "['0', 'foo']", "['0', [1]]", "1.5", "'nodes:'"])
def test_what_names_no_cpus_is_refused(value: str) -> None:
    reading = read(f"{PV}vcpus=2; cpus={value}", file="x")
    assert reading.config is None
    assert "names no CPUs" in reading.complaints[0].message
    assert "one for each" in (reading.complaints[0].hint or "")


def test_a_list_of_cpus_may_come_from_the_command_line() -> None:
    found = read(PV + "vcpus=2", file="x", overrides=["cpus=['1', '2-3']"]).config
    assert found is not None
    assert found.vcpu_pins == ("1", "2-3")


def test_the_domain_s_own_keys() -> None:
    found = config(
        "name='x'; type='hvm'; builder='hvm'; memory='512'; maxmem=1024; cpus='4-47,^5'; cpu_weight=27500\n"
        "cpu_cap=50\n"
        "uuid='6D015D4F722144B39A0D9EBD71EC464E'; on_poweroff='preserve'\n"
        "on_crash='coredump-restart'; on_reboot='rename-restart'\n"
        "usb=1; usbdevice='tablet'; serial=['pty','none']; soundhw='sb16'; localtime=1; rtc_timeoffset=3600\n"
        "viridian=['all']\n"
        "acpi=0; hap=1; pci=['01:00.0']"
    )
    assert (found.kind, found.memory, found.max_memory, found.cpus) == (Kind.HVM, 512, 1024, "4-47,^5")
    assert (found.cpu_weight, found.cpu_cap, found.uuid) == (27500, 50, "6d015d4f-7221-44b3-9a0d-9ebd71ec464e")
    assert found.policy == Policy(EndAction.PRESERVE, EndAction.RENAME_RESTART, EndAction.COREDUMP_RESTART)
    platform = found.platform
    assert (platform.usb, platform.usb_devices, platform.serial, platform.sound) == (
        True,
        ("tablet",),
        ("pty",),
        "sb16",
    )
    assert (platform.localtime, platform.rtc_timeoffset, platform.viridian, platform.acpi) == (True, 3600, True, False)
    assert found.other == {"viridian": ["all"], "hap": 1, "pci": ["01:00.0"]}


@pytest.mark.parametrize(
    ("word", "actions"),
    [("onreboot", ("destroy", "restart", "destroy")), ("always", ("restart",) * 3), ("never", ("destroy",) * 3)],
)
def test_the_old_restart_key(word: str, actions: tuple[str, ...]) -> None:
    policy = config(PV + f"restart={word!r}").policy
    assert (policy.on_poweroff, policy.on_reboot, policy.on_crash) == actions


def test_a_domain_without_a_name_is_called_after_its_file() -> None:
    assert read("kernel='/k'", file="/etc/xen/web.cfg").config == config("name='web'; kernel='/k'")
    assert read("kernel='/k'", file="").config is None


def test_the_command_line_comes_before_the_file() -> None:
    found = config(PV + "disk=['phy:a,xvda,w']; vif=['']", "memory=256", "vcpus=2", "disk=phy:b,xvda,w",
                   "disk=phy:c,xvdb,r", "vif=['bridge=br0', \"bridge=br1\"]", "name=y", "extra=a=b c")  # fmt: skip
    assert (found.memory, found.vcpus, found.name, found.boot.extra) == (256, 2, "y", "a=b c")
    assert [disk.path for disk in found.disks] == ["b", "c"]
    assert [vif.bridge for vif in found.vifs] == ["br0", "br1"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("memory=much", "memory takes a number, not 'much'"),
        ("memory", "'memory' is no key=value"),
        ("=5", "'=5' is no key=value"),
        ("disk=phy:a", "this disk has no target: the name it has in the guest"),
    ],
)
def test_a_wrong_word_of_the_command_line_is_told_as_such(word: str, message: str) -> None:
    (error,) = _complaints(read(PV, file="x", overrides=[word]), "error")
    assert (error.file, error.line, error.text, error.message) == ("command line", 0, word, message)


@pytest.mark.parametrize("word", ["name=web", "name='web'", 'name="web"'])
def test_a_text_on_the_command_line_may_be_in_quotes_as_for_xl(word: str) -> None:
    assert config(PV, word).name == "web"
    assert config(PV, "extra=\"quiet 'a'\"").boot.extra == "quiet 'a'"
    assert not config(PV, "extra=''").boot.extra


def test_an_unknown_word_of_the_command_line_is_warned_of() -> None:
    (warning,) = _complaints(read(PV, file="x", overrides=["memroy=5"]), "warning")
    assert (warning.file, warning.hint) == ("command line", "did you mean memory?")


@pytest.mark.parametrize(
    "line",
    [
        "irqs = [ 5, 7 ]",
        "ioports = [ '3f8-3ff', '2f8' ]",
        "iomem = [ 'fe000,1' ]",
        "pci = [ '01:00.0', '0000:02:00.1@4,permissive=1', '03:00.*', 'rdm_policy=strict,bdf=04:00.0' ]",
        "pci = '01:00.0'",
        "usbdevice = 'host:1d6b:0002'",
        "serial = 'tcp:127.0.0.1:4444,server,nowait'; parallel = [ 'none' ]",
        "viridian = [ 'base', '!time_ref_count' ]",
        "cpuid = [ '1:ecx=xxx', '0x80000001:edx=x' ]",
        "cpuid = 'host,tm=0'",
        "vnuma = [ [ 'pnode=0', 'size=512', 'vcpus=0', 'vdistances=10,20' ], [ 'pnode=1', 'size=512' ] ]",
        "vcpus = 2; cpus = [ 2, '3-4, ^4' ]; cpus_soft = 'all,^0'",
        "cpus = 'nodes:0-1,^node:1'",
        "timer_mode = 'delay_for_missed_ticks'; tsc_mode = 'native'",
        "vif = [ 'mac=00:16:3e:00:00:01,trusted', 'untrusted' ]",
        "vif = [ 'bridge=br0,vifname=tap0,rate=1MB/s@20ms,mtu=1500,devid=3' ]",
    ],
)
def test_every_spelling_is_taken_without_a_word(line: str) -> None:
    reading = read(f"{HVM}{line}\n", file="x")
    assert reading.config is not None
    assert reading.complaints == ()


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("zz", "'zz' names no PCI device"),
        (",", "',' names no PCI device"),
        ("", "'' names no PCI device"),
        ("01:00.0,rdm_policy=x", "rdm_policy knows no x"),
    ],
)
def test_a_wrong_pci_device_is_refused(item: str, message: str) -> None:
    assert errors(HVM + f"pci=[{item!r}]") == [message]


@pytest.mark.parametrize(
    ("line", "name"),
    [("name = 007", "007"), ("name = '007'", "007"), ("name = 1a", "1a"), ("name = 0x10", "0x10")],
)
def test_a_number_where_a_text_belongs_keeps_its_letters(line: str, name: str) -> None:
    assert config(f"{line}; kernel='/k'").name == name


def test_a_path_with_a_star_is_warned_of() -> None:
    assert "has a * in it" in warnings(PV + "disk=['file:/a*.iso,hdc:cdrom,r']")[0]


def test_a_port_in_the_place_of_a_vnc_display_is_warned_of() -> None:
    assert warnings(HVM + "vncdisplay=5901") == ["VNC display 5901 is port 11801"]


def test_a_word_of_a_pci_device_that_nobody_knows_is_warned_of() -> None:
    assert warnings(HVM + "pci=['01:00.0,romfile=x']") == ["a PCI device knows no romfile: it has no effect"]


def test_a_card_is_on_a_network_or_on_a_bridge() -> None:
    head = "name='x'\nkernel='/k'\nmemory=64\n"
    assert config(head + "vif=['network=lan']").vifs[0].network == "lan"
    (said,) = errors(head + "vif=['network=lan,bridge=br0']")
    assert "a card is on a network (lan) or on a bridge (br0), not on both" in said


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("script=vif-route", "script=vif-route: the host routes to the addresses of the card, and it names none"),
        ("script=vif-route,ip=192.0.2.7,network=lan", "a card is on a network (lan) or routed (script=vif-route)"),
        ("script=vif-route,ip=192.0.2.7,gateway=router", "gateway=router is no address"),
        ("script=vif-route,ip=192.0.2.7,gateway=192.0.2.1 192.0.2.2", "has two of IPv4"),
        ("script=vif-route,ip=192.0.2.7/24,gateway=192.0.2.7", "gateway=192.0.2.7 is the guest's own address (ip=)"),
    ],
)
def test_a_card_that_cannot_be_routed_is_an_error(item: str, said: str) -> None:
    found = errors(HVM + f"vif=[{item!r}]")
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    "item",
    ["script=vif-route netdev=eth1,ip=192.0.2.7", "script=vif-route,ip=192.0.2.7,netdev=eth1"],
)
def test_the_interface_of_a_routed_card_has_three_names(item: str) -> None:
    (vif,) = config(HVM + f"vif=[{item!r}]").vifs
    assert (vif.way, vif.gatewaydev) == (Way.ROUTE, "eth1")


def test_only_a_routed_card_has_a_gateway() -> None:
    found = read(HVM + "vif=['gateway=192.0.2.1,gatewaydev=eth0']", file="x").complaints
    notes = [each.message for each in found if each.key == "vif[0]"]
    assert notes == [
        f"{word} has no effect: only a card with script=vif-route has one"
        for word in ("gateway=192.0.2.1", "gatewaydev=eth0")
    ]
