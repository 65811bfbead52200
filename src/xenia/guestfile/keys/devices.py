"""Disks, network cards and other virtual devices."""

from __future__ import annotations

from xenia.guestfile.keys.fates import FILE_OF_HOST, NO_DEVICE_ON_QEMU, NO_DEVICE_ON_XEN, NOT_IN_XL
from xenia.guestfile.keys.key import HONOURED, Dialect, Fate, Key, KeyType, ignored, translated

_TEXT, _NUMBER, _FLAG, _LIST = KeyType.TEXT, KeyType.NUMBER, KeyType.FLAG, KeyType.LIST
_XM, _XL = Dialect.XM, Dialect.XL
_NO_FLOPPY = ignored("Xen's tools give no guest a floppy drive")
_USE_VIF = ignored("use vif")
_IN_VIF = ignored("name the card in vif: model=ne2k_pci")
_NICS = ignored("use nics or vif")
_VIRTIO_ANYWAY = ignored("disks and cards are virtio where the guest can use it")
_NO_USBCTRL = ignored("a controller is made where a device needs one")
_NO_DRIVER_DOMAINS = ignored("there are no driver domains on QEMU")
_DRIVER_DOMAINS = ignored("driver domains cannot be used yet")


def _missing(name: str, meaning: str, example: str, dialect: Dialect = _XL, xen: Fate = NO_DEVICE_ON_XEN) -> Key:
    return Key(name, _LIST, None, meaning, example, dialect, NO_DEVICE_ON_QEMU, xen)


KEYS = (
    Key(
        "disk",
        _LIST,
        (),
        "Disks and CD-ROMs, each as SOURCE,TARGET,MODE or in xl's words",
        "disk = ['file:/var/lib/xen/web.img,xvda,w', 'file:/srv/cd.iso,hdc:cdrom,r']",
    ),
    Key(
        "vif",
        _LIST,
        (),
        "Network cards, each as key=value words; '' is a card of which nothing is said",
        "vif = ['mac=00:16:3e:01:02:03, bridge=xenbr0']",
    ),
    Key("nics", _NUMBER, -1, "At least so many network cards", "nics = 2", _XM),
    Key("nic", _NUMBER, None, "Number of cards, in old files", "nic = 1", _XM, _NICS, _NICS),
    Key("ne2000", _FLAG, None, "Emulate an NE2000 card, in old files", "ne2000 = 1", _XM, _IN_VIF, _IN_VIF),
    Key("vif2", _LIST, None, "Netchannel2 network cards", "vif2 = ['']", _XM, _USE_VIF, _USE_VIF),
    Key("fda", _TEXT, None, "Image of the first floppy disk", "fda = '/var/lib/xen/dos.img'", _XM, xen=_NO_FLOPPY),
    Key("fdb", _TEXT, None, "Image of the second floppy disk", "fdb = '/var/lib/xen/b.img'", _XM, xen=_NO_FLOPPY),
    Key("cdrom", _TEXT, None, "Image or device of the CD-ROM, before Xen 3.0.2", "cdrom = '/srv/cd.iso'", _XM),
    _missing("vdisk", "virtio disks served by another domain", "vdisk = ['backend=Domain-0, disks=rw:0:/dev/vg/a']"),
    Key(
        "virtio",
        _LIST,
        None,
        "virtio devices served by another domain",
        "virtio = ['type=virtio,device22, transport=mmio']",
        _XL,
        _VIRTIO_ANYWAY,
        NO_DEVICE_ON_XEN,
    ),
    _missing("vtpm", "Virtual TPMs", "vtpm = ['backend=vtpmmgr']", Dialect.BOTH),
    Key(
        "channel",
        _LIST,
        None,
        "Byte channels between host and guest",
        "channel = ['name=org.qemu.guest_agent.0, connection=socket']",
        _XL,
        translated("org.qemu.guest_agent.0 means agent = 1: no other channel is offered"),
        NO_DEVICE_ON_XEN,
    ),
    Key(
        "agent",
        _FLAG,
        None,
        "A way to the qemu-guest-agent in the guest; without the key, where the guest has virtio disks or cards",
        "agent = 1",
        xen=ignored("a guest on Xen tells of itself by xenstore"),
    ),
    _missing(
        "p9",
        "Folders of the host for the guest, over 9pfs",
        "p9 = ['tag=share, security_model=none, path=/srv/share']",
        xen=FILE_OF_HOST,
    ),
    _missing("vkb", "Paravirtual keyboards and pointers", "vkb = ['backend-type=qemu']"),
    _missing("vdispl", "Paravirtual displays", "vdispl = ['connectors=id0:1920x1080']"),
    Key(
        "vsnd",
        KeyType.ANY,
        None,
        "Paravirtual sound cards",
        "vsnd = [['CARD, short-name=Main']]",
        _XL,
        NO_DEVICE_ON_QEMU,
        NO_DEVICE_ON_XEN,
        form="list of lists",
    ),
    _missing("pvcalls", "Sockets of the host for the guest", "pvcalls = ['']"),
    Key(
        "usbctrl",
        _LIST,
        None,
        "USB controllers, for devices of the host",
        "usbctrl = ['version=2, ports=4']",
        _XL,
        _NO_USBCTRL,
        _NO_USBCTRL,
    ),
    Key("usbversion", _NUMBER, None, "USB controller: 1, 2 or 3", "usbversion = 2", _XL, NO_DEVICE_ON_QEMU, HONOURED),
    _missing("vusb", "USB host controllers, of xm", "vusb = ['usbver=2, numports=8']", _XM, NOT_IN_XL),
    Key(
        "blkif",
        _FLAG,
        None,
        "The domain serves disks to others",
        "blkif = 1",
        _XM,
        _NO_DRIVER_DOMAINS,
        _DRIVER_DOMAINS,
    ),
    Key(
        "netif",
        _FLAG,
        None,
        "The domain serves networks to others",
        "netif = 1",
        _XM,
        _NO_DRIVER_DOMAINS,
        _DRIVER_DOMAINS,
    ),
    Key(
        "tpmif",
        KeyType.ANY,
        None,
        "The domain serves TPMs to others",
        "tpmif = 1",
        _XM,
        _NO_DRIVER_DOMAINS,
        _DRIVER_DOMAINS,
        form="flag, or list",
    ),
    Key(
        "driver_domain",
        _FLAG,
        None,
        "The domain serves devices to others",
        "driver_domain = 1",
        _XL,
        _NO_DRIVER_DOMAINS,
        _DRIVER_DOMAINS,
    ),
)
