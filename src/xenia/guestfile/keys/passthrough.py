"""Devices of the host for a guest."""

from __future__ import annotations

from xenia.guestfile.keys.fates import ARM, NO_DEVICE_ON_QEMU, NO_HYPERVISOR, NOT_IN_XL
from xenia.guestfile.keys.key import HONOURED, Dialect, Fate, Key, KeyType, ignored, translated

_TEXT, _NUMBER, _LIST = KeyType.TEXT, KeyType.NUMBER, KeyType.LIST
_XM, _XL, _BOTH = Dialect.XM, Dialect.XL, Dialect.BOTH
_IN_USBDEVICE = ignored("name the device in usbdevice: host:1.3")
_NOT_YET_ON_XEN = ignored("devices of the host are not handed out by guest files yet")


def _handed(
    name: str,
    type: KeyType,
    meaning: str,
    example: str,
    dialect: Dialect = _BOTH,
    *,
    qemu: Fate = NO_DEVICE_ON_QEMU,
    xen: Fate = _NOT_YET_ON_XEN,
    form: str = "",
) -> Key:
    return Key(name, type, None, meaning, example, dialect, qemu, xen, form)


KEYS = (
    _handed(
        "pci",
        _LIST,
        "PCI devices of the host for an administrator's guest, by BDF, with options",
        "pci = ['01:00.0']",
        qemu=translated("through vfio-pci, without its options; untried"),
        xen=HONOURED,
    ),
    _handed("pci_msitranslate", _NUMBER, "Translate interrupts of PCI devices, 0 or 1", "pci_msitranslate = 0"),
    _handed("pci_power_mgmt", _NUMBER, "Let the guest manage the power of PCI devices, 0 or 1", "pci_power_mgmt = 1"),
    _handed(
        "pci_permissive",
        _NUMBER,
        "Let the guest write all of a PCI device's registers, 0 or 1",
        "pci_permissive = 1",
        _XL,
    ),
    _handed("pci_seize", _NUMBER, "Take PCI devices from the host's drivers, 0 or 1", "pci_seize = 1", _XL),
    _handed(
        "gfx_passthru",
        KeyType.ANY,
        "A graphics card of the host as the guest's first: 0, 1, default, igd",
        "gfx_passthru = 'igd'",
        form="flag, or text",
    ),
    _handed("gfx_passthru_kind", _TEXT, "Which kind of graphics card it is", "gfx_passthru_kind = 'igd'", _XL),
    _handed(
        "passthrough",
        _TEXT,
        "How an IOMMU is used: disabled, enabled, sync_pt, share_pt; one for devices that come later is enabled",
        "passthrough = 'enabled'",
        _XL,
        xen=HONOURED,
    ),
    _handed("iommu", _TEXT, "Older word for passthrough", "iommu = 'sync_pt'", _XL),
    _handed("rdm", _TEXT, "Memory that devices have reserved", "rdm = 'strategy=host,policy=strict'", _XL),
    _handed("rdm_mem_boundary", _NUMBER, "Where such memory may begin, in MiB", "rdm_mem_boundary = 2048", _XL),
    _handed(
        "usbdev",
        _LIST,
        "USB devices of the host for the guest",
        "usbdev = ['hostbus=1, hostaddr=3']",
        _XL,
        qemu=_IN_USBDEVICE,
        xen=_IN_USBDEVICE,
    ),
    _handed(
        "vscsi",
        _LIST,
        "SCSI devices of the host for the guest",
        "vscsi = ['/dev/sdb,0:0:0:0']",
        _XM,
        xen=NOT_IN_XL,
    ),
    _handed("ioports", _LIST, "I/O ports of the host for the guest, in hexadecimal", "ioports = ['2f8-2ff']"),
    _handed("iomem", _LIST, "Pages of the host's devices for the guest, in hexadecimal", "iomem = ['fe860,1']", _XL),
    _handed("irqs", KeyType.ANY, "Interrupts of the host for the guest", "irqs = [10]", _XL, form="list of numbers"),
    _handed(
        "irq",
        KeyType.ANY,
        "Interrupts of the host for the guest",
        "irq = [10]",
        _XM,
        xen=NOT_IN_XL,
        form="list of numbers",
    ),
    _handed("dtdev", _LIST, "Device tree nodes of the host for the guest", "dtdev = ['/soc/usb']", _XL, xen=ARM),
    Key(
        "e820_host",
        KeyType.FLAG,
        False,
        "A PV guest sees the memory map of the host, as it needs for PCI devices",
        "e820_host = 1",
        _XL,
        NO_HYPERVISOR,
    ),
)
