"""Direct boot: whether Xen can start a kernel as a guest of the kind at hand, and with which command line."""

from __future__ import annotations

from functools import partial

from xenia.engines.kernel import CommandLine, Judge, refuse_no_kernel, said_of
from xenia.engines.xen.boot import LENGTH_LIMITS
from xenia.engines.xen.facts import XenFacts
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import invalid
from xenia.storage.kernel import KernelFacts

_CONSOLE = "console=hvc0"


def judge_of(facts: XenFacts) -> Judge:
    """What the Xen of `facts` makes of kernels."""
    return Judge(partial(_refuse, facts), xen_command_line)


def xen_command_line(config: DomainConfig, text: str) -> CommandLine:
    """The command line `text` as the kernel of `config` gets it on Xen: as written, but that the kernel of a PVH guest
    is told of its console where nothing names one (a PV guest knows). Raises invalid for one that would be cut off.
    """
    notes: tuple[str, ...] = ()
    if config.kind is Kind.PVH and not any(word.startswith("console=") for word in text.split()):
        text, notes = f"{text} {_CONSOLE}".strip(), (f"{_CONSOLE} is added, so that xm console shows something",)
    length, limit = len(text.encode(errors="replace")), LENGTH_LIMITS[config.kind]
    if length > limit:
        raise invalid(f"the kernel's command line has {length} bytes; a {config.kind} guest takes {limit} on Xen")
    return CommandLine(text, notes)


def _refuse(host: XenFacts, config: DomainConfig, path: str, facts: KernelFacts) -> None:
    refuse_no_kernel(config, path, facts)
    said = said_of(path, facts)
    if config.kind is Kind.PV:
        _refuse_as_pv(said, host, facts)
    elif config.kind is Kind.PVH and facts.form == "elf" and not facts.pvh:
        raise invalid(
            f"{said} has no PVH entry", "write type = 'pv' if it knows Xen, or use a Linux kernel of 4.11 or newer"
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
