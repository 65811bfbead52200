"""The command line of QEMU as it is put together, option by option."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any


def doubled(text: str) -> str:
    """`text` as a value within a `key=value,key=value` option of QEMU: a comma is written twice."""
    return text.replace(",", ",,")


class CommandLine:
    """Options in order, and the descriptors that QEMU inherits under the numbers they have here."""

    def __init__(self) -> None:
        self.options: list[tuple[str, ...]] = []
        self.descriptors: list[int] = []
        self._sets = 0

    @property
    def words(self) -> list[str]:
        """What stands behind the name of the binary."""
        return [word for option in self.options for word in option]

    def add(self, name: str, value: str | Mapping[str, Any] | None = None) -> None:
        """Append `-name value`; a mapping becomes JSON."""
        if value is None:
            self.options.append((f"-{name}",))
            return
        if not isinstance(value, str):
            value = json.dumps(value)
        self.options.append((f"-{name}", value))

    def device(self, properties: Mapping[str, Any]) -> None:
        """Append a device; properties that are None are left to QEMU."""
        self.add("device", {name: value for name, value in properties.items() if value is not None})

    def inherit(self, descriptor: int, what: str) -> str:  # noqa: ARG002 (`what` is for the subclass that shows it)
        """Let QEMU have `descriptor`; the word by which it is named on the command line."""
        self.descriptors.append(descriptor)
        return str(descriptor)

    def fdset(self, descriptors: Sequence[int], what: str, owner: str = "") -> str:
        """A path that QEMU opens as the member of `descriptors` whose access mode fits. By `owner` the set is found
        again in a QEMU that runs.
        """
        self._sets += 1
        for descriptor in descriptors:
            opaque = f",opaque={owner}" if owner else ""
            self.add("add-fd", f"fd={self.inherit(descriptor, what)},set={self._sets}{opaque}")
        return f"/dev/fdset/{self._sets}"

    def secret(self, name: str, base64: str, held: ExitStack | None) -> str:
        """An object with a secret that no list of processes shows; `held` keeps it until QEMU has been started."""
        file = os.memfd_create("secret", os.MFD_CLOEXEC)
        if held is not None:
            held.callback(os.close, file)
        os.write(file, base64.encode())
        path = f"/proc/self/fd/{self.inherit(file, 'a secret')}"
        self.add("object", {"qom-type": "secret", "id": name, "format": "base64", "file": path})
        return name


class ShownCommandLine(CommandLine):
    """A command line to be read, not run: descriptors are named by what they are."""

    def inherit(self, descriptor: int, what: str) -> str:  # noqa: ARG002 (there is none yet)
        return f"<{what}>"

    @property
    def rendered(self) -> str:
        """One option to a line."""
        return "\n".join(" ".join(option) for option in self.options)
