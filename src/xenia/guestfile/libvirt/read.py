"""libvirt's domain XML as a guest file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xenia.guestfile.bindings import Evaluated
from xenia.guestfile.cpus import ANY_CPU
from xenia.guestfile.libvirt.draft import Draft
from xenia.guestfile.libvirt.read_devices import read_devices
from xenia.guestfile.overrides import read_overrides
from xenia.guestfile.read import reading_of
from xenia.guestfile.text import Refused, prepare
from xenia.lib.xml import Node, XmlError, parse
from xenia.model.reading import Reading

_KINDS = {"hvm": "hvm", "linux": "pv", "xen": "pv", "xenpv": "pv", "xenpvh": "pvh"}
_LETTERS = {"fd": "a", "hd": "c", "cdrom": "d", "network": "n"}
_UNITS = {"b": 1, "bytes": 1, "KB": 1000, "k": 1 << 10, "KiB": 1 << 10, "MB": 1000**2, "M": 1 << 20, "MiB": 1 << 20,
          "GB": 1000**3, "G": 1 << 30, "GiB": 1 << 30, "TB": 1000**4, "T": 1 << 40, "TiB": 1 << 40}  # fmt: skip
_TSC = {"native": "native", "emulate": "always_emulate", "paravirt": "native_paravirt"}
_MOST_CPUS = 4096
_QUIET_TIMERS = frozenset({"rtc", "pit", "kvmclock", "hypervclock"})


def is_domain_xml(text: str) -> bool:
    """Whether `text` is XML at all: no guest file begins with a <."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def read_libvirt(text: str, *, file: str, overrides: Sequence[str] = ()) -> Reading:
    """What the domain XML `text` means. As guestfile.read.read; what guest files have no word for is warned of."""
    given_words, _, complaints = read_overrides(overrides)
    try:
        source, notes = prepare(text, file)
    except Refused as refused:
        return Reading(file, None, (*complaints, refused.complaint))
    complaints += notes
    try:
        root = parse(source.text)
    except XmlError as error:
        return Reading(file, None, (*complaints, source.complaint(error.line, error.column, str(error))))
    draft = Draft(source)
    if root.name != "domain":
        draft.refuse(root, f"<{root.name}> is no <domain>: virsh dumpxml NAME prints one")
        return Reading(file, None, (*complaints, *draft.complaints))
    _read_domain(draft, root)
    draft.finish(root)
    bindings = draft.bindings | given_words
    return reading_of(file, bindings, Evaluated(bindings, python=False), [*complaints, *draft.complaints])


def _read_domain(draft: Draft, root: Node) -> None:
    elements = draft.elements
    kind = _read_os(draft, root)
    for key in ("name", "uuid", "bootloader", "bootloader_args", "description", "on_poweroff", "on_reboot", "on_crash"):
        if (node := elements.child(root, key)) is not None:
            draft.set(key, elements.text(root, key), node)
    _read_memory(draft, root)
    _read_vcpus(draft, root)
    _read_features(draft, root, kind)
    _read_clock(draft, root)
    read_devices(draft, elements.child(root, "devices"), kind)


def _read_os(draft: Draft, root: Node) -> str:
    elements = draft.elements
    os = elements.child(root, "os")
    node = elements.child(os, "type") or os or root
    word = elements.text(os, "type") or "hvm"
    kind = _KINDS.get(word)
    if kind is None:
        draft.refuse(node, f"the kind of guest {word} is not known: hvm, linux, xenpvh")
        kind = "hvm"
    draft.set("type", kind, node)
    for key, name in (("kernel", "kernel"), ("ramdisk", "initrd"), ("cmdline", "cmdline")):
        if (found := elements.child(os, name)) is not None:
            draft.set(key, elements.text(os, name), found)
    letters = [_LETTERS.get(elements.get(boot, "dev") or "", "") for boot in elements.children(os, "boot")]
    if os is not None and any(letters):
        draft.set("boot", "".join(letters), os)
    _read_loader(draft, os)
    return kind


def _read_loader(draft: Draft, os: Node | None) -> None:
    elements = draft.elements
    if os is not None and elements.get(os, "firmware") == "efi":
        draft.set("firmware", "uefi", os)
    loader, path = elements.child(os, "loader"), elements.text(os, "loader") or ""
    if loader is None:
        return
    pflash = elements.get(loader, "type") == "pflash"
    elements.whole(loader)
    if pflash or "ovmf" in path.lower():
        draft.set("firmware", "uefi", loader)
        draft.lose(loader, path or "<loader>", "the host's own UEFI is used")
    elif path and path.rpartition("/")[2] not in ("hvmloader", "vmxloader"):
        draft.lose(loader, path, "the host's own firmware is used")


def _read_memory(draft: Draft, root: Node) -> None:
    """libvirt's memory is the most there can be, its currentMemory what there is."""
    most, now = (draft.elements.child(root, name) for name in ("memory", "currentMemory"))
    if most is None:
        return
    maximum = _mebibytes(draft, most)
    memory = _mebibytes(draft, now) if now is not None else maximum
    draft.set("memory", memory, now or most)
    if maximum is not None and memory is not None and maximum > memory:
        draft.set("maxmem", maximum, most)


def _mebibytes(draft: Draft, node: Node) -> int | None:
    unit, text = draft.elements.get(node, "unit") or "KiB", node.text.strip()
    if unit not in _UNITS or not (text.isascii() and text.isdigit()) or len(text) > 18:
        draft.refuse(node, f"{text[:40]} {unit} is no size of memory")
        return None
    return -(-int(text) * _UNITS[unit] // (1 << 20))


def _read_vcpus(draft: Draft, root: Node) -> None:
    elements = draft.elements
    node = elements.child(root, "vcpu")
    if node is None:
        return
    most, now = node.text.strip() or None, elements.get(node, "current")
    draft.set("vcpus", now or most, node)
    draft.set("maxvcpus", most if now else None, node)
    of_all = elements.get(node, "cpuset")
    pins = dict(_pins(draft, elements.child(root, "cputune")))
    if pins:
        items = [pins.get(number) or of_all or ANY_CPU for number in range(max(pins) + 1)]
        draft.set("cpus", items, node)
    else:
        draft.set("cpus", of_all, node)


def _pins(draft: Draft, node: Node | None) -> Iterator[tuple[int, str]]:
    elements = draft.elements
    for pin in elements.children(node, "vcpupin"):
        number, cpus = elements.get(pin, "vcpu") or "", elements.get(pin, "cpuset")
        if not (number.isascii() and number.isdigit() and int(number[:9]) < _MOST_CPUS):
            draft.refuse(pin, f"'{number[:40]}' is no number of a virtual CPU")
        elif cpus:
            yield int(number), cpus


def _read_features(draft: Draft, root: Node, kind: str) -> None:
    """libvirt's Xen driver has what is not named switched off; its other drivers say so."""
    elements = draft.elements
    features = elements.child(root, "features")
    xen = elements.get(root, "type") == "xen"
    for name in ("acpi", "apic", "pae"):
        node = elements.child(features, name)
        off = (node is None and kind == "hvm" and (xen or name == "acpi")) or elements.get(node, "state") == "off"
        if off:
            draft.set(name, 0, node or features or root)
    for name, key in (("viridian", "viridian"), ("hap", "hap"), ("hyperv", "viridian")):
        if (node := elements.child(features, name)) is not None:
            draft.set(key, int(elements.get(node, "state") != "off"), node)
            elements.whole(node)


def _read_clock(draft: Draft, root: Node) -> None:
    elements = draft.elements
    clock = elements.child(root, "clock")
    if clock is None:
        return
    offset, basis, adjustment = (elements.get(clock, name) for name in ("offset", "basis", "adjustment"))
    if offset == "localtime" or basis == "localtime":
        draft.set("localtime", 1, clock)
    elif offset not in (None, "utc", "variable"):
        draft.lose(clock, f"the clock's offset {offset}")
    if adjustment not in (None, "reset", "0"):
        draft.set("rtc_timeoffset", adjustment, clock)
    for timer in elements.children(clock, "timer"):
        name, present, mode = (elements.get(timer, each) for each in ("name", "present", "mode"))
        if name == "hpet":
            draft.set("hpet", int(present != "no"), timer)
        elif name == "tsc" and mode in _TSC:
            draft.set("tsc_mode", _TSC[mode], timer)
        elif name not in _QUIET_TIMERS:
            draft.lose(timer, f"the timer {name}")
        elements.whole(timer)
