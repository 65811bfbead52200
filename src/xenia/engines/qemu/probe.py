"""What the installed QEMU and this host can do: asked once, and kept until QEMU is another or the host has booted."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from xenia.engines.qemu.affinity import host_cpus
from xenia.engines.qemu.boot_probe import PASSED, image
from xenia.engines.qemu.cgroup import find_tree
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.monitor import Monitor, NoAnswer
from xenia.engines.qemu.process import Process, find, spawn
from xenia.engines.qemu.settings import QemuSettings
from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import DiskFiles
from xenia.model.errors import XeniaError, engine_failed, unavailable

KVM = Path("/dev/kvm")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_ASK_SECONDS = 30.0
_BOOT_SECONDS = 3.0
"""A guest under working acceleration passes the boot probe in a tenth of this; where KVM only pretends, it takes
minutes.
"""

_PROBE_DOMID = 65535


@dataclass(frozen=True, slots=True)
class _Known:
    """What a QEMU has said of itself; `key` is the file it was."""

    key: str = ""
    version: str = ""
    machines: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trial:
    """Why guests could not run under KVM ("" when one has); `key` is the boot of the host, the QEMU and the user."""

    key: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Cache:
    qemu: _Known = _Known()
    kvm: _Trial = _Trial()


async def probe(settings: QemuSettings) -> Facts:
    """Ask QEMU for its version and machine types, and choose the accelerator.

    Raises unavailable when QEMU is not installed, or KVM is demanded and does not work; engine_failed when QEMU does
    not start.
    """
    binary = find(settings.binary)
    files = DiskFiles(settings.cache.parent)
    cache = _read(await files.read(settings.cache.name))
    found = Path(binary).stat()
    key = f"{binary}:{found.st_mtime_ns}:{found.st_size}"
    known = cache.qemu if cache.qemu.key == key else await _ask(binary, key, settings)
    trial = cache.kvm
    if settings.accelerator != "tcg":
        key = f"{_BOOT_ID.read_text().strip()}:{key}:{settings.uid_of(_PROBE_DOMID)}"
        trial = trial if trial.key == key else _Trial(key, await _try_kvm(binary, settings))
    if cache != _Cache(known, trial):
        await files.write(settings.cache.name, json.dumps(to_plain(_Cache(known, trial))).encode(), durable=False)
    accelerator, reason = _choose(settings, trial)
    names = frozenset(known.names)
    facts = Facts(known.version, known.machines, names, accelerator, reason, _kvm_group(), host_cpus())
    try:
        return replace(facts, cgroups=find_tree(settings.mounts))
    except XeniaError as error:
        return replace(facts, no_cgroups=error.message)


def _choose(settings: QemuSettings, trial: _Trial) -> tuple[str, str]:
    """The accelerator and why."""
    if settings.accelerator == "tcg":
        return "tcg", "the settings say so"
    if not trial.failure:
        return "kvm", "a guest boots under it"
    if settings.accelerator == "kvm":
        raise unavailable(
            f"the settings demand KVM, and {trial.failure}", 'accelerator = "auto" falls back to QEMU\'s own emulation'
        )
    return "tcg", trial.failure


async def _ask(binary: str, key: str, settings: QemuSettings) -> _Known:
    """Version and machine types, from a QEMU without a machine."""
    async with answering(binary, ["-machine", "none"], settings) as monitor:
        version = (await monitor.execute("query-version"))["qemu"]
        machines = await monitor.execute("query-machines")
    return _Known(
        key,
        ".".join(str(version[part]) for part in ("major", "minor", "micro")),
        {machine["alias"]: machine["name"] for machine in machines if "alias" in machine},
        tuple(sorted(machine["name"] for machine in machines)),
    )


@asynccontextmanager
async def answering(binary: str, words: list[str], settings: QemuSettings) -> AsyncIterator[Monitor]:
    """The monitor of a QEMU of a guest's user, with these `words`, that ends with the context. Raises engine_failed."""
    ours, its = socket.socketpair()
    with ExitStack() as held:
        log = os.memfd_create("log", os.MFD_CLOEXEC)
        held.callback(os.close, log)
        with its:
            chardev = ["-chardev", f"socket,id=monitor,fd={its.fileno()}", "-mon", "chardev=monitor,mode=control"]
            fixed = ["-no-user-config", "-nodefaults", "-display", "none"]
            process = _spawn([binary, *fixed, *words, *chardev], [its.fileno()], log, settings)
        held.callback(process.close)
        monitor = Monitor(lambda _event, _data: None)
        try:
            await monitor.connect(ours, seconds=_ASK_SECONDS)
            yield monitor
        except NoAnswer as error:
            said = os.pread(log, 2048, 0).decode(errors="replace").strip()
            raise engine_failed(f"{binary} does not start: {said or error}") from error
        finally:
            process.kill()
            await process.wait(_ASK_SECONDS)
            await monitor.close()


async def _try_kvm(binary: str, settings: QemuSettings) -> str:
    """Why guests cannot run under KVM here; "" when one has."""
    try:
        os.close(os.open(KVM, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        return f"there is no {KVM}: the processor's virtualisation is missing or switched off"
    except OSError as error:
        return f"{KVM} cannot be opened: {error.strerror}"
    with ExitStack() as held:
        log = os.memfd_create("log", os.MFD_CLOEXEC)
        held.callback(os.close, log)
        disk = os.memfd_create("boot-probe", os.MFD_CLOEXEC)
        held.callback(os.close, disk)
        os.write(disk, image())
        process = _spawn(
            [
                binary,
                "-no-user-config",
                "-nodefaults",
                "-machine",
                "pc",
                "-accel",
                "kvm",
                "-cpu",
                "host",
                "-display",
                "none",
                "-no-reboot",
                "-add-fd",
                f"fd={disk},set=1",
                "-blockdev",
                "driver=file,node-name=disk,filename=/dev/fdset/1",
                "-device",
                "ide-hd,drive=disk",
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=4",
            ],
            [disk],
            log,
            settings,
        )
        held.callback(process.close)
        ended = await process.wait(_BOOT_SECONDS)
        process.kill()
        await process.wait(_ASK_SECONDS)
        if process.exit == f"exit status {PASSED}":
            return ""
        if not ended:
            return f"a guest does not boot under it within {_BOOT_SECONDS:g} s"
        said = os.pread(log, 2048, 0).decode(errors="replace").strip().splitlines()
        return f"QEMU fails under it ({process.exit}): {said[-1] if said else 'it says nothing'}"


def _spawn(words: list[str], descriptors: list[int], log: int, settings: QemuSettings) -> Process:
    group = _kvm_group()
    return spawn(
        words,
        lambda: None,
        descriptors=descriptors,
        log=log,
        uid=settings.uid_of(_PROBE_DOMID),
        groups=[] if group is None else [group],
    )


def _kvm_group() -> int | None:
    """The group that a user who is not root must be in for /dev/kvm; None when none helps or is needed."""
    try:
        found = KVM.stat()
    except OSError:
        return None
    return found.st_gid if found.st_mode & 0o060 == 0o060 and found.st_gid else None


def _read(content: bytes | None) -> _Cache:
    """What is in the cache; nothing when it is not there or damaged."""
    try:
        return from_plain(_Cache, json.loads(content or b"{}"))
    except ValueError:
        return _Cache()
