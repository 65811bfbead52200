"""The command line of a kernel that was written for Xen, made true on QEMU."""

from __future__ import annotations

import re

from xenia.engines.kernel import CommandLine
from xenia.engines.qemu.disk_names import qemu_disk_names
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import invalid

LENGTH_LIMIT = 2047
"""Characters: COMMAND_LINE_SIZE of Linux on x86 is 2048 with the NUL at the end (arch/x86/include/asm/setup.h)."""

_DEVICE = re.compile(r"(?P<key>[\w.]+=)/dev/(?P<name>(?P<base>(?:hd|sd|xvd)[a-z]+)(?P<part>\d*))(?![\w/])")
_TARGET = re.compile(r"(?:hd|sd|xvd|vd)([a-z]+\d*)")
_OLD_XEN_CONSOLE = "console=xvc0"
_CONSOLES = ("console=ttyS0", "console=hvc0")


def qemu_command_line(config: DomainConfig, text: str) -> CommandLine:
    """The command line `text` as the kernel of `config` gets it on QEMU.

    Disks are called what they are there; a paravirtual guest whose file names no console speaks on ttyS0 and hvc0 (the
    last is /dev/console). All else stays as written, in its order. Raises invalid for one that Linux would cut off.
    """
    text, notes = _with_disk_names(config, text)
    if config.kind is not Kind.HVM:
        text, more = _with_consoles(text)
        notes += more
    if len(text) > LENGTH_LIMIT:
        raise invalid(
            f"the kernel's command line has {len(text)} characters; Linux takes {LENGTH_LIMIT}", "shorten extra="
        )
    return CommandLine(text, tuple(notes))


def _with_disk_names(config: DomainConfig, text: str) -> tuple[str, list[str]]:
    names = qemu_disk_names(config)
    notes: list[str] = []

    def rename(match: re.Match[str]) -> str:
        target, part = _target(match["name"], match["base"], match["part"], names)
        if target is None:
            notes.append(f"{match.group()} names none of the guest's disks")
            return match.group()
        if names[target] == target == match["name"].removesuffix(part):
            return match.group()
        changed = f"{match['key']}/dev/{names[target]}{part}"
        notes.append(f"{match.group()} becomes {changed}: on QEMU the guest's disk {target} is called {names[target]}")
        return changed

    return _DEVICE.sub(rename, text), notes


def _target(name: str, base: str, part: str, names: dict[str, str]) -> tuple[str | None, str]:
    """The target that `name` means, and the partition on it.

    Kernels differ in what they call one vbd (hda is hda or xvda), so where no target has that name, one with the same
    letter does.
    """
    if name in names:
        return name, ""
    if base in names:
        return base, part
    letters = {found[1]: target for target in names if (found := _TARGET.fullmatch(target))}
    suffix = _TARGET.sub(r"\1", name)
    if suffix in letters:
        return letters[suffix], ""
    return letters.get(suffix.rstrip("0123456789")), part


def _with_consoles(text: str) -> tuple[str, list[str]]:
    words = text.split()
    if _OLD_XEN_CONSOLE in words:
        changed = re.sub(rf"(?<!\S){_OLD_XEN_CONSOLE}(?!\S)", "console=hvc0", text)
        return changed, [f"{_OLD_XEN_CONSOLE} becomes console=hvc0, the paravirtual console on QEMU"]
    if any(word.startswith("console=") for word in words):
        return text, []
    added = " ".join(_CONSOLES)
    return f"{text} {added}".strip(), [f"{added} is added, so that xm console shows something"]
