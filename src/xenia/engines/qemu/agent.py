"""The way to a qemu-guest-agent: a port of virtio-serial, and the socket in the run folder that it leads to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from xenia.engines.qemu.argv import CommandLine
from xenia.engines.qemu.disk_names import is_virtio
from xenia.engines.qemu.machine import SLOT_SERIAL
from xenia.engines.qemu.monitor import connect_to
from xenia.engines.qemu.vif import model_of
from xenia.engines.qga.agent import QemuGuestAgent
from xenia.engines.qga.channel import Channel, Silent
from xenia.engines.remarks import note
from xenia.model.complaint import Complaint
from xenia.model.domain import AGENT_PORT, DomainConfig, Kind
from xenia.model.errors import conflict

_ID = "agent"


def socket_of(folder: Path) -> Path:
    """The stream socket in a domain's run folder."""
    return folder / "agent.sock"


def has_agent(config: DomainConfig) -> bool:
    """Whether the guest has a port for an agent. Where its file does not say, one that knows virtio has: an old guest
    is not to meet a device that it has no driver for.
    """
    if config.platform.agent is not None:
        return config.platform.agent
    disks = any(is_virtio(disk, config.kind) for disk in config.disks)
    cards = any(model_of(vif) == "virtio-net-pci" for vif in config.vifs)
    return config.kind is not Kind.HVM or disks or cards


def add_agent(line: CommandLine, config: DomainConfig, listener: int | None) -> None:
    """The port, on the controller of the paravirtual console where there is one."""
    if listener is None:
        return
    descriptor = line.inherit(listener, "socket of the agent")
    line.add("chardev", f"socket,id={_ID},fd={descriptor},server=on,wait=off")
    if config.kind is Kind.HVM:
        line.device({"driver": "virtio-serial-pci", "id": "hvc", "addr": f"{SLOT_SERIAL:#x}"})
    line.device({"driver": "virtserialport", "id": _ID, "bus": "hvc.0", "chardev": _ID, "name": AGENT_PORT})


def explain_agent(config: DomainConfig) -> Iterator[Complaint]:
    """What of an agent's channel is not as in the file."""
    for word in config.other.get("channel") or ():
        if AGENT_PORT not in str(word):
            yield note("channel", f"channel={word!r} has no effect on QEMU: only {AGENT_PORT} is offered")


class AgentPort:
    """The port of a guest that runs, as its QEMU tells of it. `agent` is None for a guest that has no port."""

    def __init__(self, folder: Path, config: DomainConfig, name: Callable[[], str]) -> None:
        self._is_open = False
        self._name = name
        self._channel = Channel(lambda: _connect(folder))
        self.agent = QemuGuestAgent(self._channel, name, lambda: self._is_open) if has_agent(config) else None

    def known(self) -> QemuGuestAgent:
        """The agent, whether it answers or not. Raises a conflict for a guest that has no port."""
        if self.agent is None:
            raise conflict(
                f"domain '{self._name()}' has no way to an agent: its guest file has no virtio device",
                f"xm config set {self._name()} agent=1 gives it one at its next start",
            )
        return self.agent

    def on_event(self, event: str, data: Mapping[str, Any]) -> None:
        """A guest opens and closes its end (VSERPORT_CHANGE)."""
        if event == "VSERPORT_CHANGE" and data.get("id") == _ID:
            self._set(bool(data.get("open")))

    async def look(self, execute: Callable[[str], Any]) -> None:
        """Learn whether the guest's end is open, from QEMU's `execute`. Raises as that does."""
        if self.agent is not None:
            told = {each["label"]: each for each in await execute("query-chardev")}
            if _ID not in told:  # what is in its configuration by now has come to it since its start
                self.agent = None
                return
            self._set(bool(told[_ID]["frontend-open"]))

    def _set(self, is_open: bool) -> None:
        self._is_open = is_open
        if is_open:
            with suppress(Silent):  # it is tried again when the agent is asked
                self._channel.open()
        else:
            self._channel.close()

    def close(self) -> None:
        self._set(False)


def _connect(folder: Path) -> socket.socket:
    return connect_to(socket_of(folder))
