"""What `xm create` made of a file and its words, after Xen's own tests of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.agreement.fact import ABSENT, Fact
from tests.agreement.folder import Folder, load

from xenia.guestfile.read import read
from xenia.model.domain import DomainConfig, Kind
from xenia.model.reading import Reading

CREATE = "Xen's own tests: xm create"
_DEFAULTS = frozenset({"boot", "dhcp", "interface", "nics", "vncunused"})
"""xm noted the defaults of these as if they were said."""


def created(folder: Folder) -> Iterator[Fact]:
    base = folder.path / "xen-expected" / "xm-create"
    for path in sorted(base.glob("*.json")):
        case, name = load(path), f"xen-expected/xm-create/{path.stem}.cfg"
        text = folder.text(name)
        reading = read(text, file=name, overrides=case["args"])
        ours = _ours(reading)
        for key, theirs in case["expect"].items():
            if key in _DEFAULTS and key not in reading.values:
                continue
            expected = [_disk(*item) for item in theirs] if key == "disk" else theirs
            yield Fact(CREATE, name, key, ours.get(key, ABSENT), expected, text)


def _ours(reading: Reading) -> dict[str, Any]:
    config = reading.config
    return reading.values | (_meaning(config) if config is not None else {})


def _meaning(config: DomainConfig) -> dict[str, Any]:
    return {
        "name": config.name,
        "memory": config.memory,
        "vcpus": config.vcpus,
        "builder": "hvm" if config.kind is Kind.HVM else "linux",
        "disk": [(disk.path, disk.target, disk.mode.value) for disk in config.disks],
    }


def _disk(uname: str, device: str, mode: str, backend: str | None) -> tuple[str, str, str]:
    return (uname.partition(":")[2], device.removeprefix("ioemu:"), mode)
