"""What `xm create` made of a file and its words, after Xen's own tests of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.agreement.fact import ABSENT, Fact
from tests.agreement.folder import Folder

from xenia.guestfile.read import read
from xenia.model.domain import DomainConfig, Kind
from xenia.model.reading import Reading

CREATE = "Xen's own tests: xm create"
_DEFAULTS = frozenset({"boot", "dhcp", "interface", "nics", "vncunused"})
"""xm noted the defaults of these as if they were said."""


def created(folder: Folder) -> Iterator[Fact]:
    base = folder.path / "xen-expected" / "xm-create"
    for path in sorted(base.glob("*.json")):
        case, name = folder.load(path, _case), f"xen-expected/xm-create/{path.stem}.cfg"
        if case is None or not folder.has(name, path):
            continue
        words, expected = case
        text = folder.text(name)
        reading = read(text, file=name, overrides=words)
        ours = _ours(reading)
        for key, theirs in expected.items():
            if key not in _DEFAULTS or key in reading.values:
                yield Fact(CREATE, name, key, ours.get(key, ABSENT), theirs, text)


def _case(data: Any) -> tuple[list[str], dict[str, Any]]:
    """The words of the command line, and what came out."""
    words = [_text(word) for word in data["args"]]
    expected = {
        key: [_disk(*map(_text, item[:3])) for item in theirs] if key == "disk" else theirs
        for key, theirs in data["expect"].items()
    }
    return words, expected


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} stands where a text is wanted")
    return value


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


def _disk(uname: str, device: str, mode: str) -> tuple[str, str, str]:
    return (uname.partition(":")[2], device.removeprefix("ioemu:"), mode)
