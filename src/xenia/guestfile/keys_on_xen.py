"""The column `xen` of the table of keys: what becomes of a key on Xen where that is not what becomes of it on QEMU.

Sources: xl.cfg(5) of Xen 4.17 and xl_parse.c for what xl knows. What names files, programs or devices of the host, or
opens doors to it, is kept from xl: a guest file is not trusted with those.
"""

from __future__ import annotations

HONOURED = frozenset(
    {
        "acpi_laptop_slate", "acpi_s3", "acpi_s4", "altp2m", "altp2mhvm", "cap", "cpu_cap", "cpu_weight", "cpuid",
        "cpus", "cpus_soft", "dm_restrict", "e820_host", "extratime", "hap", "hdtype", "hpet", "latency",
        "max_event_channels", "max_grant_frames", "max_grant_version", "max_maptrack_frames", "maxmem", "mca_caps",
        "mmio_hole", "ms_vm_genid", "msr_relaxed", "nestedhvm", "nomigrate", "nx", "oos", "period", "pool", "pvshim",
        "pvshim_cmdline", "pvshim_extra", "shadow_memory", "slice", "timer_mode", "tsc_mode", "usbversion",
        "vendor_device", "viridian", "vkb_device", "vmtrace_buf_kb", "vpmu", "vpt_align", "xen_platform_pci",
        "xend_suspend_evtchn_compat",
    }
)  # fmt: skip

TRANSLATED = {
    "cpu": "cpus, for all virtual CPUs",
    "serial": "pty or none: all else names files or programs of the host",
    "usbdevice": "tablet, mouse and keyboard: all else names devices or files of the host",
    "vnclisten": "127.0.0.1 whatever it says: VNC has neither password nor TLS on Xen",
}
"""To what each is translated."""

_REASONS = {
    "only xm knew it: xl has no word for it": (
        "acpi_s3_s4", "argo", "cpuid_check", "disable_migrate", "features", "irq", "isa", "machine_address_size",
        "memory_sharing", "nodes", "numa_placement", "psr", "s3_integrity", "superpages",
        "suppress_spurious_page_faults", "target", "vhpt", "vscsi", "vusb",
    ),
    "the Xen of Debian 12 (4.17) does not know it": (
        "altp2m_count", "hvm_pirq", "llc_colors", "smbios", "trap_unmapped_accesses", "xen_platform_pci_bar_uc",
        "xenstore_feature_mask", "xenstore_quota",
    ),
    "this device is not offered on Xen yet": (
        "channel", "parallel", "pvcalls", "usbctrl", "vdisk", "vdispl", "virtio", "vkb", "vsnd", "vtpm",
    ),
    "devices of the host are not handed out by guest files yet": (
        "gfx_passthru", "gfx_passthru_kind", "iomem", "iommu", "ioports", "irqs", "passthrough", "pci",
        "pci_msitranslate", "pci_permissive", "pci_power_mgmt", "pci_seize", "rdm", "rdm_mem_boundary", "usbdev",
    ),
    "it names a file or folder of the host, which no guest file may choose": (
        "acpi_firmware", "bios_path_override", "firmware_override", "loader", "p9", "pvshim_path", "smbios_firmware",
    ),
    "it would run another program on the host, or Xen's QEMU in another way": (
        "device_model_args", "device_model_args_hvm", "device_model_args_pv", "device_model_machine",
        "device_model_override", "device_model_stubdomain_override", "device_model_stubdomain_seclabel",
        "device_model_user", "stubdomain_cmdline", "stubdomain_kernel", "stubdomain_memory", "stubdomain_ramdisk",
    ),
    "Xen's tools choose their QEMU themselves": ("device_model", "device_model_version"),
    "driver domains cannot be used yet": ("blkif", "driver_domain", "netif", "tpmif"),
    "Debian's Xen is built without security labels": ("access_control", "exec_ssidref", "init_seclabel", "seclabel"),
    "it is for ARM": ("arm_sci", "device_tree", "dtdev", "gic_version", "nr_spis", "sve", "tee", "vuart"),
    "xend alone acts on the end of a guest": ("on_soft_reset", "on_watchdog"),
    "Xen's tools give no guest a floppy drive": ("fda", "fdb"),
    "Debian's QEMU for Xen has no VNC passwords: VNC is not opened where one is asked for": ("vncpasswd",),
    "Debian's QEMU for Xen has no windows": ("opengl", "sdl"),
    "it is a setting of the whole host, in xl.conf": ("claim_mode",),
    "guests are not told of NUMA nodes yet": ("vnuma",),
    "type = 'pvh' is the word for it": ("pvh",),
}  # fmt: skip

IGNORED = {name: reason for reason, names in _REASONS.items() for name in names}
"""Why each has no effect."""
