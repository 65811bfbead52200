"""What a guest boots on Xen, and whether Xen can start it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from xenia.engines.xen.facts import XenFacts
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ResourceError, XeniaError, invalid
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import KernelFacts, PreparedBoot, open_kernel, open_ramdisk
from xenia.storage.paths import Roots, shell_word


async def prepare_boot(config: DomainConfig, roots: Roots, inspect: Inspect, facts: XenFacts) -> PreparedBoot | None:
    """Kernel and ramdisk as descriptors; None for a guest that boots by firmware.

    The descriptors belong to the caller, who ends with `close_boot`. Raises ResourceError under the key `kernel`,
    `ramdisk` or `bootloader`; then nothing stays open.
    """
    boot = config.boot
    if boot.kernel is None:
        return None
    with _blaming("kernel"):
        kernel, found = await open_kernel(boot.kernel, roots, inspect, partial(refuse_unbootable, config, facts))
    try:
        with _blaming("ramdisk"):
            ramdisk = await open_ramdisk(boot.ramdisk, roots) if boot.ramdisk else None
    except BaseException:
        os.close(kernel)
        raise
    return PreparedBoot(kernel, ramdisk, boot.command_line, found)


@contextmanager
def _blaming(key: str) -> Iterator[None]:
    """Errors inside are the fault of `key` in the guest file."""
    try:
        yield
    except XeniaError as error:
        raise ResourceError(key, error) from error


def refuse_unbootable(config: DomainConfig, host: XenFacts, facts: KernelFacts) -> None:
    """Raises invalid for a kernel that Xen cannot start as a guest of this kind."""
    path = config.boot.kernel or config.boot.bootloader or ""
    said = f"'{path}'" + (f" ({facts.version.split(' ', 1)[0]})" if facts.version else "")
    if facts.form == "unknown":
        raise invalid(
            f"{said} is not a kernel: it is neither a bzImage nor an x86 ELF file",
            f"name a vmlinuz file in kernel=; what this one is tells: file -L {shell_word(path)}",
        )
    if config.kind is Kind.PV:
        _refuse_as_pv(said, host, facts)
    elif config.kind is Kind.PVH and facts.form == "elf" and not facts.pvh:
        raise invalid(
            f"{said} has no PVH entry", "write type = 'pv' if it knows Xen, or use a kernel with CONFIG_PVH (4.11 on)"
        )


def _refuse_as_pv(said: str, host: XenFacts, facts: KernelFacts) -> None:
    if facts.form == "multiboot" or (facts.form == "elf" and not facts.xen):
        raise invalid(
            f"{said} cannot be a PV guest: it has no Xen notes",
            "use a kernel built for Xen, or write type = 'hvm' for a guest that boots from its disk",
        )
    if facts.bits == 32 and facts.pae is False:
        raise invalid(
            f"{said} is a 32-bit kernel without PAE, which no Xen since 4.0 starts",
            "use the distribution's kernel with PAE (bigmem, 686-pae, xen-686)",
        )
    if facts.bits == 32 and "pv32" not in host.caps:
        raise invalid(
            f"{said} is a 32-bit kernel, and this Xen starts no 32-bit PV guests (Debian builds it so, for safety)",
            "use a 64-bit kernel, or write builder = 'hvm' for a guest that boots from its disk",
        )
