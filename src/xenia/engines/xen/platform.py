"""The board of a guest beside its devices: what Xen or its QEMU emulates, clock, USB, sound and serial ports."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.remarks import note, warning
from xenia.engines.xen.xlcfg import Settings
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind, Platform
from xenia.model.usb import KNOWN, is_hosts, usb_word, usb_words

_SOUND = {
    "ac97": "ac97",
    "es1370": "es1370",
    "sb16": "sb16",
    "adlib": "adlib",
    "hda": "hda",
    "intel-hda": "hda",
}

VIRIDIAN = frozenset(
    {
        "base", "freq", "time_ref_count", "reference_tsc", "hcall_remote_tlb_flush", "apic_assist", "crash_ctl",
        "stimer", "hcall_ipi", "ex_processor_masks", "no_vp_limit", "cpu_hotplug", "defaults", "all",
    }
)  # fmt: skip
"""xl.cfg(5), viridian; a group with ! before it is left out."""


def platform_settings(config: DomainConfig) -> Settings:
    """What differs from the defaults of xl.cfg(5), and the serial port."""
    platform = config.platform
    settings: Settings = {}
    if platform.localtime:
        settings["localtime"] = 1
    if platform.rtc_timeoffset:
        settings["rtc_timeoffset"] = platform.rtc_timeoffset
    if config.kind is not Kind.PV and not platform.acpi:
        settings["acpi"] = 0
    return settings | (_hvm(config) if config.kind is Kind.HVM else {})


def _hvm(config: DomainConfig) -> Settings:
    platform = config.platform
    settings: Settings = {key: 0 for key, on in (("apic", platform.apic), ("pae", platform.pae)) if not on}
    if platform.viridian:
        settings["viridian"] = _viridian_groups(config) or 1
    usb = [word for word in usb_words(platform.usb_devices) if not is_hosts(word)]
    if platform.usb or usb:
        settings["usb"] = 1
    if usb:
        settings["usbdevice"] = usb
    if sound := _SOUND.get((platform.sound or "").lower()):
        settings["soundhw"] = sound
    # The first port is always there, and xm console leads to it.
    return settings | {"serial": serial_ports(platform)}


def serial_ports(platform: Platform) -> list[str]:
    """The serial ports in order, COM1 first. Only `pty` is had: all else names files, programs or doors of the host."""
    ports = ["pty", *("pty" if word == "pty" else "none" for word in platform.serial[1:])]
    while ports[-1] == "none":
        ports.pop()
    return ports


def explain_platform(config: DomainConfig) -> Iterator[Complaint]:
    """What of the board has no effect."""
    if config.kind is not Kind.HVM:
        yield from _explain_missing(config)
        return
    platform = config.platform
    if platform.agent is not None:
        yield note("agent", "agent has no effect on Xen: a guest there tells of itself by xenstore")
    for device in platform.usb_devices:
        if usb_word(device) is None:
            yield warning("usbdevice", f"usbdevice={device!r} is not known and has no effect", KNOWN)
    if platform.sound and platform.sound.lower() not in _SOUND:
        known = ", ".join(sorted(_SOUND))
        yield warning("soundhw", f"soundhw={platform.sound!r} is not known and has no effect", f"known are {known}")
    for number, word in enumerate(platform.serial):
        if word != "pty" and (word != "none" or not number):
            yield note(
                "serial",
                f"serial={word!r} has no effect on Xen: a serial port leads to xm console or nowhere, never to files "
                "or programs of the host",
            )


def _explain_missing(config: DomainConfig) -> Iterator[Complaint]:
    platform = config.platform
    for key, value in (
        ("viridian", platform.viridian),
        ("usb", platform.usb),
        ("usbdevice", [word for word in usb_words(platform.usb_devices) if not is_hosts(word)]),
        ("soundhw", platform.sound),
        ("serial", platform.serial),
    ):
        if value:
            yield note(key, f"{key} has no effect in a {config.kind} guest: nothing is emulated for it")


def _viridian_groups(config: DomainConfig) -> list[str]:
    raw = config.other.get("viridian")
    groups = raw if isinstance(raw, list) else []
    return [str(group) for group in groups if str(group).removeprefix("!") in VIRIDIAN]
