"""Whatever stands in a configuration: xl reads back the keys and values that were meant, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as some
from tests.engines.xen.xl import as_xl_reads, parsed
from tests.support.libxlutil import LIBRARY, Library, needs_library

from xenia.engines.xen.disk import FORMATS
from xenia.engines.xen.prepared import DiskBackend, Prepared, VifBackend, VncDoor
from xenia.engines.xen.render import render, settings_of
from xenia.engines.xen.vdev import vdevs_of
from xenia.engines.xen.xlcfg import words, written
from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskBus, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import Definition, DomainConfig, Kind, Platform, Started
from xenia.model.errors import XeniaError
from xenia.model.vif import Vif, VifType

NASTY = (
    '"', "\\", "'", ",", "=", "#", ";", "[", "]", " ", "\t", "\u2028", "kernel = ", ",vdev=xvdb", "vnclisten=0.0.0.0",
    "ü", "target=", "\\x41", "/", "a",
)  # fmt: skip
texts = some.one_of(
    some.text(some.characters(exclude_categories=("Cc", "Cs")), max_size=30),
    some.lists(some.sampled_from(NASTY), max_size=8).map("".join),
)
maybe = some.one_of(some.none(), texts)
paths = texts.map("/{}".format)
TARGETS = (
    "hda", "hdb", "hdc", "xvda", "xvdb1", "xvdz", "sda", "sdb2", "vda", "vdb", "scd0", "sr1", "fda", "hdz", "768",
    "xda",
)  # fmt: skip


disk = some.builds(
    Disk, some.sampled_from(TARGETS), paths, some.sampled_from(DiskSource), some.sampled_from(sorted(FORMATS)),
    some.sampled_from(DiskBus), some.sampled_from(DiskMode), some.booleans(),
)  # fmt: skip
disks = some.lists(disk, max_size=4, unique_by=lambda disk: disk.target).map(tuple)
vifs = some.lists(
    some.builds(
        Vif, some.sampled_from(VifType), some.none(), maybe, some.one_of(maybe, some.just("e1000")), maybe,
        some.lists(texts, max_size=2).map(tuple), maybe, maybe, some.one_of(maybe, some.just("10Mb/s")), maybe,
    ),
    max_size=3,
).map(tuple)  # fmt: skip
others = some.dictionaries(
    some.sampled_from(
        ("cpuid", "pool", "hap", "device_model_override", "pvshim_cmdline", "viridian", "kernel", "shadow_memory")
    ),
    some.one_of(texts, some.integers(), some.booleans(), some.lists(texts, max_size=2)),
    max_size=4,
)  # fmt: skip
configs = some.builds(
    DomainConfig, name=texts, kind=some.sampled_from(Kind), memory=some.integers(1, 1 << 40), cpus=maybe,
    cpu_weight=some.one_of(some.none(), some.integers()), cpu_cap=some.one_of(some.none(), some.integers()),
    vcpu_pins=some.lists(texts, max_size=2).map(tuple), disks=disks, vifs=vifs, other=others,
    boot=some.builds(Boot, texts, some.sampled_from(Firmware), maybe, maybe, maybe, maybe),
    display=some.builds(Display, some.sampled_from(VgaModel), some.none(), some.booleans(), maybe, keymap=maybe),
    platform=some.builds(
        Platform, viridian=some.booleans(), rtc_timeoffset=some.integers(-99999, 99999), sound=maybe,
        usb_devices=some.lists(texts, max_size=2).map(tuple), serial=some.lists(texts, max_size=2).map(tuple),
    ),
)  # fmt: skip


def started(config: DomainConfig) -> Started:
    return Started("6a3c0f2e-0000-4000-8000-000000000001", 7, config, Definition(), (), "xen", 0.0)


def prepared(config: DomainConfig) -> Prepared:
    """Made of the guest file's own words, which is worse than what is ever prepared."""
    return Prepared(
        config.boot.kernel,
        config.boot.ramdisk,
        config.boot.command_line,
        tuple(DiskBackend(disk, disk.path, disk.format, disk.source is DiskSource.BLOCK) for disk in config.disks),
        tuple(VifBackend(vif, "00:16:3e:00:00:01", vif.bridge, vif.vifname, vif.script) for vif in config.vifs),
        VncDoor("127.0.0.1", config.display.vnc_display) if config.display.vnc else None,
    )


def rendered(config: DomainConfig) -> tuple[dict[str, Any], str]:
    try:
        return settings_of(started(config), prepared(config)), render(started(config), prepared(config))
    except XeniaError:
        assume(False)
        raise


def plain(meant: dict[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | str) else list(value) for key, value in meant.items()}


@settings(max_examples=200)
@given(configs)
def test_what_was_meant_is_what_is_read(config: DomainConfig) -> None:
    """By a strict parser, and by xl's own where it is here."""
    meant, text = rendered(config)
    read = parsed(text)
    for key, value in read.items():  # a number with a sign is written as a text
        if isinstance(meant[key], int) and isinstance(value, str):
            read[key] = int(value)
    assert read == plain(meant)
    if LIBRARY is not None:
        assert LIBRARY.read(text, [*meant, "device_model_override", "bootloader"]) == as_xl_reads(meant)


@needs_library
@settings(max_examples=300)
@given(some.builds(DomainConfig, some.just("guest"), some.sampled_from(Kind), disks=disks))
def test_xl_finds_each_disk_as_it_was_meant(config: DomainConfig) -> None:
    meant, _ = rendered(config)
    assert isinstance(LIBRARY, Library)
    vdevs = vdevs_of(config)
    placed = [backend for backend in prepared(config).disks if vdevs[backend.disk.target] is not None]
    for backend, item in zip(placed, meant.get("disk", []), strict=True):
        disk, found = backend.disk, LIBRARY.disk(item)
        assert found["path"] == backend.target
        assert found["vdev"] == vdevs[disk.target]
        assert found["cdrom"] == disk.cdrom
        assert found["writable"] == (disk.mode is not DiskMode.READ_ONLY and not disk.cdrom)
        assert found["format"] == (backend.format.value if backend.target else "empty")
        assert (found["backend"] == "phy") <= backend.block
        assert found["script"] is None


@settings(max_examples=300)
@given(some.dictionaries(some.sampled_from(("mac", "bridge", "script", "vifname", "rate")), texts, max_size=4))
@example({"bridge": "br0,script=/tmp/evil"})
def test_no_word_of_a_card_begins_another(pairs: dict[str, str]) -> None:
    try:
        text = words(pairs)
    except XeniaError:
        assert any("," in value or value != value.strip() for value in pairs.values())
        return
    read = dict(word.split("=", 1) for word in text.split(",")) if text else {}
    assert read == pairs


@pytest.mark.parametrize("text", ["a\nkernel = 1", "a\rb", "a\0b", "\x1b[1m", "\ud800", "\x9b"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(XeniaError, match="control characters"):
        written({"name": text})


@pytest.mark.parametrize(
    ("kind", "path", "reason"),
    [
        (Kind.HVM, "/images/a,readonly=off", "a comma"),
        (Kind.PV, "/images/a,", "ends in a comma"),
        (Kind.PV, "nbd:127.0.0.1:10809", "no absolute path"),
        (Kind.HVM, "images/a", "no absolute path"),
    ],
)
def test_paths_that_libxl_or_its_qemu_would_read_otherwise_are_refused(kind: Kind, path: str, reason: str) -> None:
    config = DomainConfig("guest", kind, disks=(Disk("hda", path, bus=DiskBus.IDE),))
    with pytest.raises(XeniaError, match=reason):
        render(started(config), prepared(config))


def test_what_was_prepared_is_what_xl_gets() -> None:
    iso = Disk("hdc", "file:/x.iso", bus=DiskBus.IDE, mode=DiskMode.READ_ONLY, cdrom=True, item=1)
    config = DomainConfig(
        "guest", Kind.HVM, disks=(Disk("hda", "/a", bus=DiskBus.IDE), iso), vifs=(Vif(),), display=Display(vnc=True)
    )
    ready = Prepared(
        "/proc/7/fd/3",
        "/proc/7/fd/4",
        "console=ttyS0",
        (
            DiskBackend(config.disks[0], "/dev/loop3", block=True, script="block-xenia"),
            DiskBackend(iso, "/proc/7/fd/5"),
        ),
        (VifBackend(config.vifs[0], "00:16:3e:00:00:01", "xenbr0", "web0", "vif-xenia"),),
        VncDoor("127.0.0.1", 7, unused=False),
    )
    read = parsed(render(started(config), ready))
    assert (read["kernel"], read["ramdisk"], read["cmdline"]) == ("/proc/7/fd/3", "/proc/7/fd/4", "console=ttyS0")
    assert read["disk"] == [
        "format=raw,vdev=hda,access=rw,backendtype=phy,script=block-xenia,target=/dev/loop3",
        "format=raw,vdev=hdc,access=ro,devtype=cdrom,backendtype=qdisk,target=/proc/7/fd/5",
    ]
    assert read["vif"] == ["mac=00:16:3e:00:00:01,type=ioemu,model=rtl8139,bridge=xenbr0,vifname=web0,script=vif-xenia"]
    assert (read["vnc"], read["vnclisten"], read["vncdisplay"], read["vncunused"]) == (1, "127.0.0.1", 7, 0)
    assert (read["uuid"], "boot" in read) == ("6a3c0f2e-0000-4000-8000-000000000001", False)


def test_xend_alone_acts_on_the_end_of_a_guest() -> None:
    read = parsed(render(started(DomainConfig("guest")), Prepared()))
    assert {read[key] for key in ("on_poweroff", "on_reboot", "on_crash")} == {"preserve"}
