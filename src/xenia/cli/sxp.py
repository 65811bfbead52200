"""S-expressions, the long form of xm list: what a domain is, with the keys that xm used, and how they are written."""

from __future__ import annotations

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    told = {each["vif"]: " ".join(each["addresses"]) for each in answer.get("interfaces") or ()}
    devices: list[Sxp] = [
        [
            "vif",
            *_pairs(
                ("bridge", vif["bridge"]),
                ("mac", macs[number] if number < len(macs) else vif["mac"]),
                ("script", vif["script"]),
                ("ip", " ".join(vif["ip"]) or None),
                ("addresses", told.get(vif.get("item", number)) or None),
                ("model", vif["model"]),
                ("vifname", vif["vifname"]),
                ("rate", vif["rate"]),
                ("type", "ioemu" if vif["type"] == "ioemu" else None),
                ("backend", vif["backend"] or 0),
            ),
        ]
        for number, vif in enumerate(config.get("vifs") or ())
    ]
    devices += [
        [
            "vbd",
            _pair("dev", f"{disk['target']}:{'cdrom' if disk['cdrom'] else 'disk'}"),
            _pair("uname", _uname(disk)),
            _pair("mode", disk["mode"]),
            _pair("backend", disk["backend"] or 0),
        ]
        for disk in config.get("disks") or ()
    ]
    if config:
        devices.append(["console", _pair("protocol", "vt100")])
    vnc = answer["domain"]["vnc"]
    if vnc:
        devices.append(["vfb", _pair("vnc", 1), _pair("location", vnc)])
    return [["device", device] for device in devices]


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
