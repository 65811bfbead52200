"""QEMU's monitor (QMP), as far as starting, freezing and ending a host needs it."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

from tests.live.xenlab.words import LabError


class Monitor:
    """One end of a connected socket, the other of which a QEMU has; waits for its greeting."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rwb")
        self._events: list[dict[str, Any]] = []
        connection.close()
        self._read()
        self.do("qmp_capabilities")

    def close(self) -> None:
        self._stream.close()

    def do(self, command: str, **arguments: Any) -> Any:
        """What QEMU returns. Raises LabError with what it says."""
        words = {"execute": command, "arguments": {name.replace("_", "-"): each for name, each in arguments.items()}}
        self._stream.write(json.dumps(words).encode() + b"\n")
        self._stream.flush()
        while True:
            said = self._read()
            if "error" in said:
                raise LabError(f"QEMU refuses {command}: {said['error']['desc']}")
            if "return" in said:
                return said["return"]
            self._events.append(said)

    def _read(self) -> dict[str, Any]:
        line = self._stream.readline()
        if not line:
            raise LabError("QEMU has ended")
        said: dict[str, Any] = json.loads(line)
        return said

    def migrated(self) -> None:
        """Wait until the state of the machine is written or read as a whole. Raises LabError."""
        while True:
            said = self._events.pop(0) if self._events else self._read()
            status = said.get("data", {}).get("status") if said.get("event") == "MIGRATION" else None
            if status == "failed":
                raise LabError("QEMU cannot write or read the state of the machine; its log says why")
            if status == "completed":
                return

    def forwarded(self, port: int) -> int:
        """The port of this machine's loopback that leads to the guest's TCP `port`."""
        shown = self.do("human-monitor-command", command_line="info usernet")
        found = re.search(rf"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+{port}\s", shown)
        if found is None:
            raise LabError(f"QEMU forwards nothing to port {port}: {shown}")
        return int(found[1])
