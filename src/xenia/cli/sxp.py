"""S-expressions, the long form of xm's lists: what a domain or a device is, with the keys that xm used."""

from __future__ import annotations

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Sxp = str | list["Sxp"]

_WIDTH = 80
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:,=+@%")
_STATUS = {"defined": "0", "paused": "3"}
"""xm's numbers for what does not run and for paused; all else is 2, running."""


def render(expression: Sxp, indent: int = 0) -> str:
    """`expression` as text: on one line where it fits, else each member on a line of its own."""
    margin = " " * indent
    flat = margin + _flat(expression)
    if isinstance(expression, str) or (indent and len(flat) < _WIDTH):
        return flat
    head, *members = expression
    first = f"{margin}({head}" if isinstance(head, str) else f"{margin}(\n{render(head, indent + 4)}"
    return "\n".join([first, *(render(member, indent + 4) for member in members), f"{margin})"])


def _flat(expression: Sxp) -> str:
    if isinstance(expression, str):
        return _word(expression)
    return "(" + " ".join(_flat(member) for member in expression) + ")"


def _word(text: str) -> str:
    """A word, in quotes where it holds more than plain characters; nothing stands for nothing, as xm writes it."""
    if _PLAIN.issuperset(text):
        return text
    return "'" + printable(text.replace("\\", "\\\\").replace("'", "\\'")) + "'"


def _pair(key: str, value: Any) -> Sxp:
    if isinstance(value, bool):
        return [key, str(int(value))]
    return [key, "" if value is None else str(value)]


def _pairs(*pairs: tuple[str, Any]) -> list[Sxp]:
    """Those of `pairs` that have a value."""
    return [_pair(key, value) for key, value in pairs if value is not None]


def describe(answer: dict[str, Any]) -> Sxp:
    """The expression for one domain, from the answer to GET /domains/REF; `config` may be None (Domain-0)."""
    domain, config = answer["domain"], answer.get("config") or {}
    policy = config.get("policy") or {}
    boot = config.get("boot") or {}
    return [
        "domain",
        *_pairs(("domid", domain["domid"])),
        _pair("cpu_weight", config.get("cpu_weight") or 256),
        _pair("cpu_cap", config.get("cpu_cap") or 0),
        _pair("bootloader", boot.get("bootloader")),
        _pair("on_crash", policy.get("on_crash", "restart")),
        _pair("uuid", domain["uuid"]),
        _pair("bootloader_args", boot.get("bootargs")),
        _pair("vcpus", config.get("max_vcpus") or domain["vcpus"]),
        _pair("name", domain["name"]),
        ["cpus", _cpus(config, domain["vcpus"])],
        _pair("on_reboot", policy.get("on_reboot", "restart")),
        _pair("on_poweroff", policy.get("on_poweroff", "destroy")),
        _pair("maxmem", domain["max_memory"]),
        _pair("memory", domain["memory"]),
        _pair("shadow_memory", 0),
        _pair("features", None),
        _pair("on_xend_start", "start" if domain["autostart"] else "ignore"),
        _pair("on_xend_stop", "ignore"),
        *_pairs(("start_time", domain["started_at"])),
        _pair("cpu_time", domain["cpu_time"]),
        _pair("online_vcpus", domain["vcpus"]),
        ["image", _image(domain["kind"], config, boot)],
        _pair("status", _STATUS.get(domain["state"], "2")),
        _pair("state", domain["letters"]),
        *_devices(answer, config),
    ]


def _image(kind: str, config: dict[str, Any], boot: dict[str, Any]) -> Sxp:
    if kind != "hvm":
        command_line = " ".join(word for word in (_named("ip", boot), _named("root", boot), boot.get("extra")) if word)
        return [
            "linux",
            _pair("kernel", boot.get("kernel")),
            *_pairs(("ramdisk", boot.get("ramdisk"))),
            _pair("args", command_line),
        ]
    platform, display = config.get("platform") or {}, config.get("display") or {}
    return [
        "hvm",
        _pair("kernel", boot.get("kernel")),
        _pair("boot", boot.get("order")),
        *(_pair(key, platform.get(key)) for key in ("acpi", "apic", "pae", "viridian", "localtime", "usb")),
        _pair("stdvga", display.get("vga") == "std"),
        _pair("vnc", bool(display.get("vnc"))),
        *_pairs(
            ("soundhw", platform.get("sound")),
            ("vnclisten", display.get("vnc_listen")),
            ("keymap", display.get("keymap")),
        ),
    ]


def _named(key: str, boot: dict[str, Any]) -> str:
    return f"{key}={boot[key]}" if boot.get(key) else ""


def _devices(answer: dict[str, Any], config: dict[str, Any]) -> list[Sxp]:
    macs = answer.get("macs") or []
    told = {each["vif"]: each["addresses"] for each in answer.get("interfaces") or ()}
    devices = [
        describe_card(vif, macs[number] if number < len(macs) else vif["mac"], told.get(vif.get("item", number)) or ())
        for number, vif in enumerate(config.get("vifs") or ())
    ]
    devices += [describe_disk(disk) for disk in config.get("disks") or ()]
    if config:
        devices.append(["console", _pair("protocol", "vt100")])
    vnc = answer["domain"]["vnc"]
    if vnc:
        devices.append(["vfb", _pair("vnc", 1), _pair("location", vnc)])
    return [["device", device] for device in devices]


def describe_card(vif: dict[str, Any], mac: str | None, addresses: Iterable[str]) -> Sxp:
    """A card, with the IP addresses that are known of it."""
    return [
        "vif",
        *_pairs(
            ("bridge", vif["bridge"]),
            ("mac", mac),
            ("script", vif["script"]),
            ("ip", " ".join(vif["ip"]) or None),
            ("addresses", " ".join(addresses) or None),
            ("model", vif["model"]),
            ("vifname", vif["vifname"]),
            ("rate", vif["rate"]),
            ("type", "ioemu" if vif["type"] == "ioemu" else None),
            ("backend", vif["backend"] or 0),
        ),
    ]


def describe_disk(disk: dict[str, Any]) -> Sxp:
    return [
        "vbd",
        _pair("dev", f"{disk['target']}:{'cdrom' if disk['cdrom'] else 'disk'}"),
        _pair("uname", _uname(disk)),
        _pair("mode", disk["mode"]),
        _pair("backend", disk["backend"] or 0),
    ]


def describe_usb(device: str) -> Sxp:
    return ["vusb", _pair("usbdevice", device)]


def describe_pci(address: str) -> Sxp:
    """By its address, DOMAIN:BUS:SLOT.FUNCTION in hexadecimal."""
    domain, bus, place = address.split(":")
    slot, _, function = place.partition(".")
    parts = (("domain", domain), ("bus", bus), ("slot", slot), ("func", function))
    return ["pci", ["dev", *(_pair(name, f"0x{part}") for name, part in parts)]]


def describe_vcpus(domain: dict[str, Any]) -> Sxp:
    """The virtual CPUs of a domain, from the answer to GET /vcpus."""
    count = len(domain["vcpus"])
    about = [_pair("domid", domain["domid"]), _pair("name", domain["domain"]), _pair("vcpu_count", count)]
    return ["domain", *about, *map(_vcpu, domain["vcpus"])]


def _vcpu(vcpu: dict[str, Any]) -> Sxp:
    state, cpus = vcpu["state"], [str(cpu) for cpu in vcpu["cpus"] or ()]
    cpumap: list[Sxp] = ["cpumap", [*cpus]]
    return [
        "vcpu",
        _pair("number", vcpu["number"]),
        _pair("online", state != "offline"),
        _pair("blocked", state == "blocked"),
        _pair("running", state == "running"),
        _pair("cpu_time", vcpu["cpu_time"]),
        *_pairs(("cpu", vcpu["cpu"])),
        cpumap,
    ]


def _cpus(config: dict[str, Any], vcpus: int) -> list[Sxp]:
    """A list for each virtual CPU; an empty one stands for any CPU of the host."""
    sets = config.get("vcpu_pins") or [config.get("cpus")] * vcpus
    sets = [*sets, *[None] * vcpus][:vcpus]
    return [[] if each in (None, "all") else each.split(",") for each in sets]


def _uname(disk: dict[str, Any]) -> str:
    prefix = {"file": "file:", "block": "phy:", "network": "", "empty": ""}[disk["source"]]
    if disk["source"] == "file" and disk["format"] != "raw":
        prefix = f"tap:{disk['format']}:"
    return f"{prefix}{disk['path']}"
