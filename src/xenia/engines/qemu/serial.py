"""The text consoles: ttyS0 for every guest, hvc0 for those who boot a Linux kernel directly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xenia.engines.base import ConsoleKind
from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.machine import SLOT_SERIAL
from xenia.engines.remarks import note
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind

_SETS = {ConsoleKind.SERIAL: 1001, ConsoleKind.PARAVIRTUAL: 1002}
"""The numbers of the descriptor sets, out of the way of those that are counted."""


class Qemu(Protocol):
    async def execute(self, command: str, arguments: Mapping[str, Any] | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class ConsoleEnds:
    """What QEMU gets of one console: its log opened for appending, and a pipe for its input, opened for reading and
    again for both, so that it does not end when xend does.
    """

    log: int
    input: int
    both: int


def kinds_of(config: DomainConfig) -> tuple[ConsoleKind, ...]:
    """The consoles a guest has."""
    if config.kind is Kind.HVM:
        return (ConsoleKind.SERIAL,)
    return (ConsoleKind.SERIAL, ConsoleKind.PARAVIRTUAL)


def input_of(folder: Path, kind: ConsoleKind) -> Path:
    """The pipe in a domain's run folder into which is written what is typed on a console."""
    return folder / f"console-{kind.value}.in"


def add_consoles(line: CommandLine, consoles: Mapping[ConsoleKind, ConsoleEnds]) -> None:
    """What `open_consoles` needs: a serial port without anybody at it, and the controller of the paravirtual one."""
    for kind, ends in consoles.items():
        for descriptor, what in ((ends.log, "log"), (ends.input, "input"), (ends.both, "input")):
            line.add(
                "add-fd", f"fd={line.inherit(descriptor, f'{what} of the {kind.value} console')},set={_SETS[kind]}"
            )
    if ConsoleKind.SERIAL in consoles:
        line.add("chardev", f"null,id={ConsoleKind.SERIAL.value}")
        line.device({"driver": "isa-serial", "index": 0, "chardev": ConsoleKind.SERIAL.value})
    if ConsoleKind.PARAVIRTUAL in consoles:
        line.device({"driver": "virtio-serial-pci", "id": "hvc", "addr": f"{SLOT_SERIAL:#x}"})


async def open_consoles(qemu: Qemu, kinds: Collection[ConsoleKind]) -> None:
    """Lead the consoles of a guest that has not run yet to their logs and pipes. Raises engine_failed.

    A log takes all that a guest says, whoever reads it and however late. On a socket, of which a full one holds some
    300 bytes, QEMU drops what it cannot send at once, and writes it to its log (`logfile`) twice (7.2:
    qemu_chr_write_buffer). Only the monitor can give such a chardev an input (char-file.c).
    """
    for kind in kinds:
        place = f"/dev/fdset/{_SETS[kind]}"
        backend = {"type": "file", "data": {"in": place, "out": place, "append": True}}
        what = {"id": kind.value, "backend": backend}
        if kind is ConsoleKind.SERIAL:
            await qemu.execute("chardev-change", what)
        else:
            await qemu.execute("chardev-add", what)
            await qemu.execute("device_add", {"driver": "virtconsole", "bus": "hvc.0", "chardev": kind.value})


def explain_consoles(config: DomainConfig) -> Iterator[Complaint]:
    """Only the first serial port is there, and only xm console leads to it."""
    for number, word in enumerate(config.platform.serial):
        if word not in ("", "none") and (word != "pty" or number):
            yield note("serial", f"serial={word!r} has no effect on QEMU: xm console leads to the first serial port")
