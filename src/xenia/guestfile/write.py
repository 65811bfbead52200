"""A configuration as a guest file in xl's words, which reads back as that configuration in either dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind, Policy
from xenia.model.errors import invalid
from xenia.model.start_order import StartOrder
from xenia.model.vif import Vif, VifType

_WIDTH = 8

Value = str | int | Sequence[Any]
"""A text, a number, or a list of them, which may hold lists in turn."""


def write(config: DomainConfig, *, heading: str = "") -> str:
    """The text, with `heading` as a comment above it. What has its default is left out.

    Raises invalid for a value that cannot stand in a guest file (control characters, a comma within a word).
    """
    settings = settings_of(config)
    for name, value in config.other.items():
        if writable(value):
            settings.setdefault(name, value)
    return layout(settings, heading=heading)


def layout(settings: Mapping[str, Value], *, heading: str = "") -> str:
    """`settings`, one to a line, with `heading` as a comment above them. Raises invalid as `write`."""
    lines = [f"# {line}" for line in heading.splitlines()]
    for name, value in settings.items():
        lines += _lines(name, value)
    return "\n".join(lines) + "\n"


def writable(value: Any) -> bool:
    """Whether both dialects can say it: xl has neither fractions nor dicts."""
    if isinstance(value, list | tuple):
        return all(map(writable, value))
    return isinstance(value, str | int)


def settings_of(config: DomainConfig) -> dict[str, Value]:
    """The keys of a guest file that say `config`, with their values, in the order of a file; those of `other` apart.

    Raises invalid as `write`.
    """
    return dict(_settings(config))


def _settings(config: DomainConfig) -> Iterator[tuple[str, Value]]:
    yield "name", config.name
    yield "type", config.kind.value
    if config.uuid:
        yield "uuid", config.uuid
    yield "memory", config.memory
    if config.max_memory and config.max_memory > config.memory:
        yield "maxmem", config.max_memory
    yield "vcpus", config.vcpus
    if config.max_vcpus and config.max_vcpus > config.vcpus:
        yield "maxvcpus", config.max_vcpus
    if cpus := list(config.vcpu_pins) or config.cpus:
        yield "cpus", cpus
    numbers = {"cpu_weight": config.cpu_weight, "cap": config.cpu_cap}
    yield from ((name, value) for name, value in numbers.items() if value is not None)
    yield from _boot(config)
    yield "disk", [disk_item(disk) for disk in config.disks]
    yield "vif", [vif_item(vif, config.kind) for vif in config.vifs]
    yield from _display(config)
    yield from _platform(config)
    yield from _policy(config.policy)
    yield from order_settings(config.order)
    if config.tags:
        yield "tags", list(config.tags)


def _boot(config: DomainConfig) -> Iterator[tuple[str, Value]]:
    boot = config.boot
    texts = {
        "kernel": boot.kernel,
        "ramdisk": boot.ramdisk,
        "root": boot.root,
        "extra": extra_of(boot),
        "bootloader": boot.bootloader,
        "bootloader_args": boot.bootargs,
    }
    yield from ((name, text) for name, text in texts.items() if text)
    if config.kind is Kind.HVM and not boot.direct:
        yield "boot", boot.order
        if boot.firmware is Firmware.UEFI:
            yield "bios", "ovmf"


def extra_of(boot: Boot) -> str:
    """`extra`, with the ip= that xm composed from keys which xl does not have."""
    return " ".join(part for part in (f"ip={boot.ip}" if boot.ip else "", boot.extra or "") if part)


def disk_item(disk: Disk) -> str:
    """An item of `disk`, in xl's words, the path last: there it may have commas (xl-disk-configuration(5), target)."""
    block = disk.source is DiskSource.BLOCK and not disk.path.startswith("/dev/")
    words = [f"format={'raw' if disk.source is DiskSource.EMPTY else disk.format}", f"vdev={disk.target}"]
    words += [] if disk.cdrom else [f"access={_ACCESS[disk.mode]}"]
    words += ["devtype=cdrom"] if disk.cdrom else []
    words += ["backendtype=phy"] if block else []
    words += [_word("script", disk.script)] if disk.script else []
    words += [_word("backend", disk.backend)] if disk.backend else []
    words += [f"target={disk.path}"] if disk.path else []
    return ",".join(words)


_ACCESS = {DiskMode.READ_ONLY: "ro", DiskMode.WRITE: "rw", DiskMode.SHARED: "w!"}


def vif_item(vif: Vif, kind: Kind) -> str:
    """An item of `vif` in the file of a guest of this kind. Raises invalid as `write`."""
    words = {
        "mac": vif.mac,
        "bridge": vif.bridge,
        "network": vif.network,
        "type": "vif" if kind is Kind.HVM and vif.type is VifType.PARAVIRTUAL else None,
        "model": vif.model,
        "script": vif.script,
        "ip": " ".join(vif.ip) or None,
        "gateway": vif.gateway,
        "gatewaydev": vif.gatewaydev,
        "vifname": vif.vifname,
        "rate": vif.rate,
        "backend": vif.backend,
        "vlan": vif.vlan,
        "filter": vif.filter,
        "link": None if vif.linked else "down",
    }
    return _words(words)


def _display(config: DomainConfig) -> Iterator[tuple[str, Value]]:
    display = config.display
    if display.video_ram:
        yield "videoram", display.video_ram
    if display.rdp:
        yield "rdp", 1
    if config.kind is not Kind.HVM:
        if display.vnc or display.sdl:
            yield "vfb", [_words({"vnc": int(display.vnc), "sdl": int(display.sdl), **doors(display)})]
        return
    if display.vga is not VgaModel.CIRRUS:
        yield "vga", _VGAS[display.vga]
    yield "vnc", int(display.vnc)
    if display.sdl:
        yield "sdl", 1
    yield from ((name, value) for name, value in doors(display).items() if value is not None)


_VGAS = {VgaModel.STANDARD: "stdvga", VgaModel.QXL: "qxl", VgaModel.NONE: "none"}


def doors(display: Display) -> dict[str, str | int | None]:
    """How the display is reached, in words that keys and the vfb share; None for what is not said."""
    return {
        "vnclisten": display.vnc_listen,
        "vncdisplay": display.vnc_display,
        "vncunused": None if display.vnc_unused else 0,
        "vncpasswd": display.vnc_password,
        "keymap": display.keymap,
        "opengl": 1 if display.opengl else None,
        "vncviewer": 1 if display.viewer else None,
        "display": display.x_display,
        "xauthority": display.x_authority,
    }


def _platform(config: DomainConfig) -> Iterator[tuple[str, Value]]:
    platform = config.platform
    for name, on, usual in (
        ("acpi", platform.acpi, True),
        ("apic", platform.apic, True),
        ("pae", platform.pae, True),
        ("viridian", platform.viridian, False),
        ("localtime", platform.localtime, False),
        ("usb", platform.usb, False),
    ):
        if on is not usual:
            yield name, int(on)
    if platform.rtc_timeoffset:
        yield "rtc_timeoffset", platform.rtc_timeoffset
    if platform.usb_devices:
        yield "usbdevice", platform.usb_devices
    if platform.sound:
        yield "soundhw", platform.sound
    if platform.serial:
        yield "serial", platform.serial
    if platform.agent is not None:
        yield "agent", int(platform.agent)


def _policy(policy: Policy) -> Iterator[tuple[str, Value]]:
    yield "on_poweroff", policy.on_poweroff.value
    yield "on_reboot", policy.on_reboot.value
    yield "on_crash", policy.on_crash.value


def order_settings(order: StartOrder) -> Iterator[tuple[str, Value]]:
    """The keys that say when a domain starts and ends with the host."""
    if order.after:
        yield "start_after", list(order.after)
    if order.delay:
        yield "start_delay", order.delay
    if order.stop_timeout is not None:
        yield "stop_timeout", order.stop_timeout


def _words(words: Mapping[str, str | int | None]) -> str:
    return ",".join(_word(name, value) for name, value in words.items() if value is not None)


def _word(name: str, value: str | int) -> str:
    if "," in str(value):
        raise invalid(f"{name}={value} cannot stand in a guest file: a comma there begins the next word")
    return f"{name}={value}"


def _lines(name: str, value: Value) -> list[str]:
    if isinstance(value, str | int) or len(value) < 2:
        return [f"{name:<{_WIDTH}} = {_item(value)}"]
    return [f"{name:<{_WIDTH}} = [", *(f"    {_item(item)}," for item in value), "]"]


def _item(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return (
            str(int(value)) if value >= 0 else f'"{value}"'
        )  # xl's grammar has no sign; read as a text it may have one
    return f"[{', '.join(map(_item, value))}]"


def _quoted(text: str) -> str:
    """A text that Python and xl read alike."""
    if not text.isprintable():
        raise invalid(f"{text!r} cannot stand in a guest file: it has control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
