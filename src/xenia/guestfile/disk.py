"""disk = [...]: its items in xm's and xl's spellings.

    xm   SOURCE,TARGET[:cdrom][,MODE[,DOMAIN]]      phy:vg/root,xvda,w    file:/iso,ioemu:hdc:cdrom,r
                                                    tap2:qcow2:/x,hda,w   ,hdc:cdrom,r
    xl   PATH,FORMAT,VDEV[,ACCESS]                  /dev/vg/root,raw,xvda,rw    /iso,,hdc,cdrom
    xl   KEY=VALUE,...[,target=PATH]                format=qcow2,vdev=xvda,access=rw,target=/x,with,commas

All three mix, as in xl's own parser (xl-disk-configuration(5)); a first word with a prefix (`phy:`) has no format after
it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from xenia.guestfile.given import Given
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource

_FORMATS = {
    "": None, "raw": DiskFormat.RAW, "qcow": DiskFormat.QCOW, "qcow2": DiskFormat.QCOW2, "vhd": DiskFormat.VHD,
    "vmdk": DiskFormat.VMDK, "qed": DiskFormat.QED, "empty": None,
}  # fmt: skip
_FORMAT_WORDS = "raw, qcow2, qcow, vhd, vmdk, qed"
_MODES = {
    "r": DiskMode.READ_ONLY, "ro": DiskMode.READ_ONLY, "w": DiskMode.WRITE, "rw": DiskMode.WRITE, "wr": DiskMode.WRITE,
    "w!": DiskMode.SHARED, "rw!": DiskMode.SHARED, "!": DiskMode.SHARED,
}  # fmt: skip
_FLAGS = frozenset({"discard", "no-discard", "direct-io-safe", "trusted", "untrusted", "removable"})
_OPTIONS = frozenset(
    {
        "vdev", "format", "access", "target", "devtype", "backendtype", "backend", "script", "specification",
        "transport", "grant_usage", "hidden", "removable", "readonly", "id",
    }
)  # fmt: skip
_BACKEND_TYPES = frozenset({"phy", "tap", "qdisk", "standalone"})
_DEVICE_TYPES = frozenset({"cdrom", "disk"})
_TAP_TYPES = {
    "aio": "raw",
    "sync": "raw",
    "ram": "raw",
    "tapdisk": "raw",
    "qcow": "qcow",
    "qcow2": "qcow2",
    "vmdk": "vmdk",
    "vhd": "vhd",
}
_PREFIX = re.compile(
    r"(?:(tap2?|file|phy|aio|raw|qcow2?|vhd|qed|vmdk|ioemu)|(iscsi|e?nbd|drbd|rbd|gluster|sheepdog|https?|ftp)):",
    re.IGNORECASE,
)
_SCRIPTED = frozenset({"iscsi", "nbd", "enbd", "drbd"})
"""Prefixes that stand for block scripts of Xen; what follows the other protocols is QEMU's to open."""
_OPTION = re.compile(r"([A-Za-z][A-Za-z_-]*)\s*=\s*(.*)", re.DOTALL)
_TARGETS = (
    (re.compile(r"xv?d[a-z]{1,3}\d{0,3}"), DiskBus.XEN),
    (re.compile(r"d\d{1,5}(?:p\d{1,3})?|\d{1,9}|0x[0-9a-f]{1,8}"), DiskBus.XEN),
    (re.compile(r"vd[a-z]{1,3}\d{0,3}"), DiskBus.VIRTIO),
    (re.compile(r"hd[a-z]\d{0,3}"), DiskBus.IDE),
    (re.compile(r"sd[a-z]{1,3}\d{0,3}"), DiskBus.SCSI),
    (re.compile(r"(?:scd|sr)\d{1,2}"), DiskBus.SCSI),
    (re.compile(r"fd[ab01]?"), DiskBus.FLOPPY),
)  # fmt: skip
_OPTICAL = re.compile(r"(?:scd|sr)\d")
_TARGET_HINT = "targets are hda, hdb ... (IDE), sda ... (SCSI), xvda ... (paravirtual), vda ... (virtio), scd0 (CD-ROM)"


@dataclass(slots=True)
class _Words:
    """An item taken apart, before it is understood. None: not said."""

    path: str | None = None
    format: str | None = None
    target: str | None = None
    mode: str | None = None
    backend: str | None = None
    script: str | None = None
    cdrom: bool = False
    block: bool = False
    network: bool = False
    problems: list[str] = field(default_factory=list)


def read_disks(given: Given) -> tuple[Disk, ...]:
    """The disks of `disk`, then those of the old keys `cdrom`, `fda` and `fdb`."""
    disks = [
        disk for index, text in enumerate(given.items("disk")) if (disk := _read_item(given, index, text)) is not None
    ]
    for key, target in (("cdrom", "hdc"), ("fda", "fda"), ("fdb", "fdb")):
        path = given.word(key)
        if path is None or any(disk.target == target or (key == "cdrom" and disk.cdrom) for disk in disks):
            continue
        given.stands_for(key, f"disk[{len(disks)}]")
        cdrom = key == "cdrom"
        mode = DiskMode.READ_ONLY if cdrom else DiskMode.WRITE
        bus = DiskBus.IDE if cdrom else DiskBus.FLOPPY
        disks.append(Disk(target, path, _source_of(path), DiskFormat.RAW, bus, mode, cdrom, item=len(disks)))
    _targets_are_unique(given, disks)
    return tuple(disks)


def _read_item(given: Given, index: int, text: str) -> Disk | None:
    key = f"disk[{index}]"
    if not text:
        given.error(key, "this disk is empty", "disk = [ 'file:/path/to/image,xvda,w' ]")
        return None
    words = _split(text)
    for problem in words.problems:
        given.error(key, problem)
    if words.problems:
        return None
    target, bus = _target(given, key, words)
    if target is None or bus is None:
        return None
    return _disk(given, key, words, target, bus, index)


def _disk(given: Given, key: str, words: _Words, target: str, bus: DiskBus, index: int) -> Disk | None:
    source = _source(words)
    path = words.path or ""
    format = _FORMATS.get(words.format or "")
    if source is DiskSource.EMPTY and not words.cdrom and bus is not DiskBus.FLOPPY:
        given.error(
            key,
            f"the disk {target} has no source: only a CD-ROM can be empty",
            f"for an empty CD-ROM drive: ',{target}:cdrom,r'",
        )
        return None
    mode = _MODES[words.mode] if words.mode else DiskMode.READ_ONLY if words.cdrom else DiskMode.WRITE
    if words.cdrom and mode is not DiskMode.READ_ONLY:
        given.note(key, f"a CD-ROM is read-only: mode {words.mode} of {target} is taken as r")
        mode = DiskMode.READ_ONLY
    if path.endswith((".qcow2", ".vmdk", ".vhd")) and format in (None, DiskFormat.RAW) and source is DiskSource.FILE:
        kind = path.rpartition(".")[2]
        given.warn(
            key,
            f"{path} looks like a {kind} image, but is given to the guest as raw",
            f"tap:{kind}:{path} or format={kind}",
        )
    if source in (DiskSource.FILE, DiskSource.BLOCK) and (found := re.search(r"[*?]", path)) is not None:
        given.warn(
            key,
            f"{path} has a {found[0]} in it, which stands for itself: no shell looks for what it may mean",
            "write the whole name of the image",
        )
    return Disk(
        target, path, source, format or DiskFormat.RAW, bus, mode, words.cdrom, words.script, words.backend, index
    )


def _split(text: str) -> _Words:
    """Take an item apart: options and flags wherever they stand, the rest by position."""
    words = _Words()
    found = re.search(r"(?:^|,)\s*target\s*=", text)
    if found is not None:
        _source_word(words, text[found.end() :].strip().removesuffix(","))
        text = text[: found.start()]
        if not text:
            words.problems.append("this disk has no vdev: target= takes all that follows it, so it must stand last")
            return words
    if (format := _unknown_format(text)) is not None:
        words.problems.append(f"the format {format} is not known: {_FORMAT_WORDS}")
        return words
    prefixed = False
    places = ["path", "format", "target", "mode", "backend"]
    for part in (part.strip() for part in text.split(",")):
        option = _OPTION.fullmatch(part)
        if option is not None:
            _option(words, option[1].lower(), option[2].strip())
        elif part.lower() in _FLAGS or part.lower() == "cdrom":
            words.cdrom = words.cdrom or part.lower() == "cdrom"
        else:
            prefixed = _position(words, places, part, prefixed)
    return words


def _position(words: _Words, places: list[str], part: str, prefixed: bool) -> bool:
    """Put `part` where it belongs; whether the item is one whose path has a prefix and no format."""
    if places[0:1] == ["path"] and words.path is not None and part in ("", "phy:", "file:"):
        places.pop(0)  # an empty path keeps its place where target= gives it
        return part != ""
    while places and places[0] != "mode" and _is_set(words, places[0]):
        places.pop(0)
    if places[:1] == ["format"] and (prefixed or part.lower() not in _FORMATS):
        places.pop(0)
    if not places:
        if part:
            words.problems.append(f"there is a word too many in this disk: {part}")
        return prefixed
    place = places.pop(0)
    if place == "path":
        return _source_word(words, part)
    if place == "format":
        places.remove("backend")  # the word of xl's items that xm's have in this place is an option there
    if part or place == "format":
        _option(words, {"target": "vdev", "mode": "access"}.get(place, place), part)
    return prefixed


def _unknown_format(text: str) -> str | None:
    """The second word of `/dev/x,qcow3,xvda`, where a format stands that nobody knows."""
    parts = [part.strip() for part in text.split(",")]
    path, format, target, *_ = [*(part for part in parts if not _OPTION.fullmatch(part)), "", "", ""]
    said = format.lower()
    if _PREFIX.match(path) or not said or said in _FORMATS or said in _FLAGS | {"cdrom"}:
        return None
    return format if not _bus(_device(said)[0]) and _bus(_device(target)[0]) else None


def _is_set(words: _Words, place: str) -> bool:
    return getattr(words, place) is not None


def _source_word(words: _Words, text: str) -> bool:
    """Understand the source with its prefixes; whether it had one."""
    words.path, prefixed = text, False
    while found := _PREFIX.match(words.path):
        prefix, protocol = (found[1] or "").lower(), (found[2] or "").lower()
        rest = words.path[found.end() :]
        if protocol:
            words.network = True
            words.path = f"{protocol}:{rest}"
            if protocol in _SCRIPTED and words.script is None and not rest.startswith("//"):
                words.script = f"block-{protocol}"
            return protocol in _SCRIPTED
        prefixed = True
        words.path = rest
        if prefix == "phy":
            words.block = True
        elif prefix in ("tap", "tap2"):
            _tap(words)
        elif prefix == "aio":
            words.format = "raw"
        elif prefix in _FORMATS:
            words.format = prefix
    if prefixed:
        words.path = re.sub(r"^//+", "/", words.path.strip())
    return prefixed


def _tap(words: _Words) -> None:
    """tap:aio:/x, tap2:qcow2:/x, tap:tapdisk:aio:/x."""
    while True:
        kind, sign, rest = (words.path or "").partition(":")
        if not sign or kind.lower() not in _TAP_TYPES:
            return
        words.format, words.path = _TAP_TYPES[kind.lower()], rest


def _option(words: _Words, name: str, value: str) -> None:
    lowered = value.lower()
    if name == "vdev":
        words.target = value
        if lowered.endswith((":cdrom", ":disk")):
            words.cdrom = lowered.endswith(":cdrom")
    elif name == "format":
        if lowered not in _FORMATS:
            words.problems.append(f"the format {value} is not known: {_FORMAT_WORDS}")
        elif not (words.format and not lowered):
            words.format = lowered
    elif name == "access":
        if lowered not in _MODES:
            words.problems.append(f"the mode {value} is not known: r (read-only), w (read-write), w! (shared)")
        words.mode = lowered
    elif name == "devtype":
        if lowered not in _DEVICE_TYPES:
            words.problems.append(f"the devtype {value} is not known: cdrom, disk")
        words.cdrom = lowered == "cdrom"
    elif name == "backendtype":
        if lowered not in _BACKEND_TYPES:
            words.problems.append(f"the backendtype {value} is not known: phy, tap, qdisk, standalone")
        words.block = words.block or lowered == "phy"
    elif name == "backend":
        words.backend = value
    elif name == "script":
        words.script = value
    elif name not in _OPTIONS:
        near = difflib.get_close_matches(name, sorted(_OPTIONS), n=1)
        words.problems.append(f"disk knows no {name}=" + (f"; did you mean {near[0]}=?" if near else ""))


def _target(given: Given, key: str, words: _Words) -> tuple[str | None, DiskBus | None]:
    if not words.target:
        given.error(
            key, "this disk has no target: the name it has in the guest", "for example 'file:/path/to/image,xvda,w'"
        )
        return None, None
    target, kind = _device(words.target)
    words.cdrom = words.cdrom or bool(_OPTICAL.match(target))
    if kind not in ("", "disk", "cdrom"):
        given.error(key, f"a target ends in :cdrom, :disk or nothing, not :{kind}", _TARGET_HINT)
        return None, None
    if (bus := _bus(target)) is not None:
        return target, bus
    if target in _MODES:
        given.error(key, f"this disk has no target: {target} stands in its place, which is a mode", _TARGET_HINT)
    else:
        given.error(key, f"{words.target} is no target of a disk", _TARGET_HINT)
    return None, None


def _device(target: str) -> tuple[str, str]:
    """`ioemu:hdc:cdrom` as hdc and cdrom."""
    name, _, kind = target.lower().removeprefix("ioemu:").removeprefix("/dev/").partition(":")
    return name.strip(), kind.strip()


def _bus(target: str) -> DiskBus | None:
    return next((bus for pattern, bus in _TARGETS if pattern.fullmatch(target)), None)


def _source(words: _Words) -> DiskSource:
    path = words.path or ""
    if not path or words.format == "empty":
        words.path = ""
        return DiskSource.EMPTY
    if words.network:
        return DiskSource.NETWORK
    if words.script is not None and not path.startswith("/"):
        return _scripted(words, path)
    return DiskSource.BLOCK if words.block else _source_of(path)


def _scripted(words: _Words, path: str) -> DiskSource:
    """A source that only a block script understands: the same as with the script's prefix."""
    protocol = (words.script or "").rpartition("/")[2].removeprefix("block-")
    if protocol in _SCRIPTED:
        words.path = f"{protocol}:{path}"
    return DiskSource.NETWORK


def _source_of(path: str) -> DiskSource:
    return DiskSource.BLOCK if path.startswith("/dev/") else DiskSource.FILE


def _targets_are_unique(given: Given, disks: list[Disk]) -> None:
    """`scd0` and `sr0` are one drive: Linux has called it both."""
    seen: set[str] = set()
    for disk in disks:
        drive = re.sub("^scd", "sr", disk.target)
        if drive in seen:
            given.error(f"disk[{disk.item}]", f"the target {disk.target} is taken by another disk of this file")
        seen.add(drive)
