"""What a guest file means here, as a table a person reads."""

from __future__ import annotations

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KINDS = {"hvm": "hvm (unmodified guest: firmware, emulated devices)", "pv": "pv (paravirtual kernel)", "pvh": "pvh"}
_DEVICES = {"a": "floppy", "c": "disk", "d": "CD-ROM", "n": "network"}


def show_plan(plan: dict[str, Any]) -> None:
    """Print the answer to POST /plan: the table, then the engine's own form."""
    for key, value in _rows(plan):
        print(f"{key:<10} {printable(value)}".rstrip())
    if plan["rendered"]:
        print(f"\n{plan['engine']} gets:")
        for line in plan["rendered"].splitlines():
            print(f"  {printable(line.expandtabs())}")


def _rows(plan: dict[str, Any]) -> list[tuple[str, str]]:
    config = plan["config"]
    policy = config["policy"]
    rows = [
        ("name", config["name"]),
        ("kind", _KINDS.get(config["kind"], config["kind"])),
        ("memory", _memory(config)),
        ("cpus", _cpus(config)),
        ("boot", _boot(config["boot"])),
        *(("disk", disk_words(disk)) for disk in config["disks"]),
        *(("vif", vif_words(vif)) for vif in config["vifs"]),
        ("display", _display(config["display"])),
        ("ends", ", ".join(f"{key.removeprefix('on_')}: {value}" for key, value in policy.items())),
        ("engine", plan["engine"]),
    ]
    if config["uuid"]:
        rows.insert(1, ("uuid", config["uuid"]))
    return [
        (key if number == 0 or rows[number - 1][0] != key else "", value) for number, (key, value) in enumerate(rows)
    ]


def _memory(config: dict[str, Any]) -> str:
    most = config["max_memory"]
    return f"{config['memory']} MiB" + (f", at most {most} MiB" if most and most != config["memory"] else "")


def _cpus(config: dict[str, Any]) -> str:
    parts = [str(config["vcpus"])]
    if config["max_vcpus"] and config["max_vcpus"] != config["vcpus"]:
        parts.append(f"at most {config['max_vcpus']}")
    if config["vcpu_pins"]:
        pins = ", ".join(f"{number} on {pin}" for number, pin in enumerate(config["vcpu_pins"]))
        parts.append(f"virtual CPUs on the host's: {pins}")
    elif config["cpus"]:
        parts.append(f"on the host's CPUs {config['cpus']}")
    parts += [
        f"{word} {config[key]}"
        for key, word in (("cpu_weight", "weight"), ("cpu_cap", "cap"))
        if config[key] is not None
    ]
    return ", ".join(parts)


def _boot(boot: dict[str, Any]) -> str:
    if boot["kernel"]:
        line = " ".join(part for part in (_named(boot, "ip"), _named(boot, "root"), boot["extra"] or "") if part)
        ramdisk = f", ramdisk {boot['ramdisk']}" if boot["ramdisk"] else ""
        return f"kernel {boot['kernel']}{ramdisk}" + (f", command line: {line}" if line else "")
    if boot["bootloader"]:
        return f"the kernel that {boot['bootloader']} finds in the first disk"
    order = ", ".join(_DEVICES.get(letter, letter) for letter in boot["order"])
    return f"{boot['firmware'].upper()}, from {order}"


def _named(boot: dict[str, Any], key: str) -> str:
    return f"{key}={boot[key]}" if boot[key] else ""


def disk_words(disk: dict[str, Any]) -> str:
    """What a disk of a configuration is."""
    medium = disk["path"] or "no medium"
    access = {"r": "read-only", "w": "read-write", "w!": "read-write, shared"}[disk["mode"]]
    what = "CD-ROM" if disk["cdrom"] else "disk"
    form = disk["format"] if disk["path"] else ""
    return ", ".join(part for part in (f"{disk['target']:<6}{disk['bus']} {what}", medium, form, access) if part)


def vif_words(vif: dict[str, Any]) -> str:
    """What a card of a configuration is."""
    card = f"emulated {vif['model'] or 'card'}" if vif["type"] == "ioemu" else "paravirtual card"
    parts = [card, f"MAC {vif['mac']}" if vif["mac"] else "a MAC made at the first start", _bridge(vif)]
    parts += [f"ip {address}" for address in vif["ip"]]
    parts += [f"{key} {vif[key]}" for key in ("rate", "vifname", "script") if vif[key]]
    return ", ".join(parts)


def _bridge(vif: dict[str, Any]) -> str:
    return f"bridge {vif['bridge']}" if vif["bridge"] else "the host's default network"


def _display(display: dict[str, Any]) -> str:
    parts = ["none" if display["vga"] == "none" else f"{display['vga']} VGA"]
    if display["vnc"]:
        number = display["vnc_display"]
        wanted = (
            "the first free display"
            if number is None
            else f"display {number}{' or the next free one' if display['vnc_unused'] else ''}"
        )
        parts.append(f"VNC on {display['vnc_listen'] or 'the default address'}, {wanted}")
        parts.append(
            "with a password"
            if display["vnc_password"]
            else "without a password"
            if display["vnc_password"] == ""
            else ""
        )
    if display.get("rdp"):
        parts.append("also over RDP")
    if display["sdl"] or display.get("viewer"):
        parts.append("a window where it is started")
    return ", ".join(part for part in parts if part)
