"""What a domain boots: a kernel of the host, one in its own image, or firmware."""

from __future__ import annotations

from xenia.guestfile.keys.fates import FILE_OF_HOST, NOT_IN_XL
from xenia.guestfile.keys.key import Dialect, Key, KeyType, ignored, translated

_TEXT, _FLAG = KeyType.TEXT, KeyType.FLAG
_XM, _XL = Dialect.XM, Dialect.XL
_DISKS_OF_VIRTIO = translated("names of Xen's disks (xvda, hda) become those of virtio disks (vda)")
_WITHOUT_RIGHTS = ignored("the image is always read without rights")
_OWN_FIRMWARE = ignored("the host's own firmware is used")
_ENTRY = translated("bootargs = '--entry=...'")
_MAP = ignored("firmware makes the map")

KEYS = (
    Key(
        "kernel",
        _TEXT,
        None,
        "A kernel of the host to boot; hvmloader and the like mean firmware",
        "kernel = '/boot/vmlinuz-6.1.0-18-amd64'",
    ),
    Key("ramdisk", _TEXT, None, "The initial ramdisk for the kernel", "ramdisk = '/boot/initrd.img-6.1.0-18-amd64'"),
    Key(
        "root",
        _TEXT,
        None,
        "Becomes root= on the kernel's command line",
        "root = '/dev/xvda1 ro'",
        qemu=_DISKS_OF_VIRTIO,
    ),
    Key("extra", _TEXT, None, "The rest of the kernel's command line", "extra = 'quiet 4'", qemu=_DISKS_OF_VIRTIO),
    Key(
        "cmdline",
        _TEXT,
        None,
        "The whole command line of the kernel, instead of root and extra",
        "cmdline = 'root=/dev/xvda1 ro quiet'",
        _XL,
        _DISKS_OF_VIRTIO,
    ),
    Key(
        "bootloader",
        _TEXT,
        None,
        "What finds the kernel in the guest's image: pygrub; xend's worker does it, no such program is run",
        "bootloader = 'pygrub'",
    ),
    Key("bootargs", _TEXT, None, "Options of pygrub", "bootargs = '--entry=1'", _XM),
    Key(
        "bootloader_args",
        KeyType.ANY,
        None,
        "Options of pygrub",
        "bootloader_args = ['--entry=1']",
        _XL,
        form="list, or text",
    ),
    Key(
        "bootentry",
        _TEXT,
        None,
        "Older word for the entry of the boot menu",
        "bootentry = 'Debian'",
        _XM,
        _ENTRY,
        _ENTRY,
    ),
    Key(
        "bootloader_restrict",
        _FLAG,
        None,
        "Run the boot loader without rights",
        "bootloader_restrict = 1",
        _XL,
        _WITHOUT_RIGHTS,
        _WITHOUT_RIGHTS,
    ),
    Key(
        "bootloader_user",
        _TEXT,
        None,
        "Whom the boot loader runs as",
        "bootloader_user = 'nobody'",
        _XL,
        _WITHOUT_RIGHTS,
        _WITHOUT_RIGHTS,
    ),
    Key(
        "boot",
        _TEXT,
        "cd",
        "Where an HVM guest boots from, in order: a floppy, c disk, d CD-ROM, n network",
        "boot = 'dc'",
    ),
    Key("firmware", _TEXT, "bios", "The firmware of an HVM guest: bios, uefi, ovmf, seabios", "firmware = 'uefi'", _XL),
    Key(
        "bios",
        _TEXT,
        "seabios",
        "The firmware of an HVM guest: seabios, ovmf; rombios means seabios",
        "bios = 'ovmf'",
        _XL,
    ),
    Key(
        "bios_path_override",
        _TEXT,
        None,
        "A firmware file of the administrator",
        "bios_path_override = '/opt/bios.bin'",
        _XL,
        _OWN_FIRMWARE,
        FILE_OF_HOST,
    ),
    Key(
        "firmware_override",
        _TEXT,
        None,
        "Another hvmloader",
        "firmware_override = '/opt/hvmloader'",
        _XL,
        _OWN_FIRMWARE,
        FILE_OF_HOST,
    ),
    Key(
        "loader",
        _TEXT,
        None,
        "Path of the HVM firmware",
        "loader = '/usr/lib/xen/boot/hvmloader'",
        _XM,
        _OWN_FIRMWARE,
        FILE_OF_HOST,
    ),
    Key("ip", _TEXT, None, "Address for the kernel's ip= parameter", "ip = '192.0.2.7'", _XM),
    Key("gateway", _TEXT, None, "Gateway for the kernel's ip= parameter", "gateway = '192.0.2.1'", _XM),
    Key("netmask", _TEXT, None, "Netmask for the kernel's ip= parameter", "netmask = '255.255.255.0'", _XM),
    Key("hostname", _TEXT, None, "Host name for the kernel's ip= parameter", "hostname = 'web'", _XM),
    Key("interface", _TEXT, "eth0", "Interface for the kernel's ip= parameter", "interface = 'eth0'", _XM),
    Key("dhcp", _TEXT, "off", "Way of configuration for the kernel's ip= parameter: off, dhcp", "dhcp = 'dhcp'", _XM),
    Key("nfs_server", _TEXT, None, "Server of an NFS root", "nfs_server = '192.0.2.1'", _XM),
    Key("nfs_root", _TEXT, None, "Folder of an NFS root", "nfs_root = '/srv/root/web'", _XM),
    Key(
        "features",
        _TEXT,
        None,
        "Features that a PV kernel must have",
        "features = 'auto_translated_physmap'",
        _XM,
        ignored("it is about PV kernels on Xen"),
        NOT_IN_XL,
    ),
    Key("memmap", _TEXT, None, "Memory map of old HVM guests", "memmap = 'mem.map'", _XM, _MAP, _MAP),
)
