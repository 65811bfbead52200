"""The text consoles: ttyS0 for every guest, hvc0 for those who boot a Linux kernel directly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xenia.engines.base import ConsoleKind
from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.machine import SLOT_SERIAL
from xenia.engines.remarks import note
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind


@dataclass(frozen=True, slots=True)
class ConsoleEnds:
    """What QEMU gets of one console: a listening socket, and its log opened for appending."""

    listener: int
    log: int


def kinds_of(config: DomainConfig) -> tuple[ConsoleKind, ...]:
    """The consoles a guest has."""
    if config.kind is Kind.HVM:
        return (ConsoleKind.SERIAL,)
    return (ConsoleKind.SERIAL, ConsoleKind.PARAVIRTUAL)


def socket_of(folder: Path, kind: ConsoleKind) -> Path:
    """The stream socket of a console in a domain's run folder."""
    return folder / f"console-{kind.value}.sock"


def add_consoles(line: CommandLine, consoles: Mapping[ConsoleKind, ConsoleEnds]) -> None:
    """A device for each console; QEMU itself writes its log, so that nothing is lost while no xend runs."""
    for kind, ends in consoles.items():
        log = line.fdset([ends.log], f"log of the {kind.value} console")
        listener = line.inherit(ends.listener, f"socket of the {kind.value} console")
        line.add("chardev", f"socket,id={kind.value},fd={listener},server=on,wait=off,logfile={log},logappend=on")
    if ConsoleKind.SERIAL in consoles:
        line.device({"driver": "isa-serial", "index": 0, "chardev": ConsoleKind.SERIAL.value})
    if ConsoleKind.PARAVIRTUAL in consoles:
        line.device({"driver": "virtio-serial-pci", "id": "hvc", "addr": f"{SLOT_SERIAL:#x}"})
        line.device({"driver": "virtconsole", "bus": "hvc.0", "chardev": ConsoleKind.PARAVIRTUAL.value})


def explain_consoles(config: DomainConfig) -> Iterator[Complaint]:
    """Only the first serial port is there, and only xm console leads to it."""
    for number, word in enumerate(config.platform.serial):
        if word not in ("", "none") and (word != "pty" or number):
            yield note("serial", f"serial={word!r} has no effect on QEMU: xm console leads to the first serial port")
