"""UEFI: its code, and what it keeps from one boot to the next, as QEMU's flash."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from xenia.engines.qemu.argv import CommandLine
from xenia.lib.replace import replace_file
from xenia.model.errors import unavailable
from xenia.storage.paths import shell_word

# Debian's package ovmf: code and an empty variable store; the 4M build is the only one since Debian 13.
OVMF = (
    (Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_VARS_4M.fd")),
    (Path("/usr/share/OVMF/OVMF_CODE.fd"), Path("/usr/share/OVMF/OVMF_VARS.fd")),
)


def add_firmware(line: CommandLine, code: int, variables: int) -> None:
    """UEFI from `code`, with `variables` as its memory."""
    for name, descriptor, read_only in (("pflash0", code, True), ("pflash1", variables, False)):
        path = line.fdset([descriptor], f"UEFI {'code' if read_only else 'variables'}")
        line.add(
            "blockdev",
            {
                "driver": "raw",
                "node-name": name,
                "read-only": read_only,
                "file": {"driver": "file", "filename": path, "read-only": read_only, "locking": "off"},
            },
        )
        line.add("machine", f"{name}={name}")


def open_firmware(variables: Path | None, held: ExitStack) -> tuple[int, int]:
    """Descriptors of UEFI's code and of the file `variables`, which is made where it is not there yet; without one, of
    variables in memory. They are open as long as `held`.

    Raises unavailable when the package is not installed, or is not the one that the variables were made with; OSError.
    """
    there = [(code, empty) for code, empty in OVMF if code.is_file() and empty.is_file()]
    if not there:
        raise unavailable("this guest boots by UEFI, and its firmware is not installed", "apt install ovmf")
    kept = variables is not None and variables.exists()
    if variables is not None and kept:
        there = [(code, empty) for code, empty in there if empty.stat().st_size == variables.stat().st_size]
        if not there:
            raise unavailable(
                f"the UEFI variables of this guest, {variables}, do not go with the firmware that is installed",
                f"install the package ovmf that it began with, or have it begin anew: rm {shell_word(str(variables))}",
            )
    code, empty = there[0]
    if variables is not None and not kept:
        variables.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        replace_file(variables, empty.read_bytes(), mode=0o600)
    program = os.open(code, os.O_RDONLY | os.O_CLOEXEC)
    held.callback(os.close, program)
    store = _in_memory(empty) if variables is None else os.open(variables, os.O_RDWR | os.O_CLOEXEC)
    held.callback(os.close, store)
    return program, store


def _in_memory(empty: Path) -> int:
    store = os.memfd_create("uefi-variables", os.MFD_CLOEXEC)
    os.write(store, empty.read_bytes())
    return store
