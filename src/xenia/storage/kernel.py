"""A kernel and its ramdisk, opened, classified and fit to be booted directly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """What the headers of a kernel say. Sources: Linux Documentation/arch/x86/boot.rst (bzImage), Xen public/elfnote.h (ELF notes).

    `form` is `bzimage`, `elf`, `multiboot` or `unknown`; `bits` 32 or 64 (0: not known); `version` Linux's own words (`2.6.18-6-xen-686 (...)`).
    `bare_metal`: it can start without Xen. `pvh`: it has a PVH entry. `xen`: it can be a Xen PV guest; `pae` None where nothing is said of it.
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
    """Descriptors of kernel and ramdisk, readable by the guest's own user when opened anew through /proc/self/fd, and the command line to pass."""

    kernel: int
    ramdisk: int | None
    command_line: str
    facts: KernelFacts
