"""Starting a guest: everything it needs in one breath, then the monitor; and what is said when it fails."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from xenia.engines.base import Resources
from xenia.engines.qemu import agent, ends, lease
from xenia.engines.qemu.affinity import cpus_of_vcpu, listed
from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.display import FIRST_PORT, has_port, listen_of, wished_display
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.firmware import open_firmware
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.launch import Doors, compose
from xenia.engines.qemu.monitor import NoAnswer, connect_to
from xenia.engines.qemu.process import find, spawn
from xenia.engines.qemu.serial import kinds_of, open_consoles
from xenia.engines.qemu.settings import QemuSettings
from xenia.model.boot import Firmware
from xenia.model.display import PASSWORD_LENGTH
from xenia.model.domain import DomainConfig, Started
from xenia.model.errors import XeniaError, conflict, engine_failed, unavailable

_READY_SECONDS = 30.0
"""From exec to a ready monitor; 40 ms where the host is idle."""

_DYING_SECONDS = 5.0


def launch(guest: Guest, started: Started, resources: Resources, settings: QemuSettings, facts: Facts) -> socket.socket:
    """Start the process; the socket that leads to its monitor.

    Nothing is awaited in here, so that no descriptor meant for this guest is open when another one is started. When it
    raises, nothing is left behind: a conflict when the domain runs already, unavailable when something that it needs is
    not there.
    """
    binary = find(settings.binary)
    with ExitStack() as held, _said_of(guest):
        guest.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = lease.take(lease.lease_of(guest.folder))
        held.callback(os.close, lock)
        try:
            return _spawn(binary, guest, started, resources, settings, facts, lock, held)
        except BaseException:
            ends.remove(guest.folder)
            raise


def _spawn(
    binary: str,
    guest: Guest,
    started: Started,
    resources: Resources,
    settings: QemuSettings,
    facts: Facts,
    lock: int,
    held: ExitStack,
) -> socket.socket:
    config = started.config
    monitor = held.enter_context(ends.listen_at(ends.monitor_of(guest.folder)))
    uefi = config.boot.firmware is Firmware.UEFI and not config.boot.by_kernel
    doors = Doors(
        monitor.fileno(),
        {kind: ends.open_console(guest.folder, settings.log_dir, guest.name, kind, held) for kind in kinds_of(config)},
        open_firmware(resources.variables, held) if uefi else None,
        held.enter_context(ends.listen_at(agent.socket_of(guest.folder))).fileno() if guest.port.agent else None,
    )
    line = CommandLine()
    compose(line, started, resources, doors, settings, facts, held)
    group = facts.kvm_group if facts.accelerator == "kvm" else None
    log = ends.open_log(guest.log, held, anew=True)
    client = connect_to(ends.monitor_of(guest.folder))  # before there is a QEMU: it greets as soon as it can
    try:
        guest.process = spawn(
            [binary, *line.words],
            guest.on_process_end,
            descriptors=[*line.descriptors, lock],
            log=log,
            uid=settings.uid_of(started.domid),
            groups=[] if group is None else [group],
        )
    except BaseException:
        client.close()
        raise
    return client


async def take_over(
    guest: Guest, started: Started, client: socket.socket, settings: QemuSettings, facts: Facts, *, boots: bool
) -> None:
    """Bring a process that was just launched under control, its virtual CPUs on their CPUs of the host. Raises
    engine_failed with QEMU's own words when it dies or stays silent. A guest that does not boot, but goes on from a
    save, has its memory as it was.
    """
    try:
        await guest.connect(client, seconds=_READY_SECONDS)
    except NoAnswer as error:
        ended = await guest.process.wait(_DYING_SECONDS)
        raise _failure(guest, started, settings, "" if ended else str(error)) from error
    await open_consoles(guest, guest.consoles)
    await pin_as_written(guest, started.config, facts)
    if boots and guest.most_memory > started.config.memory:
        await guest.execute("balloon", {"value": started.config.memory << 20})
    display = started.config.display
    if has_port(display, settings):
        password = settings.vnc.password_of(display)
        if password:
            await guest.execute("set_password", {"protocol": "vnc", "password": password[:PASSWORD_LENGTH]})
        await guest.look_for_vnc()


async def pin_as_written(guest: Guest, config: DomainConfig, facts: Facts) -> None:
    """Keep each virtual CPU on the host's CPUs that `config` has for it. Raises engine_failed."""
    if not config.cpus and not config.vcpu_pins:
        return
    for vcpu in await guest.execute("query-cpus-fast"):
        cpus = cpus_of_vcpu(config, vcpu["cpu-index"], facts.host_cpus)
        if not cpus:
            continue
        try:
            os.sched_setaffinity(vcpu["thread-id"], cpus)
        except OSError as error:
            raise engine_failed(
                f"virtual CPU {vcpu['cpu-index']} of domain '{guest.name}' cannot be kept on the host's CPUs "
                f"{listed(cpus)}: {error.strerror}",
                "without cpus= it runs on all",
            ) from error


@contextmanager
def _said_of(guest: Guest) -> Iterator[None]:
    """What the operating system refuses before there is a QEMU, in words."""
    try:
        yield
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        raise unavailable(f"domain '{guest.name}' cannot be started: {what}") from error


def _failure(guest: Guest, started: Started, settings: QemuSettings, silence: str) -> XeniaError:
    said = ends.last_words(guest.log)
    display = started.config.display
    if display.vnc and "-vnc" in said and "in use" in said:
        number = wished_display(display, started.domid)
        place = listen_of(display, settings)
        return conflict(
            f"VNC display {number} (port {FIRST_PORT + number}) at {place} is taken",
            "choose another vncdisplay=, or vncunused=1 for the first free one",
        )
    if silence:
        return engine_failed(
            f"the QEMU of domain '{guest.name}' did not become ready: {silence}", f"its log is {guest.log}"
        )
    how = f" ({guest.process.exit})" if guest.process.exit else ""
    return engine_failed(
        f"QEMU ended at the start of domain '{guest.name}'{how}: {said or 'it says nothing'}", f"its log is {guest.log}"
    )
