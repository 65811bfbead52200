"""A kernel and its ramdisk, opened, classified and fit to be booted directly."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from xenia.model.errors import invalid
from xenia.storage.inspect import Inspect
from xenia.storage.memory_file import expand, readable_by_all
from xenia.storage.paths import Roots, find, shell_word


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """What the headers of a kernel say.

    Sources: Linux Documentation/arch/x86/boot.rst (bzImage), Xen public/elfnote.h (ELF notes).

    `form` is `bzimage`, `elf`, `multiboot` or `unknown`; `bits` 32 or 64 (0: not known); `version` Linux's own words
    (`2.6.18-6-xen-686 (...)`). `bare_metal`: it can start without Xen. `pvh`: it has a PVH entry. `xen`: it can be a
    Xen PV guest (of a bzImage only known where its version speaks of Xen); `pae` None where nothing is said of it.
    """

    form: str
    bits: int = 0
    version: str = ""
    bare_metal: bool = True
    pvh: bool = False
    xen: bool = False
    pae: bool | None = None


@dataclass(frozen=True, slots=True)
class PreparedBoot:
    """Descriptors of kernel and ramdisk, readable by the guest's own user when opened anew through /proc/self/fd, and
    the command line to pass. `notes` say what the author of the guest file should know, by its key there.
    """

    kernel: int
    ramdisk: int | None
    command_line: str
    facts: KernelFacts
    notes: tuple[tuple[str, str], ...] = ()


async def open_kernel(
    path: str, roots: Roots, inspect: Inspect, refuse: Callable[[KernelFacts], None]
) -> tuple[int, KernelFacts]:
    """The kernel at `path`, expanded if it was compressed as a whole, and what it is.

    `refuse` is asked before it is copied or expanded, and raises for one that is of no use. Raises also not_found,
    denied, invalid or unavailable. The descriptor is the caller's.
    """
    descriptor = _open_file(path, roots)
    try:
        return await usable_kernel(descriptor, path, inspect, refuse)
    finally:
        os.close(descriptor)


async def usable_kernel(
    descriptor: int, path: str, inspect: Inspect, refuse: Callable[[KernelFacts], None]
) -> tuple[int, KernelFacts]:
    """The same for a kernel that is open already and stays so; `path` is what it is called in errors."""
    found = await inspect("classify_kernel", {}, [descriptor])
    compressed = found.pop("compressed", False)
    facts = KernelFacts(**found)
    refuse(facts)
    if compressed:
        return await expand(descriptor, path, inspect), facts
    return await readable_by_all(descriptor), facts


async def open_ramdisk(path: str, roots: Roots) -> int:
    """A descriptor of the ramdisk at `path`, the caller's. Raises not_found, denied, invalid or unavailable."""
    descriptor = _open_file(path, roots)
    try:
        return await readable_by_all(descriptor)
    finally:
        os.close(descriptor)


def close_boot(prepared: PreparedBoot) -> None:
    """Close the descriptors of a kernel and its ramdisk. Called once."""
    os.close(prepared.kernel)
    if prepared.ramdisk is not None:
        os.close(prepared.ramdisk)


def _open_file(path: str, roots: Roots) -> int:
    with find(path, roots) as place:
        if not stat.S_ISREG(place.mode):
            kind = "a folder" if stat.S_ISDIR(place.mode) else "not a file"
            raise invalid(f"'{place.path}' is {kind}", f"look what is there: ls -l {shell_word(place.path)}")
        if os.fstat(place.descriptor).st_size == 0:
            raise invalid(f"'{place.path}' is empty")
        return place.open(write=False)
