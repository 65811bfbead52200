"""What tunes Xen itself: memory management, limits, security labels, and what is for ARM."""

from __future__ import annotations

from typing import Any

from xenia.guestfile.keys.fates import ARM, FILE_OF_HOST, NEWER_XEN, NO_HYPERVISOR, NOT_IN_XL
from xenia.guestfile.keys.key import HONOURED, Dialect, Fate, Key, KeyType, ignored

_TEXT, _NUMBER, _FLAG, _LIST, _ANY = KeyType.TEXT, KeyType.NUMBER, KeyType.FLAG, KeyType.LIST, KeyType.ANY
_XM, _XL, _BOTH = Dialect.XM, Dialect.XL, Dialect.BOTH
_NO_LABELS = ignored("Debian's Xen is built without security labels")
_TYPE_PVH = ignored("type = 'pvh' is the word for it")


def _tunes(
    name: str,
    type: KeyType,
    default: Any,
    meaning: str,
    example: str,
    dialect: Dialect = _XL,
    xen: Fate = HONOURED,
    *,
    form: str = "",
) -> Key:
    return Key(name, type, default, meaning, example, dialect, NO_HYPERVISOR, xen, form)


KEYS = (
    _tunes("hap", _FLAG, True, "The hardware translates the guest's addresses", "hap = 0", _BOTH),
    _tunes("oos", _FLAG, True, "Page tables of the guest may lag behind", "oos = 0", _BOTH),
    _tunes("shadow_memory", _NUMBER, None, "Memory for its page tables, in MiB", "shadow_memory = 16", _BOTH),
    _tunes("mmio_hole", _NUMBER, None, "Room for devices below 4 GiB, in MiB, 256 to 3840", "mmio_hole = 2048"),
    _tunes(
        "altp2m",
        _TEXT,
        "disabled",
        "Several views of memory, for introspection: disabled, mixed, external, limited",
        "altp2m = 'external'",
    ),
    _tunes("altp2mhvm", _FLAG, False, "Older word for altp2m = 'mixed'", "altp2mhvm = 1"),
    _tunes("altp2m_count", _NUMBER, None, "How many such views there can be", "altp2m_count = 10", xen=NEWER_XEN),
    _tunes("hvm_pirq", _FLAG, None, "Interrupts of devices by event channels", "hvm_pirq = 0", xen=NEWER_XEN),
    _tunes(
        "nomigrate",
        _FLAG,
        False,
        "The domain is never migrated, so that it can see more of the host's CPU",
        "nomigrate = 1",
        _BOTH,
    ),
    _tunes("disable_migrate", _FLAG, None, "Older word for nomigrate", "disable_migrate = 1", xen=NOT_IN_XL),
    _tunes(
        "xend_suspend_evtchn_compat",
        _FLAG,
        False,
        "Suspend the guest in the way of old kernels",
        "xend_suspend_evtchn_compat = 1",
    ),
    _tunes("max_grant_frames", _NUMBER, None, "Pages of grant tables at most", "max_grant_frames = 64"),
    _tunes("max_grant_version", _NUMBER, None, "Version of grant tables at most: 0, 1, 2", "max_grant_version = 1"),
    _tunes("max_maptrack_frames", _NUMBER, None, "Pages for mapped grants at most", "max_maptrack_frames = 1024"),
    _tunes("max_event_channels", _NUMBER, 1023, "Event channels at most", "max_event_channels = 4095"),
    _tunes("xenstore_quota", _LIST, None, "Limits in xenstore", "xenstore_quota = ['nodes=2000']", xen=NEWER_XEN),
    _tunes(
        "xenstore_feature_mask",
        _NUMBER,
        None,
        "Features of xenstore that the guest sees",
        "xenstore_feature_mask = 0",
        xen=NEWER_XEN,
    ),
    _tunes("dm_restrict", _FLAG, False, "Take rights from the guest's QEMU once it runs", "dm_restrict = 1"),
    _tunes("pvshim", _FLAG, False, "A PV guest in a PVH one, with a small Xen between", "pvshim = 1"),
    _tunes("pvshim_cmdline", _TEXT, "pv-shim console=xen,pv", "Words for that Xen", "pvshim_cmdline = 'pv-shim'"),
    _tunes("pvshim_extra", _TEXT, None, "More words for that Xen", "pvshim_extra = 'loglvl=all'"),
    _tunes("pvshim_path", _TEXT, None, "Another file of that Xen", "pvshim_path = '/opt/xen-shim'", xen=FILE_OF_HOST),
    _tunes("pvh", _FLAG, None, "The domain is PVH, in files for Xen 4.4 to 4.9", "pvh = 1", xen=_TYPE_PVH),
    _tunes(
        "claim_mode",
        _FLAG,
        None,
        "Claim memory before it is filled",
        "claim_mode = 1",
        xen=ignored("it is a setting of the whole host, in xl.conf"),
    ),
    _tunes("argo", _FLAG, None, "Messages between domains", "argo = 1", xen=NOT_IN_XL),
    _tunes("seclabel", _TEXT, None, "Security label", "seclabel = 'system_u:system_r:domU_t'", xen=_NO_LABELS),
    _tunes("init_seclabel", _TEXT, None, "Label while it is built", "init_seclabel = 'a:b:c'", xen=_NO_LABELS),
    _tunes("exec_ssidref", _NUMBER, None, "Number of its label", "exec_ssidref = 3", xen=_NO_LABELS),
    _tunes(
        "access_control",
        _LIST,
        None,
        "Security label of xm",
        "access_control = ['policy=p,label=l']",
        _XM,
        _NO_LABELS,
    ),
    _tunes("target", _NUMBER, None, "Which domain this one serves as device model", "target = 3", _XM, NOT_IN_XL),
    _tunes("memory_sharing", _FLAG, None, "Equal pages are kept once", "memory_sharing = 1", _XM, NOT_IN_XL),
    _tunes("superpages", _NUMBER, None, "A PV guest of superpages only", "superpages = 1", _XM, NOT_IN_XL),
    _tunes(
        "machine_address_size",
        _NUMBER,
        None,
        "Bits of the host's addresses that the guest can use",
        "machine_address_size = 36",
        _XM,
        NOT_IN_XL,
    ),
    _tunes(
        "suppress_spurious_page_faults",
        _FLAG,
        None,
        "Keep needless page faults from the guest",
        "suppress_spurious_page_faults = 1",
        _XM,
        NOT_IN_XL,
    ),
    _tunes("s3_integrity", _FLAG, None, "Check the memory after a sleep", "s3_integrity = 1", _XM, NOT_IN_XL),
    _tunes("vhpt", _NUMBER, None, "Size of a page table of Itanium", "vhpt = 23", _XM, NOT_IN_XL),
    _tunes("gic_version", _TEXT, None, "Interrupt controller", "gic_version = 'v3'", xen=ARM),
    _tunes("vuart", _TEXT, None, "Serial port", "vuart = 'sbsa_uart'", xen=ARM),
    _tunes("tee", _TEXT, None, "Trusted execution", "tee = 'optee'", xen=ARM),
    _tunes("arm_sci", _TEXT, None, "Firmware interface", "arm_sci = 'type=scmi_smc'", xen=ARM),
    _tunes("sve", _ANY, None, "Vector length", "sve = 128", xen=ARM, form="number, or text"),
    _tunes("nr_spis", _NUMBER, None, "Shared interrupts", "nr_spis = 32", xen=ARM),
    _tunes("device_tree", _TEXT, None, "Device tree", "device_tree = '/opt/guest.dtb'", xen=ARM),
    _tunes("llc_colors", _LIST, None, "Colours of the cache", "llc_colors = ['0-3']", xen=NEWER_XEN),
    _tunes(
        "trap_unmapped_accesses",
        _FLAG,
        None,
        "What is not mapped ends the guest",
        "trap_unmapped_accesses = 1",
        xen=NEWER_XEN,
    ),
)
