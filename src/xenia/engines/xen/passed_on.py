"""Keys of xl.cfg(5) that no field of a configuration holds and that reach Xen's tools as the guest file has them.

Only what tunes the guest itself is among them. What names files, programs or devices of the host, or opens doors to
it, is not: a guest file is not trusted with those. Every value is checked here, since xl ends at most wrong ones and
passes over the others without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from xenia.engines.remarks import note, warning
from xenia.engines.xen.xlcfg import Settings, Value
from xenia.guestfile.keys import KEYS, Effect
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind

_TRUE = frozenset({"1", "y", "yes", "true", "on"})
_FALSE = frozenset({"0", "n", "no", "false", "off"})
_INT_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Passed:
    """One key: the kinds of guests it is for, how its value is read (None: it is none) and what is wanted."""

    kinds: frozenset[Kind]
    read: Callable[[Any], Value | None]
    wanted: str


def _flag(*kinds: Kind) -> Passed:
    def read(raw: Any) -> Value | None:
        word = str(raw).strip().lower()
        return 1 if word in _TRUE else 0 if word in _FALSE else None

    return Passed(frozenset(kinds), read, "0 or 1")


def _number(least: int, most: int, *kinds: Kind) -> Passed:
    def read(raw: Any) -> Value | None:
        if isinstance(raw, bool) or not re.fullmatch(r"\s*[0-9]{1,10}\s*", str(raw)):
            return None
        number = int(str(raw))
        return number if least <= number <= most else None

    return Passed(frozenset(kinds), read, f"a number from {least} to {most}")


def _one_of(words: str, *kinds: Kind) -> Passed:
    """One of `words`; their numbers, of old files, are read as the words that xl wants today."""
    allowed = words.split()

    def read(raw: Any) -> Value | None:
        word = str(raw).strip().lower()
        if word.isascii() and word.isdigit() and int(word[:9]) < len(allowed):
            return allowed[int(word[:9])]
        return word if word in allowed else None

    return Passed(frozenset(kinds), read, f"one of {', '.join(allowed)}")


def _text(pattern: str, wanted: str, *kinds: Kind) -> Passed:
    def read(raw: Any) -> Value | None:
        text = str(raw).strip() if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
        return text if re.fullmatch(pattern, text, re.ASCII) else None

    return Passed(frozenset(kinds), read, wanted)


def _texts(pattern: str, wanted: str, *kinds: Kind) -> Passed:
    """A text, or a list of them."""

    def read(raw: Any) -> Value | None:
        items = raw if isinstance(raw, list) else [raw]
        if not items or not all(isinstance(item, str) and re.fullmatch(pattern, item, re.ASCII) for item in items):
            return None
        return [str(item) for item in items] if isinstance(raw, list) else str(raw)

    return Passed(frozenset(kinds), read, wanted)


def _cpu_sets(wanted: str, *kinds: Kind) -> Passed:
    """A set of CPUs, or a list of them; one that is a number is a single CPU."""

    def read(raw: Any) -> Value | None:
        items = [str(item) for item in (raw if isinstance(raw, list) else [raw]) if not isinstance(item, bool)]
        if not items or not all(re.fullmatch(_CPUS, item, re.ASCII) for item in items):
            return None
        return items if isinstance(raw, list) else items[0]

    return Passed(frozenset(kinds), read, wanted)


_ALL, _HVM, _HARDWARE = tuple(Kind), (Kind.HVM,), (Kind.HVM, Kind.PVH)
_CPUS = r"(?:\^?(?:nodes?:)?(?:\d{1,4}(?:-\d{1,4})?|all),?)+"

PASSED_ON: dict[str, Passed] = {
    **dict.fromkeys(("hap", "nestedhvm", "oos"), _flag(*_HARDWARE)),
    **dict.fromkeys(
        (
            "acpi_laptop_slate", "acpi_s3", "acpi_s4", "altp2mhvm", "hpet", "nx", "vkb_device", "vpt_align",
            "xen_platform_pci",
        ),
        _flag(*_HVM),
    ),
    **dict.fromkeys(("dm_restrict", "msr_relaxed", "nomigrate", "vpmu", "xend_suspend_evtchn_compat"), _flag(*_ALL)),
    **dict.fromkeys(
        (
            "extratime", "latency", "max_event_channels", "max_grant_frames", "max_maptrack_frames", "period",
            "shadow_memory", "slice",
        ),
        _number(0, _INT_MAX, *_ALL),
    ),
    "altp2m": _one_of("disabled mixed external limited", *_HARDWARE),
    "cpuid": _texts(r"[\w,:=. -]{1,2000}", "as in cpuid = 'host,tm=0,sse3=0'", *_ALL),
    "cpus_soft": _cpu_sets("CPUs as in cpus_soft = '0-3,^1', or a list with a set for each", *_ALL),
    "e820_host": _flag(Kind.PV),
    "hdtype": _one_of("ide ahci", *_HVM),
    "max_grant_version": _number(0, 2, *_ALL),
    "mca_caps": _texts("lmce", "mca_caps = [ 'lmce' ]", *_HVM),
    "mmio_hole": _number(256, 3840, *_HVM),
    "ms_vm_genid": _one_of("none generate", *_HVM),
    "passthrough": _one_of("disabled enabled sync_pt share_pt", *_ALL),
    "pci": _texts(r"[\w:.@*=, -]{4,200}", "as in pci = ['01:00.0']", *_ALL),
    "pool": _text(r"[\w.+-]{1,64}", "the name of a CPU pool", *_ALL),
    "pvshim": _flag(Kind.PVH),
    "pvshim_cmdline": _text(r"[ -~]{1,1000}", "the command line of the shim", Kind.PVH),
    "pvshim_extra": _text(r"[ -~]{1,1000}", "words for the command line of the shim", Kind.PVH),
    "timer_mode": _one_of(
        "delay_for_missed_ticks no_delay_for_missed_ticks no_missed_ticks_pending one_missed_tick_pending", *_HARDWARE
    ),
    "tsc_mode": _one_of("default always_emulate native native_paravirt", *_ALL),
    "usbversion": _number(1, 3, *_HVM),
    "vendor_device": _one_of("none xenserver", *_HVM),
    "vmtrace_buf_kb": _number(0, _INT_MAX, *_HVM),
}  # fmt: skip


def passed_on_settings(config: DomainConfig) -> Settings:
    """What of `config.other` reaches xl, in the order of the guest file."""
    settings: Settings = {}
    for name, raw in config.other.items():
        passed = PASSED_ON.get(name)
        if passed is not None and config.kind in passed.kinds and (value := passed.read(raw)) is not None:
            settings[name] = value
    return settings


def explain_others(config: DomainConfig) -> Iterator[Complaint]:
    """What of `config.other` has no effect on Xen, and why."""
    for name, raw in config.other.items():
        passed = PASSED_ON.get(name)
        if passed is None:
            key = KEYS.get(name)
            if key is not None and key.xen.effect is Effect.IGNORED:
                yield note(name, f"{name} has no effect on Xen: {key.xen.reason}")
        elif config.kind not in passed.kinds:
            yield note(name, f"{name} has no effect: it is not for {config.kind} guests")
        elif passed.read(raw) is None:
            yield warning(name, f"{name} has no effect: its value is not what Xen's tools take", passed.wanted)
