"""Items of disk, vif and cpus, one by one, as xl's own parsers take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tests.agreement.fact import ABSENT, Fact
from tests.agreement.folder import UNUSABLE, Folder
from tests.agreement.values import READ, REFUSED
from tests.support.libxlutil import LIBRARY

from xenia.guestfile.read import read
from xenia.guestfile.vif import read_rate
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskMode, DiskSource
from xenia.model.reading import Reading

DISK = "xl 4.17: items of disk"
DISK_LIVE = "libxlutil, called now: items of disk"
VIF = "Xen's own tests: items of vif"
CPUS = "Xen's own tests: lists of CPUs"
T = TypeVar("T")

_HEAD = "name='x'; kernel='/k'; "


def disks(folder: Folder) -> Iterator[Fact]:
    """The items that were recorded, and those of Xen's own tests."""
    path = folder.path / "xl-disks.json"
    recorded = (folder.load(path, dict) if path.exists() else None) or {}
    for text, case in recorded.items():
        try:
            expected = _expected(case["disk"]) if case["ok"] else None
        except UNUSABLE as error:
            folder.leave_out(path, error, text)
            continue
        yield from _disk(DISK, text, expected)
    for text, expected in _cases(folder, "disk", _disk_case):
        yield from _disk(DISK, text, expected)


def _disk_case(case: Any) -> tuple[str, dict[str, Any] | None]:
    return ",".join(case["args"]), _expected(case["expect"]) if case["ok"] else None


def disks_live(folder: Folder) -> Iterator[Fact]:
    """Every item of every guest file, by the library itself."""
    if LIBRARY is None:
        return
    items: dict[str, None] = {}
    for name in folder.guest_files():
        written = folder.reading(name).values.get("disk", ())
        items.update(dict.fromkeys(item for item in written if isinstance(item, str) and "\0" not in item))
    for text in items:
        found = LIBRARY.disk(text)
        yield from _disk(DISK_LIVE, text, {key: found[key] for key in _FIELDS} if found else None)


_FIELDS = ("path", "vdev", "format", "script", "writable", "cdrom")


def _expected(recorded: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": recorded.get("pdev_path", ""),
        "vdev": recorded["vdev"],
        "format": recorded["format"],
        "script": recorded.get("script"),
        "writable": bool(recorded.get("readwrite")),
        "cdrom": bool(recorded.get("is_cdrom")),
    }


def _disk(comparison: str, text: str, expected: dict[str, Any] | None) -> Iterator[Fact]:
    reading = read(f"{_HEAD}disk=[{text!r}]", file="x")
    config = reading.config
    if config is None or expected is None:
        yield Fact(comparison, text, READ, _outcome(reading), REFUSED if expected is None else READ, text)
        return
    for name, ours in _ours(config.disks[0]).items():
        yield Fact(comparison, text, name, ours, expected[name], text)


_PREFIXED = frozenset({"block-iscsi", "block-nbd", "block-enbd", "block-drbd"})
"""The scripts that xl knows by a prefix of the source."""


def _ours(disk: Disk) -> dict[str, Any]:
    """In xl's words: it keeps a script's word without its prefix."""
    path = disk.path
    if disk.script in _PREFIXED and disk.source is DiskSource.NETWORK:
        path = path.removeprefix(disk.script.removeprefix("block-") + ":")
    return {
        "path": path,
        "vdev": disk.target,
        "format": "empty" if disk.source is DiskSource.EMPTY else disk.format.value,
        "script": disk.script,
        "writable": disk.mode is not DiskMode.READ_ONLY,
        "cdrom": disk.cdrom,
    }


def vifs(folder: Folder) -> Iterator[Fact]:
    for text, outcome, theirs in _cases(folder, "vif", _vif_case):
        reading = read(f"{_HEAD}vif=[{text!r}]", file="x")
        yield Fact(VIF, text, READ, _warned(reading), outcome, text)
        if theirs is not None and reading.config is not None:
            rate = read_rate(reading.config.vifs[0].rate or "")
            ours = (rate[0] * rate[1] // 10**6, rate[1]) if rate else ABSENT
            yield Fact(VIF, text, "rate", ours, theirs, text)


def _vif_case(case: Any) -> tuple[str, str, tuple[int, int] | None]:
    """The item, whether xl takes it, and its rate: bytes in an interval, and that in microseconds."""
    expected = case["expect"] or {}
    has_rate = "rate_bytes_per_interval" in expected
    rate = (expected["rate_bytes_per_interval"], expected["rate_interval_usecs"]) if has_rate else None
    return ",".join(case["args"]), READ if case["ok"] else REFUSED, rate


def cpus(folder: Folder) -> Iterator[Fact]:
    for text, outcome in _cases(folder, "vcpupin", _cpus_case):
        reading = read(f"{_HEAD}cpus={text!r}", file="x")
        yield Fact(CPUS, text, READ, _outcome(reading), outcome, text)


def _cpus_case(case: Any) -> tuple[str, str]:
    return "".join(case["spec"]), READ if case["ok"] else REFUSED


def _cases(folder: Folder, noun: str, shape: Callable[[Any], T]) -> Iterator[T]:
    """The cases of Xen's own tests of `noun`, each as `shape` makes it."""
    for path in sorted((folder.path / "xen-expected").glob(f"*{noun}*.json")):
        for number, case in enumerate(folder.load(path, lambda data: list(data["cases"])) or ()):
            try:
                shaped = shape(case)
            except UNUSABLE as error:
                folder.leave_out(path, error, f"cases[{number}]")
                continue
            yield shaped


def _outcome(reading: Reading) -> str:
    if reading.config is not None:
        return READ
    placed = any(each.severity is Severity.ERROR and each.line == 1 for each in reading.complaints)
    return REFUSED if placed else f"{REFUSED} without a place"


def _warned(reading: Reading) -> str:
    """xl refuses a word that it does not know, where we warn."""
    return (
        REFUSED if any(each.severity is not Severity.NOTE and each.line == 1 for each in reading.complaints) else READ
    )
