"""A configuration as libvirt's domain XML, of its Xen driver."""

from __future__ import annotations

from typing import Any

from xenia.guestfile.convert.numbered import lettered
from xenia.guestfile.convert.written import Written
from xenia.guestfile.cpus import ANY_CPU
from xenia.guestfile.libvirt.write_devices import add_devices
from xenia.guestfile.write import extra_of, order_settings
from xenia.lib.xml import Node, dump
from xenia.model.boot import Boot, Firmware
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import invalid

_TYPES = {Kind.HVM: ("xenfv", "hvm"), Kind.PV: ("xenpv", "linux"), Kind.PVH: ("xenpvh", "xenpvh")}
_DEVICES = {"a": "fd", "c": "hd", "d": "cdrom", "n": "network"}
_TSC = {"always_emulate": "emulate", "1": "emulate", "native": "native", "2": "native", "native_paravirt": "paravirt"}
_ELSEWHERE = frozenset({"viridian", "hap", "hpet", "tsc_mode", "pci", "usbdev", "parallel", "max_grant_frames",
                        "max_event_channels", "description"})  # fmt: skip
"""Keys of `other` that some element stands for."""


def to_libvirt(config: DomainConfig) -> Written:
    """Raises invalid for a value that XML cannot hold."""
    root = Node("domain", {"type": "xen"})
    config, renamed = lettered(config)
    lost = [*renamed, *_lost(config)]
    root.add("name", text=config.name)
    if config.uuid:
        root.add("uuid", text=config.uuid)
    if description := config.other.get("description"):
        root.add("description", text=str(description))
    _add_memory(root, config)
    if config.boot.bootloader:
        root.add("bootloader", text=config.boot.bootloader)
        if config.boot.bootargs:
            root.add("bootloader_args", text=config.boot.bootargs)
    _add_os(root, config)
    if config.kind is Kind.HVM:
        _add_features(root, config)
    _add_clock(root, config)
    for key in ("on_poweroff", "on_reboot", "on_crash"):
        root.add(key, text=getattr(config.policy, key).value)
    add_devices(root.add("devices"), config, lost)
    try:
        return Written(dump(root), tuple(lost))
    except ValueError as error:
        raise invalid(str(error), "take them out of the guest file") from None


def _lost(config: DomainConfig) -> list[str]:
    lost = [f"{name} = {value!r}: libvirt has no word for it" for name, value in config.other.items()
            if name not in _ELSEWHERE]  # fmt: skip
    for key, value in (("cpu_weight", config.cpu_weight), ("cpu_cap", config.cpu_cap)):
        if value is not None:
            lost.append(f"{key} = {value}: libvirt sets it on a running domain only (virsh schedinfo)")
    lost += [f"cpus = {text!r}: libvirt knows CPUs by their numbers only" for text in (config.cpus, *config.vcpu_pins)
             if text and text != ANY_CPU and not _is_cpuset(text)]  # fmt: skip
    lost += [f"{name} = {value!r}: libvirt has no start order" for name, value in order_settings(config.order)]
    if config.tags:
        lost.append(f"tags = {list(config.tags)!r}: libvirt has no tags")
    if isinstance(config.other.get("viridian"), list):
        lost.append(f"viridian = {config.other['viridian']!r}: libvirt switches all of it on or off")
    return lost


def _is_cpuset(text: str) -> bool:
    """Whether libvirt can read it: it has no `all` and no `nodes:`."""
    return not any(char.isalpha() for char in text)


def _add_memory(root: Node, config: DomainConfig) -> None:
    most = max(config.memory, config.max_memory or 0)
    root.add("memory", {"unit": "KiB"}, str(most * 1024))
    root.add("currentMemory", {"unit": "KiB"}, str(config.memory * 1024))
    vcpus = max(config.vcpus, config.max_vcpus or 0)
    current = str(config.vcpus) if vcpus != config.vcpus else None
    of_all = config.cpus if config.cpus and _is_cpuset(config.cpus) else None
    root.add("vcpu", {"placement": "static", "cpuset": of_all, "current": current}, str(vcpus))
    pins = [(number, pin) for number, pin in enumerate(config.vcpu_pins) if _is_cpuset(pin)]
    if pins:
        tune = root.add("cputune")
        for number, pin in pins:
            tune.add("vcpupin", {"vcpu": str(number), "cpuset": pin})


def _add_os(root: Node, config: DomainConfig) -> None:
    boot, (machine, kind) = config.boot, _TYPES[config.kind]
    firmware = config.kind is Kind.HVM and not boot.direct
    os = root.add("os", {"firmware": "efi" if firmware and boot.firmware is Firmware.UEFI else None})
    os.add("type", {"arch": "x86_64", "machine": machine}, kind)
    for name, text in (("kernel", boot.kernel), ("initrd", boot.ramdisk), ("cmdline", _command_line(boot))):
        if text:
            os.add(name, text=text)
    for letter in boot.order if firmware else "":
        os.add("boot", {"dev": _DEVICES[letter]})


def _command_line(boot: Boot) -> str:
    root = f"root={boot.root}" if boot.root else ""
    return " ".join(part for part in (root, extra_of(boot)) if part)


def _add_features(root: Node, config: DomainConfig) -> None:
    platform = config.platform
    features = root.add("features")
    for name in ("acpi", "apic", "pae", "viridian"):
        if getattr(platform, name):
            features.add(name)
    if "hap" in config.other:
        features.add("hap", {"state": None if _is_on(config.other["hap"]) else "off"})


def _add_clock(root: Node, config: DomainConfig) -> None:
    """An HVM guest's clock is its own, that of others follows the host's."""
    platform = config.platform
    basis = "localtime" if platform.localtime else "utc"
    if config.kind is Kind.HVM or platform.rtc_timeoffset:
        adjustment = str(platform.rtc_timeoffset)
        clock = root.add("clock", {"offset": "variable", "adjustment": adjustment, "basis": basis})
    else:
        clock = root.add("clock", {"offset": basis, "adjustment": "reset"})
    if "hpet" in config.other:
        clock.add("timer", {"name": "hpet", "present": "yes" if _is_on(config.other["hpet"]) else "no"})
    mode = _TSC.get(str(config.other.get("tsc_mode", "")))
    if mode:
        clock.add("timer", {"name": "tsc", "present": "yes", "mode": mode})


def _is_on(value: Any) -> bool:
    return str(value).strip().lower() not in ("0", "false", "no", "off", "")
