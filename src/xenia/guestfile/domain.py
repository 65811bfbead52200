"""A domain out of what its file and the command line give: name, memory, CPUs, policies, board, and the devices of the
other files.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from xenia.guestfile.boot import read_boot
from xenia.guestfile.cpus import read_cpus
from xenia.guestfile.disk import read_disks
from xenia.guestfile.given import Given, flag_of
from xenia.guestfile.keys import KEYS
from xenia.guestfile.names import NAME, TAKEN, why_unusable
from xenia.guestfile.order import read_order
from xenia.guestfile.pci import check_pci
from xenia.guestfile.tags import read_tags
from xenia.guestfile.vfb import read_display
from xenia.guestfile.vif import read_vifs
from xenia.model.domain import AGENT_PORT, DomainConfig, EndAction, Kind, Platform, Policy

_KINDS = {
    "hvm": Kind.HVM,
    "vmx": Kind.HVM,
    "vti": Kind.HVM,
    "svm": Kind.HVM,
    "pv": Kind.PV,
    "linux": Kind.PV,
    "netbsd": Kind.PV,
    "generic": Kind.PV,
    "plan9": Kind.PV,
    "pvh": Kind.PVH,
}
_RESTARTS = {"onreboot": EndAction.RESTART, "always": EndAction.RESTART, "never": EndAction.DESTROY}
_OLD_RESTART = {
    "always": (EndAction.RESTART, EndAction.RESTART, EndAction.RESTART),
    "onreboot": (EndAction.DESTROY, EndAction.RESTART, EndAction.DESTROY),
    "never": (EndAction.DESTROY, EndAction.DESTROY, EndAction.DESTROY),
}  # fmt: skip
_CORE_DUMPS = frozenset({EndAction.COREDUMP_DESTROY, EndAction.COREDUMP_RESTART})
_MOST_CPUS = 4096
_MOST_MEMORY = 1 << 26
_SMALL_MEMORY = 4

HELD = frozenset(
    {
        "name", "uuid", "builder", "type", "memory", "maxmem", "vcpus", "maxvcpus", "vcpu_avail", "cpus", "cpu",
        "cpu_weight", "cpu_cap", "cap", "on_poweroff", "on_reboot", "on_crash", "restart", "start_after", "start_delay",
        "stop_timeout", "tags", "kernel", "ramdisk", "root",
        "extra", "cmdline", "bootloader", "bootargs", "bootloader_args", "bootentry", "boot", "firmware",
        "bios", "ip", "gateway", "netmask", "hostname", "interface", "dhcp", "nfs_server", "nfs_root", "disk",
        "vif", "nics", "vfb", "fda", "fdb", "cdrom", "vnc", "vnclisten", "vncdisplay", "vncunused", "vncpasswd",
        "rdp", "vncviewer", "sdl", "opengl", "display", "xauthority",
        "nographic", "stdvga", "vga", "videoram", "keymap", "acpi", "apic", "pae",
        "localtime", "rtc_timeoffset", "usb", "usbdevice", "soundhw", "serial", "agent",
    }
)  # fmt: skip
"""The keys that fields of DomainConfig hold. One is not among them that a field holds in part: of `viridian` the field
has whether, the list of groups is kept as it is."""


def read_domain(given: Given, file: str) -> DomainConfig:
    """The configuration; what is wrong with it is among the complaints of `given`, and then it is not to be used."""
    given.stands_for("cap", "cpu_cap")
    given.stands_for("cpu", "cpus")
    kind = _kind(given)
    check_pci(given)
    memory, max_memory = _memory(given)
    vcpus, max_vcpus = _vcpus(given)
    cpus, vcpu_pins = read_cpus(given, vcpus, max(vcpus, max_vcpus or 0))
    return DomainConfig(
        name=_name(given, file),
        kind=kind,
        uuid=_uuid(given),
        memory=memory,
        max_memory=max_memory,
        vcpus=vcpus,
        max_vcpus=max_vcpus,
        cpus=cpus,
        vcpu_pins=vcpu_pins,
        cpu_weight=given.number("cpu_weight"),
        cpu_cap=given.number("cpu_cap", given.number("cap")),
        boot=read_boot(given, kind),
        disks=read_disks(given),
        vifs=read_vifs(given, kind),
        display=read_display(given, kind),
        policy=_policy(given),
        order=read_order(given),
        tags=read_tags(given),
        platform=_platform(given),
        other=_other(given),
    )


def _kind(given: Given) -> Kind:
    kinds = {}
    for key in ("builder", "type"):
        word = (given.word(key) or "").lower()
        if word and word not in _KINDS:
            given.error(
                key,
                f"{key} knows no {word}",
                f"{key} = 'hvm' for an unmodified guest, 'pv' or 'pvh' for one that knows Xen",
            )
        elif word:
            kinds[key] = _KINDS[word]
    if len(set(kinds.values())) > 1:
        given.warn(
            "builder",
            f"builder says {kinds['builder']} and type says {kinds['type']}: type counts",
            "remove one of the two",
        )
    return kinds.get("type", kinds.get("builder", Kind.PV))


def _name(given: Given, file: str) -> str:
    name = given.text("name") if given.has("name") else _name_of(given, file)
    if name is None:
        return "unnamed"
    unusable = why_unusable(name)
    if unusable is not None:
        given.error("name", *unusable)
    elif name.isdigit():
        given.warn("name", f"the name {name} looks like a domain id: commands will take it for one", "add a letter")
    return name


def _name_of(given: Given, file: str) -> str | None:
    name = file.rpartition("/")[2].removesuffix(".cfg")
    if NAME.fullmatch(name) and name not in TAKEN:
        given.note("name", f"the file gives the domain no name: it is called {name}, after the file")
        return name
    given.error("name", "the file gives the domain no name", "name = 'NAME'")
    return None


def _uuid(given: Given) -> str | None:
    text = given.word("uuid")
    if text is None:
        return None
    if re.fullmatch(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        value = uuid.UUID(text)
        if value.int:
            return str(value)
    given.error("uuid", f"{text} is no UUID for a domain", "leave it out: one is made and kept")
    return None


def _memory(given: Given) -> tuple[int, int | None]:
    memory = given.number("memory")
    most = given.number("maxmem")
    if memory is None:
        memory = most if most is not None and not given.has("memory") and most < 128 else 128
        if not given.has("memory"):
            given.note("memory", f"the file gives no memory: it is {memory} MiB, as under xm", f"memory = {memory}")
    for key, size in (("memory", memory), ("maxmem", most)):
        if size is not None and not 0 < size <= _MOST_MEMORY:
            given.error(key, f"a domain cannot have {size} MiB of memory", "memory = 512")
        elif size is not None and size < _SMALL_MEMORY:
            given.warn(
                key,
                f"{key} is in MiB: {size} MiB are too little for nearly every guest",
                f"{key} = {size * 1024} for {size} GiB",
            )
    if most is not None and most < memory:
        given.warn("maxmem", f"maxmem ({most}) is less than memory ({memory}): it has no effect", f"maxmem = {memory}")
        most = None
    return memory, most


def _vcpus(given: Given) -> tuple[int, int | None]:
    """xl: `vcpus` at the start of `maxvcpus`; xm: those of the mask `vcpu_avail` of `vcpus`."""
    vcpus, most = given.number("vcpus", 1) or 0, given.number("maxvcpus")
    for key, count in (("vcpus", vcpus), ("maxvcpus", most)):
        if count is not None and not 0 < count <= _MOST_CPUS:
            given.error(key, f"a domain cannot have {count} virtual CPUs", f"{key} = 1")
            return 1, None
    mask = given.number("vcpu_avail")
    if mask is not None:
        online = (mask & ((1 << vcpus) - 1)).bit_count() if mask > 0 else 0
        if not online:
            given.error(
                "vcpu_avail",
                f"vcpu_avail is a bit mask of virtual CPUs: {mask} leaves none of {vcpus}",
                f"vcpu_avail = {(1 << vcpus) - 1}",
            )
        return max(online, 1), vcpus if most is None else max(vcpus, most)
    if most is not None and most < vcpus:
        given.warn(
            "maxvcpus", f"maxvcpus ({most}) is less than vcpus ({vcpus}): it has no effect", f"maxvcpus = {vcpus}"
        )
        most = None
    return vcpus, most


def _policy(given: Given) -> Policy:
    poweroff, reboot, crash = EndAction.DESTROY, EndAction.RESTART, EndAction.RESTART
    word = (given.word("restart") or "").lower()
    if word in _OLD_RESTART:
        poweroff, reboot, crash = _OLD_RESTART[word]
    elif word:
        given.error(
            "restart",
            f"restart knows no {word}",
            "onreboot, always or never; newer files use on_poweroff, on_reboot, on_crash",
        )
    return Policy(
        _action(given, "on_poweroff", poweroff),
        _action(given, "on_reboot", reboot),
        _action(given, "on_crash", crash),
    )


def _action(given: Given, key: str, default: EndAction) -> EndAction:
    word = (given.word(key) or "").lower().replace("_", "-")
    if not word:
        return default
    if word in _RESTARTS:
        return _RESTARTS[word]
    if word == "soft-reset":
        given.note(key, f"{key} = 'soft-reset' becomes restart: the guest is started anew, not in the memory it had")
        return EndAction.RESTART
    if word not in list(EndAction) or (EndAction(word) in _CORE_DUMPS and key != "on_crash"):
        allowed = [action.value for action in EndAction if key == "on_crash" or action not in _CORE_DUMPS]
        given.error(key, f"{key} knows no {word}", f"one of {', '.join(allowed)}")
        return default
    return EndAction(word)


def _platform(given: Given) -> Platform:
    return Platform(
        acpi=given.flag("acpi", True),
        apic=given.flag("apic", True),
        pae=given.flag("pae", True),
        viridian=_viridian(given),
        localtime=given.flag("localtime", False),
        rtc_timeoffset=given.number("rtc_timeoffset", 0) or 0,
        usb=given.flag("usb", False),
        usb_devices=given.words("usbdevice"),
        sound=given.word("soundhw"),
        serial=given.words("serial"),
        agent=_agent(given),
    )


def _agent(given: Given) -> bool | None:
    """xl's word for it is a channel of the name that the agent looks for."""
    if given.has("agent"):
        return given.flag("agent", True)
    return True if any(AGENT_PORT in channel for channel in given.words("channel")) else None


def _viridian(given: Given) -> bool:
    """A flag, or xl's list of groups. xl goes on without a group that stands outside of a list."""
    if given.has("viridian") and isinstance(given.raw("viridian"), list):
        return bool(given.words("viridian"))
    word = str(given.raw("viridian")) if given.has("viridian") else ""
    if word.isidentifier() and flag_of(word) is None:
        message = f"viridian takes 0, 1 or a list of groups, not '{word}': it has no effect, as under xl"
        given.warn("viridian", message, f"viridian = [ '{word}' ]")
        return False
    return given.flag("viridian", False)


def _other(given: Given) -> dict[str, Any]:
    return {name: given.raw(name) for name in given.bindings if name in KEYS and name not in HELD and given.has(name)}
