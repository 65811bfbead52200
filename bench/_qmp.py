"""A plain client of QEMU's monitor (docs/interop/qmp-spec.rst)."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any


class Qmp:
    """Waits for QEMU's greeting, however long another client has the monitor."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._stream = self._socket.makefile("rwb")
        self._deleted: set[str] = set()
        self._read()
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: object) -> Any:
        return self._send(command, arguments, [])

    def add_fd(self, descriptor: int, number: int) -> None:
        """Hand over a file: QEMU has no rights to its name."""
        self._send("add-fd", {"fdset-id": number}, [descriptor])

    def _send(self, command: str, arguments: dict[str, object], descriptors: list[int]) -> Any:
        line = json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n"
        socket.send_fds(self._socket, [line], descriptors)
        while "event" in (answer := self._read()):
            pass
        if "error" in answer:
            raise SystemExit(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def has(self, device: str) -> bool:
        return any(each["name"] == device for each in self.execute("qom-list", path="/machine/peripheral"))

    def until_taken(self, device: str) -> None:
        """Until the guest has given the device addresses."""
        found: dict[str, Any] = {"regions": []}
        while all(region["address"] in (-1, (1 << 64) - 1) for region in found["regions"]):
            (bus,) = self.execute("query-pci")
            there = [each for one in bus["devices"] for each in (one, *one.get("pci_bridge", {}).get("devices", ()))]
            found = next(each for each in there if each["qdev_id"] == device)

    def until_deleted(self, device: str) -> None:
        while device not in self._deleted:
            self._read()
        self._deleted.remove(device)

    def _read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._stream.readline())
        if answer.get("event") == "DEVICE_DELETED" and "device" in answer["data"]:
            self._deleted.add(answer["data"]["device"])
        return answer

    def close(self) -> None:
        self._stream.close()
        self._socket.close()
