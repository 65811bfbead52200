"""What is said to a guest, and what it says."""

from __future__ import annotations

import json

from tests.live.xen.walk.walk import Walk
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk


def is_spoken_to(walk: Walk) -> None:
    if not walk.is_linux:
        talk(walk.host, "xm", "console", "hvm", awaited=rf"{guests.COUNT}[0-9a-f]{{4}}")
        walk.found("console", "its serial port")
        return
    walk.types("echo $((6*7))x", "42x")
    walk.found("console")
    # xl's own console is another reader of the same terminal.
    walk.types("echo $((5*7))x", "35x", program="xl")


def tells_of_itself(walk: Walk) -> None:
    """A guest writes to xenstore what an agent in it would."""
    if not walk.is_linux:
        said = walk.host.xm("agent", "hvm")
        assert (said.code, "has not told anything of itself" in said.err) == (5, True), said
        walk.found("agent", "nothing told")
        return
    words = " && ".join(map(written, (("data/os_name", "Small Linux"), ("attr/vif/0/ipv4/0", "192.0.2.7"))))
    walk.types(f"{words} && echo told'.'", "told[.]")
    told = json.loads(walk.xm("agent", "-o", "json", walk.kind))
    assert (told["agent"], told["os"]) == ("xenstore", "Small Linux")
    assert [(each["vif"], each["addresses"]) for each in told["interfaces"]] == [(0, ["192.0.2.7"])]
    assert walk.xm("network-list", walk.kind).split()[-1] == "192.0.2.7"
    said = walk.host.xm("agent", walk.kind, "exec", "true")
    assert (said.code, "agent-exec is not possible" in said.err) == (1, True), said
    walk.found("agent")


def written(entry: tuple[str, str]) -> str:
    """A shell's words that write to xenstore: a message of xs_wire.h to the kernel's device (XS_WRITE is 11)."""
    path, value = entry
    header = b"".join(number.to_bytes(4, "little") for number in (11, 0, 0, len(path) + 1 + len(value)))
    escaped = "".join(f"\\{byte:03o}" for byte in header)
    return f"printf '{escaped}{path}\\000{value}' >/dev/xen/xenbus"


def is_poked(walk: Walk) -> None:
    """The HVM guest hears neither: it has no system. That its buttons are there, the host itself tells."""
    host, kind, linux = walk.host, walk.kind, walk.is_linux
    walk.xm("sysrq", kind, "h")
    if linux:
        host.hears(kind, "sysrq: HELP")
    walk.found("sysrq", "yes" if linux else "untried")
    walk.xm("trigger", kind, "nmi", "0")
    walk.found("trigger nmi")
    said = host.xm("trigger", kind, "power")
    assert (said.code, "has no ACPI buttons" in said.err) == ((1, True) if linux else (0, False)), said
    walk.found("trigger power", "refused: it has no such button" if linux else "yes")
    said = host.xm("qemu-monitor-command", kind, "info status")
    assert (said.code, "VM status: running" in said.out) == ((5, False) if linux else (0, True)), said
    walk.found("qemu-monitor-command", "refused: it has no device model" if linux else "yes")
