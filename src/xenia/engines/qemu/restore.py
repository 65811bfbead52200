"""Starting a guest from a save: it has the devices that it had, and goes on where it was."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from xenia.engines.base import SaveSource
from xenia.engines.qemu.ends import last_words
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.memory import open_memory
from xenia.engines.qemu.migration import leave_memory_out, migrate_from, until_taken_in
from xenia.lib.pipe import pipe
from xenia.model.errors import ErrorKind, XeniaError, conflict, engine_failed, invalid

_DYING_SECONDS = 2.0


def traits_of(facts: Facts) -> dict[str, str]:
    """What must be the same where a guest of this QEMU is restored."""
    traits = {"version": facts.version, "accelerator": facts.accelerator}
    return traits | ({"cpu": _host_cpu()} if facts.accelerator == "kvm" else {})


def _host_cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def refuse_elsewhere(traits: Mapping[str, str], facts: Facts) -> None:
    """Raises a conflict for a save that does not go with this QEMU and this host."""
    here = traits_of(facts)
    was, now = traits.get("accelerator", ""), here["accelerator"]
    if was != now:
        raise conflict(
            f"it was saved with the accelerator {was}, and this host has {now}: the CPU of the guest would be another",
            "restore it on a host like the one that it is from",
        )
    if now == "kvm" and traits.get("cpu") != here["cpu"]:
        raise conflict(
            f"it was saved on the CPU {traits.get('cpu')}, and this host has {here['cpu']}",
            "restore it on a host with that CPU",
        )
    saved, own = traits.get("version", ""), here["version"]
    if _numbers(saved) > _numbers(own) or (now == "tcg" and saved != own):
        why = "emulates another CPU" if now == "tcg" else "is older"
        raise conflict(f"it was saved by QEMU {saved}, and this QEMU {own} {why}", f"install QEMU {saved}")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


async def go_on_from(guest: Guest, save: SaveSource) -> None:
    """Give a QEMU that waits for it what is in `save`; its CPUs stay stopped.

    Raises invalid for a save that is damaged, engine_failed.
    """
    try:
        await _take(guest, save)
    except (XeniaError, OSError) as error:
        if isinstance(error, XeniaError) and error.kind is ErrorKind.INVALID:
            raise
        if not await guest.process.wait(_DYING_SECONDS):
            raise
        said = last_words(guest.log) or "it says nothing"  # one that can make nothing of its state says why, and ends
        raise engine_failed(f"QEMU cannot go on from the save: {said}", f"its log is {guest.log}") from error


async def _take(guest: Guest, save: SaveSource) -> None:
    await leave_memory_out(guest, wanted=save.memory > 0)
    if save.memory and save.template is None:
        await _fill(guest, save)
    reader, writer = pipe()
    try:
        try:
            await migrate_from(guest, reader)
        finally:
            os.close(reader)
        await save.feed(writer)
    finally:
        os.close(writer)
    if problem := await until_taken_in(guest):
        raise engine_failed(f"QEMU cannot go on from the save: {problem}")
    await guest.refresh()


async def _fill(guest: Guest, save: SaveSource) -> None:
    if save.memory != guest.most_memory << 20:
        raise invalid(f"its memory has {save.memory >> 20} MiB, and the domain {guest.most_memory} MiB")
    memory = open_memory(guest.process.pid, save.memory)
    if memory is None:
        raise engine_failed("QEMU has not made the memory of the guest")
    try:
        await save.fill(memory)
    finally:
        os.close(memory)
