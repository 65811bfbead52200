"""The table of keys: every word that may stand left of `=` in a guest file, what kind of value it takes, what it means
and what becomes of it on QEMU and on Xen.

Sources: xm's create.py (Xen 3.0 to 4.4) and xl.cfg(5) of Xen 4.17. The checks are drawn from here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from xenia.guestfile import keys_on_xen


class KeyType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    """A whole number; as a text ("512") it is accepted too."""
    FLAG = "flag"
    """0 or 1; True, "yes", "no" and the like are accepted too."""
    LIST = "list"
    """A list of texts; one text is taken for a list of one."""
    ANY = "any"
    """Kept as it is."""


class Dialect(StrEnum):
    XM = "xm"
    XL = "xl"
    BOTH = "both"


class Effect(StrEnum):
    """What becomes of a key on an engine."""

    HONOURED = "honoured"
    TRANSLATED = "translated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `reason` says what it is translated to on QEMU, or why it has no effect there, `xen_reason` the same of
    Xen; each is empty where it is honoured.
    """

    name: str
    type: KeyType
    default: Any
    sentence: str
    dialect: Dialect = Dialect.BOTH
    qemu: Effect = Effect.HONOURED
    reason: str = ""
    xen: Effect = Effect.HONOURED
    xen_reason: str = ""


_T, _N, _F, _L, _A = KeyType.TEXT, KeyType.NUMBER, KeyType.FLAG, KeyType.LIST, KeyType.ANY
_XM, _XL, _BOTH = Dialect.XM, Dialect.XL, Dialect.BOTH


def _honoured(name: str, type: KeyType, default: Any, sentence: str, dialect: Dialect = _BOTH) -> Key:
    return Key(name, type, default, sentence, dialect)


def _translated(name: str, type: KeyType, default: Any, sentence: str, reason: str, dialect: Dialect = _BOTH) -> Key:
    return Key(name, type, default, sentence, dialect, Effect.TRANSLATED, reason)


def _ignored(name: str, type: KeyType, sentence: str, reason: str, dialect: Dialect = _BOTH) -> Key:
    return Key(name, type, None, sentence, dialect, Effect.IGNORED, reason)


_HYPERVISOR = "it tunes the Xen hypervisor"
_NOT_YET = "it has no effect on QEMU yet"
_LATER = "this device is not offered on QEMU yet"
_GENERAL = (
    _honoured("name", _T, None, "The domain's name; without one, the name of the file"),
    _honoured("uuid", _T, None, "The domain's UUID; one is made and kept where none is given"),
    _honoured("builder", _T, "linux", "What the domain is: linux (PV), hvm"),
    _honoured("type", _T, "pv", "What the domain is: pv, pvh, hvm", _XL),
    _honoured("memory", _N, 128, "Memory in MiB"),
    _ignored("maxmem", _N, "The most memory the domain can be given while it runs, in MiB", _NOT_YET),
    _honoured("vcpus", _N, 1, "Virtual CPUs"),
    _honoured("maxvcpus", _N, None, "The most virtual CPUs the domain can be given while it runs", _XL),
    _honoured("vcpu_avail", _N, None, "Bit mask of the virtual CPUs that are there at the start", _XM),
    _ignored("cpus", _A, "CPUs of the host to run on", _NOT_YET),
    _ignored("cpu", _N, "CPU of the host to run the first virtual CPU on", _NOT_YET, _XM),
    _ignored("cpu_weight", _N, "Share of CPU time against other domains", _NOT_YET),
    _ignored("cpu_cap", _N, "The most CPU time in percent of one CPU", _NOT_YET),
    _ignored("cap", _N, "The most CPU time in percent of one CPU", _NOT_YET, _XL),
    _honoured(
        "on_poweroff",
        _T,
        "destroy",
        "What happens when the guest powers off: destroy, restart, preserve, rename-restart",
    ),
    _honoured("on_reboot", _T, "restart", "What happens when the guest reboots"),
    _honoured(
        "on_crash", _T, "restart", "What happens when the guest crashes; also coredump-destroy, coredump-restart"
    ),
    _honoured("restart", _T, None, "Older word for all three: onreboot, always, never", _XM),
    _ignored(
        "on_xend_start",
        _T,
        "What xend does with the domain when it starts: ignore, start",
        "links in /etc/xen/auto do this",
        _XM,
    ),
    _ignored("on_xend_stop", _T, "What xend does with the domain when it stops", "domains run on without xend", _XM),
    _ignored("on_watchdog", _T, "What happens when the domain's watchdog fires", _LATER, _XL),
    _ignored("on_soft_reset", _T, "What happens at a soft reset", _HYPERVISOR, _XL),
    _ignored("description", _T, "A text for people", "nobody asks for it yet", _XM),
)
_BOOT = (
    _honoured("kernel", _T, None, "A kernel of the host to boot; hvmloader means firmware"),
    _honoured("ramdisk", _T, None, "The initial ramdisk for the kernel"),
    _honoured("root", _T, None, "Becomes root= on the kernel's command line"),
    _honoured("extra", _T, None, "The rest of the kernel's command line"),
    _honoured("cmdline", _T, None, "The whole command line of the kernel, instead of root and extra", _XL),
    _honoured("bootloader", _T, None, "What finds the kernel in the guest's image: pygrub"),
    _honoured("bootargs", _T, None, "Arguments for the boot loader", _XM),
    _honoured("bootloader_args", _A, None, "Arguments for the boot loader", _XL),
    _ignored("bootentry", _T, "Older word for bootargs", "use bootargs", _XM),
    _ignored(
        "bootloader_restrict", _F, "Run the boot loader without rights", "the image is always read without rights", _XL
    ),
    _ignored("bootloader_user", _T, "Whom the boot loader runs as", "the image is always read without rights", _XL),
    _honoured("boot", _T, "cd", "Where an HVM guest boots from, in order: a floppy, c disk, d CD-ROM, n network"),
    _honoured("firmware", _T, None, "The firmware of an HVM guest: bios, uefi, ovmf, seabios", _XL),
    _honoured("bios", _T, None, "The firmware of an HVM guest: seabios, rombios, ovmf", _XL),
    _ignored("bios_path_override", _T, "A firmware file of the administrator", "the host's own firmware is used", _XL),
    _ignored("firmware_override", _T, "A firmware file of the administrator", "the host's own firmware is used", _XL),
    _ignored("loader", _T, "Path of the HVM firmware", "the host's own firmware is used", _XM),
    _honoured("ip", _T, None, "Address for the kernel's ip= parameter", _XM),
    _honoured("gateway", _T, None, "Gateway for the kernel's ip= parameter", _XM),
    _honoured("netmask", _T, None, "Netmask for the kernel's ip= parameter", _XM),
    _honoured("hostname", _T, None, "Host name for the kernel's ip= parameter", _XM),
    _honoured("interface", _T, "eth0", "Interface for the kernel's ip= parameter", _XM),
    _honoured("dhcp", _T, "off", "Way of configuration for the kernel's ip= parameter: off, dhcp", _XM),
    _honoured("nfs_server", _T, None, "Server of an NFS root", _XM),
    _honoured("nfs_root", _T, None, "Folder of an NFS root", _XM),
    _ignored("features", _T, "Features of the guest's kernel", _HYPERVISOR, _XM),
    _ignored("memmap", _T, "Memory map of old HVM guests", "firmware makes the map", _XM),
)
_DEVICES = (
    _honoured("disk", _L, (), "Disks and CD-ROMs"),
    _honoured("vif", _L, (), "Network cards"),
    _honoured("nics", _N, -1, "At least so many network cards", _XM),
    _honoured("vfb", _L, (), "The display of a PV domain and the doors to it"),
    _honoured("fda", _T, None, "Image of the first floppy disk", _XM),
    _honoured("fdb", _T, None, "Image of the second floppy disk", _XM),
    _honoured("cdrom", _T, None, "Image or device of the CD-ROM, before Xen 3.0.2", _XM),
    _ignored("vif2", _L, "Netchannel2 network cards", "use vif"),
    _ignored("vdisk", _L, "virtio disks over Xen", _LATER, _XL),
    _ignored("virtio", _A, "virtio devices over Xen", "disks and cards are virtio where the guest can use it", _XL),
    _ignored("pci", _L, "PCI devices of the host for the guest", _LATER),
    _ignored("usbdev", _L, "USB devices of the host for the guest", _LATER, _XL),
    _ignored("usbctrl", _L, "USB controllers", _LATER, _XL),
    _ignored("usbversion", _N, "Version of the USB controller", _LATER, _XL),
    _ignored("vscsi", _L, "SCSI devices of the host for the guest", _LATER, _XM),
    _ignored("vusb", _L, "USB host controllers", _LATER, _XM),
    _ignored("vtpm", _L, "Virtual TPMs", _LATER),
    _ignored("channel", _L, "Channels between host and guest", _LATER, _XL),
    _ignored("p9", _L, "Folders of the host for the guest", _LATER, _XL),
    _ignored("vkb", _L, "Paravirtual keyboards", _LATER, _XL),
    _ignored("vdispl", _L, "Paravirtual displays", _LATER, _XL),
    _ignored("vsnd", _L, "Paravirtual sound cards", _LATER, _XL),
    _ignored("pvcalls", _L, "Paravirtual sockets", _LATER, _XL),
    _ignored("dtdev", _L, "Device tree nodes for the guest", _LATER, _XL),
    _ignored("ioports", _L, "I/O ports of the host for the guest", _LATER),
    _ignored("irqs", _L, "Interrupts of the host for the guest", _LATER, _XL),
    _ignored("irq", _L, "Interrupts of the host for the guest", _LATER, _XM),
    _ignored("iomem", _L, "Memory of the host's devices for the guest", _LATER, _XL),
    _ignored("rdm", _T, "Reserved device memory", _HYPERVISOR, _XL),
    _ignored("gfx_passthru", _A, "Graphics card of the host for the guest", _LATER),
    _ignored("pci_msitranslate", _N, "Translate interrupts of PCI devices", _LATER),
    _ignored("pci_power_mgmt", _N, "Let the guest manage the power of PCI devices", _LATER),
    _ignored("pci_permissive", _N, "Let the guest write all of a PCI device's registers", _LATER, _XL),
    _ignored("pci_seize", _N, "Take PCI devices from the host's drivers", _LATER, _XL),
    _ignored("blkif", _F, "The domain serves disks to others", "there are no driver domains on QEMU"),
    _ignored("netif", _F, "The domain serves networks to others", "there are no driver domains on QEMU"),
    _ignored("tpmif", _A, "The domain serves TPMs to others", "there are no driver domains on QEMU"),
    _ignored("driver_domain", _F, "The domain serves devices to others", "there are no driver domains on QEMU", _XL),
)
_DISPLAY = (
    _honoured("vnc", _F, None, "Show the display over VNC"),
    _honoured("vnclisten", _T, None, "Address on which VNC listens, also with :DISPLAY"),
    _honoured("vncdisplay", _N, None, "VNC display number (port 5900 + number)"),
    _honoured("vncunused", _F, True, "Take the first free VNC display"),
    _honoured("vncpasswd", _T, None, "Password of VNC"),
    _ignored("vncviewer", _F, "Start a VNC viewer", "a viewer is started by hand"),
    _ignored("vncconsole", _F, "Start a VNC viewer", "a viewer is started by hand", _XM),
    _ignored("sdl", _F, "Show the display in a window of the host", _NOT_YET),
    _honoured("opengl", _F, False, "Let the window use OpenGL"),
    _ignored("display", _T, "X display of the window", "the window belongs to who opens it"),
    _ignored("xauthority", _T, "X authority of the window", "the window belongs to who opens it"),
    _honoured("nographic", _F, False, "No display at all"),
    _honoured("stdvga", _F, False, "A standard VGA card instead of a Cirrus one"),
    _honoured("vga", _T, None, "The VGA card: cirrus, stdvga, qxl, none", _XL),
    _honoured("videoram", _N, None, "Memory of the VGA card in MiB"),
    _honoured("keymap", _T, None, "Keyboard layout of the viewer"),
    _ignored("spice", _F, "Show the display over SPICE", "VNC is offered instead", _XL),
    *(
        _ignored(name, _A, "A setting of SPICE", "VNC is offered instead", _XL)
        for name in (
            "spicehost", "spiceport", "spicetls_port", "spicedisable_ticketing", "spicepasswd",
            "spiceagent_mouse", "spicevdagent", "spice_clipboard_sharing", "spiceusbredirection",
            "spice_image_compression", "spice_streaming_video",
        )
    ),
)  # fmt: skip
_PLATFORM = (
    _honoured("acpi", _F, True, "ACPI for an HVM guest"),
    _honoured("apic", _F, True, "APIC for an HVM guest"),
    _honoured("pae", _F, True, "PAE for an HVM guest"),
    _translated("viridian", _A, False, "Hyper-V interfaces for Windows", "QEMU's hv_* CPU features"),
    _honoured("localtime", _F, False, "The guest's clock shows local time"),
    _honoured("rtc_timeoffset", _N, 0, "Seconds that the guest's clock is ahead of UTC"),
    _honoured("usb", _F, False, "A USB controller"),
    _honoured("usbdevice", _A, None, "Emulated USB devices: tablet, mouse"),
    _honoured("soundhw", _T, None, "Emulated sound cards: sb16, es1370, ac97, hda"),
    _honoured("serial", _A, None, "The first serial port: pty, none, or one of QEMU's character devices"),
    _ignored("parallel", _A, "The parallel port", _LATER),
    _ignored("monitor", _F, "QEMU's monitor in the window", "xend keeps the monitor"),
    _ignored("monitor_path", _T, "Where QEMU's monitor listens", "xend keeps the monitor", _XM),
    _ignored("ne2000", _F, "Emulate an NE2000 card", "name the card in vif: model=ne2k_pci", _XM),
    _ignored("nic", _N, "Number of cards, of old files", "use nics or vif", _XM),
    _ignored("audio", _F, "Sound, of old files", "use soundhw", _XM),
    _ignored("isa", _F, "An ISA-only machine", _LATER, _XM),
    _ignored("guest_os_type", _T, "What the guest runs", "nothing depends on it", _XM),
    *(
        _ignored(name, _A, "The device model of Xen", "QEMU itself is the engine")
        for name in (
            "device_model", "device_model_version", "device_model_override", "device_model_args",
            "device_model_args_pv", "device_model_args_hvm", "device_model_machine",
            "device_model_stubdomain_override", "device_model_user", "device_model_stubdomain_seclabel",
            "stubdomain_kernel", "stubdomain_ramdisk",
            "stubdomain_cmdline", "stubdomain_memory", "gfx_passthru_kind",
        )
    ),
    *(
        _ignored(name, _A, "A setting of Xen's virtual hardware", _HYPERVISOR)
        for name in (
            "hap", "nestedhvm", "hpet", "timer_mode", "tsc_mode", "vpt_align", "xen_platform_pci", "nx",
            "s3_integrity", "oos", "acpi_s3", "acpi_s4", "acpi_laptop_slate", "acpi_firmware", "smbios_firmware",
            "smbios", "ms_vm_genid", "mca_caps", "mmio_hole", "hdtype", "vendor_device", "altp2m", "altp2mhvm",
            "vpmu", "nodes", "vnuma", "numa_placement", "cpuid", "cpuid_check", "cpus_soft", "extratime",
            "period", "slice", "latency", "pool", "shadow_memory", "machine_address_size",
            "suppress_spurious_page_faults", "superpages", "memory_sharing", "nomigrate", "target", "vhpt",
            "e820_host", "passthrough", "max_grant_frames", "max_grant_version", "max_maptrack_frames",
            "max_event_channels", "exec_ssidref", "init_seclabel", "seclabel", "access_control", "claim_mode",
            "pvh", "pvshim", "pvshim_path", "pvshim_cmdline", "pvshim_extra", "msr_relaxed", "vmtrace_buf_kb",
            "vuart", "tee", "gic_version", "iommu", "xend_suspend_evtchn_compat", "argo", "disable_migrate",
            "acpi_s3_s4", "rdm_mem_boundary", "xenstore_quota", "xenstore_feature_mask", "arm_sci", "sve",
            "nr_spis", "trap_unmapped_accesses", "llc_colors", "vkb_device", "xen_platform_pci_bar_uc", "psr",
            "dm_restrict", "altp2m_count", "hvm_pirq", "device_tree",
        )
    ),
)  # fmt: skip


def _with_xen(key: Key) -> Key:
    """The column `xen` follows the column `qemu` where nothing else is said."""
    name = key.name
    if name in keys_on_xen.HONOURED:
        return key
    if name in keys_on_xen.TRANSLATED:
        return replace(key, xen=Effect.TRANSLATED, xen_reason=keys_on_xen.TRANSLATED[name])
    if name in keys_on_xen.IGNORED:
        return replace(key, xen=Effect.IGNORED, xen_reason=keys_on_xen.IGNORED[name])
    return replace(key, xen=key.qemu, xen_reason=key.reason)


KEYS: dict[str, Key] = {
    key.name: _with_xen(key) for group in (_GENERAL, _BOOT, _DEVICES, _DISPLAY, _PLATFORM) for key in group
}
"""Every key by its name."""

MEANT = {
    "initrd": "ramdisk",
    "image": "kernel",
    "root_device": "root",
    "append": "extra",
    "cpu_count": "vcpus",
    "ncpus": "vcpus",
    "mem": "memory",
    "ram": "memory",
    "bridge": "vif",
    "mac": "vif",
    "disks": "disk",
    "vifs": "vif",
    "network": "vif",
    "nic_model": "vif",
    "vncpassword": "vncpasswd",
    "vncpass": "vncpasswd",
    "vncport": "vncdisplay",
    "vnc_listen": "vnclisten",
    "hdd": "disk",
    "sound": "soundhw",
    "max_memory": "maxmem",
}
"""Words of other tools and what they are called here."""
