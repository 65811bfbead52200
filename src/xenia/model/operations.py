"""Operation × states in which it is legal × what the engine must be able to do.

The checks and the routes of the API are drawn from this table; xm has its sentences again, so that its start stays
short, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.caller import Role
from xenia.model.domain import ALIVE, State
from xenia.model.errors import XeniaError, conflict, denied, invalid, unavailable
from xenia.model.host import Capability, EngineReport

_RUNS = frozenset({State.RUNNING, State.BLOCKED})
_EXISTS = frozenset(State) - {State.DEFINED}


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is the verb of xm and the last word of the route (`keys` for send-key); `sentence` what it does, for help
    and reference.
    """

    name: str
    sentence: str
    states: frozenset[State]
    capability: Capability | None = None
    role: Role = Role.OPERATOR
    domain_0: bool = False
    """Whether it may be asked of Domain-0."""
    idempotent_in: frozenset[State] = frozenset()
    """States in which it is already as asked for: success, nothing to do."""
    instead: str = ""
    """What to do on an engine that lacks the capability."""


_ONLY_TOLD = "xm agent DOMAIN shows what its guest tells"

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("create", "Start a domain from a guest file", frozenset({State.DEFINED})),
        Operation("shutdown", "Ask the guest to shut down", _RUNS),
        Operation("reboot", "Ask the guest to reboot", _RUNS),
        Operation("destroy", "End a domain at once, like pulling its plug", _EXISTS),
        Operation(
            "pause",
            "Stop the domain's CPUs; it keeps its memory",
            _RUNS,
            Capability.PAUSE,
            idempotent_in=frozenset({State.PAUSED}),
        ),
        Operation(
            "unpause", "Let a paused domain run on", frozenset({State.PAUSED}), Capability.PAUSE, idempotent_in=_RUNS
        ),
        Operation(
            "block-attach",
            "Plug a disk into a domain",
            _RUNS | {State.PAUSED},
            Capability.DISK_HOTPLUG,
        ),
        Operation("block-detach", "Unplug a disk from a domain", _RUNS, Capability.DISK_HOTPLUG),
        Operation(
            "cd-insert",
            "Put a medium into a CD-ROM drive",
            _RUNS | {State.PAUSED},
            Capability.MEDIUM_CHANGE,
        ),
        Operation(
            "cd-eject",
            "Take the medium out of a CD-ROM drive",
            _RUNS | {State.PAUSED},
            Capability.MEDIUM_CHANGE,
        ),
        Operation(
            "block-configure",
            "Change what a disk of a domain is",
            _RUNS | {State.PAUSED},
            Capability.MEDIUM_CHANGE,
            instead="with --config it is so at the next start",
        ),
        Operation(
            "block-move",
            "Move a disk of a domain to another image",
            _RUNS | {State.PAUSED},
            Capability.LIVE_DISKS,
            Role.ADMINISTRATOR,
            instead="while it is off: xm disk convert, and xm block-configure --config",
        ),
        Operation(
            "block-flatten",
            "Have a disk of a domain stand alone",
            _RUNS | {State.PAUSED},
            Capability.LIVE_DISKS,
            instead="while it is off: xm disk convert, and xm block-configure --config",
        ),
        Operation(
            "block-export",
            "Offer a disk of a domain to backup tools as it is now",
            _RUNS | {State.PAUSED},
            Capability.DISK_EXPORT,
            instead="while it is off: xm disk export",
        ),
        *(
            Operation(
                f"block-bitmap-{verb}",
                sentence,
                _RUNS | {State.PAUSED},
                Capability.DISK_EXPORT,
                role,
                instead="while it is off: xm disk export, for a full backup",
            )
            for verb, sentence, role in (
                ("list", "List the bitmaps of a domain's disks", Role.VIEWER),
                ("create", "Record what is changed of a disk of a domain", Role.OPERATOR),
                ("delete", "Forget what was recorded of a disk of a domain", Role.OPERATOR),
            )
        ),
        Operation(
            "network-attach",
            "Plug a network card into a domain",
            _RUNS | {State.PAUSED},
            Capability.VIF_HOTPLUG,
        ),
        Operation(
            "network-configure",
            "Change how a network card of a domain works",
            _RUNS | {State.PAUSED},
            Capability.VIF_LINK,
            instead="with --config it is so at the next start",
        ),
        Operation("network-detach", "Unplug a network card from a domain", _RUNS, Capability.VIF_HOTPLUG),
        Operation(
            "rename",
            "Give a domain another name",
            frozenset(State) - {State.STARTING, State.DYING},
            role=Role.ADMINISTRATOR,
        ),
        Operation("mem-set", "Give a domain more or less memory", _RUNS | {State.PAUSED}, Capability.MEMORY),
        Operation(
            "mem-max",
            "Set the most memory that a domain may have",
            _RUNS | {State.PAUSED},
            Capability.MAX_MEMORY,
            instead="xm mem-max --config sets it for the next start",
        ),
        Operation("vcpu-set", "Give a domain more or fewer virtual CPUs", _RUNS, Capability.VCPUS),
        Operation("vcpu-pin", "Choose the host's CPUs that virtual CPUs run on", _RUNS | {State.PAUSED}, domain_0=True),
        *(
            Operation(
                name,
                "Set a domain's share of CPU time, by weight and cap",
                _RUNS | {State.PAUSED},
                Capability.SCHEDULING,
                domain_0=True,
                instead="it takes the CPU controller of cgroup v2; --config changes the guest file all the same",
            )
            for name in ("sched-credit", "sched-credit2")
        ),
        Operation(
            "cpupool-migrate",
            "Move a domain into another CPU pool",
            _RUNS | {State.PAUSED},
            Capability.CPU_POOLS,
            role=Role.ADMINISTRATOR,
            instead="xm vcpu-pin binds a domain to CPUs of the host",
        ),
        Operation(
            "dump-core",
            "Write the memory of a domain to a file",
            _RUNS | {State.PAUSED, State.SHUTDOWN, State.CRASHED},
            Capability.CORE_DUMP,
            role=Role.ADMINISTRATOR,
        ),
        Operation(
            "save",
            "Save a domain to a file, memory and all",
            _RUNS | {State.PAUSED},
            Capability.SAVE,
            role=Role.ADMINISTRATOR,
            instead="xm shutdown ends it without its memory",
        ),
        Operation(
            "suspend",
            "End a domain for now: its memory is kept until it is resumed",
            _RUNS | {State.PAUSED},
            Capability.SAVE,
            role=Role.ADMINISTRATOR,
            instead="xm shutdown ends it without its memory",
        ),
        Operation("clone", "Make domains that begin as another one", frozenset(State), role=Role.ADMINISTRATOR),
        Operation("agent", "Ask the agent in a guest", _RUNS, Capability.AGENT),
        *(
            Operation(f"agent-{action}", sentence, _RUNS, Capability.AGENT_COMMANDS, role, instead=_ONLY_TOLD)
            for action, sentence, role in (
                ("ping", "Ask the agent in a guest whether it answers", Role.OPERATOR),
                ("time", "Set the guest's clock to the host's", Role.OPERATOR),
                ("freeze", "Have the guest write out and hold its file systems", Role.OPERATOR),
                ("thaw", "Let the guest write to its file systems again", Role.OPERATOR),
                ("exec", "Run a command in the guest", Role.ADMINISTRATOR),
            )
        ),
        Operation(
            "reset",
            "Start a guest over at once, like pressing its reset button",
            _RUNS,
        ),
        Operation(
            "usb-attach", "Plug a USB device into a running domain", _RUNS | {State.PAUSED}, Capability.USB_HOTPLUG
        ),
        Operation(
            "usb-detach", "Unplug a USB device from a running domain", _RUNS | {State.PAUSED}, Capability.USB_HOTPLUG
        ),
        Operation(
            "pci-attach",
            "Give a PCI device of the host to a running domain",
            _RUNS | {State.PAUSED},
            Capability.PCI,
            role=Role.ADMINISTRATOR,
        ),
        Operation(
            "pci-detach",
            "Take a PCI device from a running domain",
            _RUNS,
            Capability.PCI,
            role=Role.ADMINISTRATOR,
        ),
        Operation("sysrq", "Press a key of Magic SysRq in a guest", _RUNS, Capability.SIGNALS),
        Operation("trigger", "Send a guest a signal of its hardware: nmi, reset, power ...", _RUNS, Capability.SIGNALS),
        Operation(
            "qemu-monitor-command",
            "Have the monitor of a domain's QEMU run a command",
            _RUNS | {State.PAUSED, State.SHUTDOWN, State.CRASHED},
            Capability.MONITOR,
            role=Role.ADMINISTRATOR,
        ),
        Operation("console", "Connect to the text console", _EXISTS, Capability.CONSOLE),
        Operation("vncviewer", "Show the screen in a VNC viewer", _EXISTS, Capability.VNC),
        Operation("rdp", "Show the desktop in an RDP client", _RUNS),
        Operation("send-key", "Press keys on the keyboard of a domain's screen", _RUNS, Capability.VNC),
        Operation(
            "screenshot",
            "Make a picture of the screen",
            _EXISTS,
            Capability.SCREENSHOT,
            instead="xm vncviewer shows the screen",
        ),
        Operation(
            "adopt", "Take over a domain that others have started", ALIVE, Capability.ADOPT, role=Role.ADMINISTRATOR
        ),
    )
}

HOST_OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            "restore",
            "Let a domain go on from a file that save has written",
            frozenset(),
            Capability.SAVE,
            role=Role.ADMINISTRATOR,
        ),
        Operation(
            "resume",
            "Let a suspended domain go on",
            frozenset(),
            Capability.SAVE,
            role=Role.ADMINISTRATOR,
        ),
        Operation(
            "debug-keys",
            "Have the hypervisor handle debug keys",
            frozenset(),
            Capability.HYPERVISOR,
            role=Role.ADMINISTRATOR,
            instead="the keys of the host's kernel: /proc/sysrq-trigger; those of a guest: xm sysrq DOMAIN LETTER",
        ),
        Operation(
            "dmesg",
            "Show the hypervisor's messages",
            frozenset(),
            Capability.HYPERVISOR,
            role=Role.ADMINISTRATOR,
            instead="dmesg shows those of the host's kernel, xm log those of xend; what a domain's QEMU said is in "
            "var/log/xenia/qemu-NAME.log",
        ),
        Operation(
            "pci-assignable-list",
            "List the PCI devices that may be given to domains",
            frozenset(),
            Capability.PCI,
            role=Role.ADMINISTRATOR,
        ),
        Operation(
            "pci-assignable-add",
            "Take a PCI device from the host's drivers, for domains",
            frozenset(),
            Capability.PCI,
            role=Role.ADMINISTRATOR,
        ),
        Operation(
            "pci-assignable-remove",
            "Let the host's driver have a PCI device again",
            frozenset(),
            Capability.PCI,
            role=Role.ADMINISTRATOR,
        ),
        *(
            Operation(
                name,
                sentence,
                frozenset(),
                Capability.CPU_POOLS,
                Role.ADMINISTRATOR,
                instead="xm vcpu-pin binds a domain to CPUs of the host",
            )
            for name, sentence in (
                ("cpupool-list", "List the CPU pools"),
                ("cpupool-create", "Make a CPU pool"),
                ("cpupool-destroy", "Remove a CPU pool"),
                ("cpupool-cpu-add", "Put CPUs of the host into a pool"),
                ("cpupool-cpu-remove", "Take CPUs out of a pool"),
                ("cpupool-rename", "Give a CPU pool another name"),
                ("cpupool-numa-split", "Make a CPU pool of each NUMA node"),
            )
        ),
        Operation("log", "Show the log of xend", frozenset(), role=Role.ADMINISTRATOR),
        Operation("audit", "Show who did what", frozenset(), role=Role.ADMINISTRATOR),
    )
}
"""Those that concern no domain."""

IMAGE_OPERATIONS: dict[str, Operation] = {
    name: Operation(name, sentence, frozenset())
    for name, sentence in (
        ("disk create", "Make an image"),
        ("disk list", "List the images, and who uses them"),
        ("disk info", "Tell all about an image"),
        ("disk check", "Look whether an image is sound, and repair it"),
        ("disk clone", "Make an image that begins as another one"),
        ("disk convert", "Make an image in another format of one"),
        ("disk export", "Offer an image to backup tools, read-only"),
        ("disk partition", "Show the partitions in an image, or make some"),
        ("disk resize", "Make an image larger or smaller"),
        ("disk upload", "Send an image from this computer to the host"),
        ("disk delete", "Remove an image that nobody needs"),
    )
}
"""Those that concern images."""

SNAPSHOT_OPERATIONS: dict[str, Operation] = {
    name: Operation(name, sentence, frozenset(State), role=role, instead="end the domain first: xm shutdown -w DOMAIN")
    for name, sentence, role in (
        ("snapshot create", "Make a snapshot of a domain", Role.ADMINISTRATOR),
        ("snapshot list", "List the snapshots of a domain", Role.VIEWER),
        ("snapshot show", "Tell all about a snapshot", Role.VIEWER),
        ("snapshot revert", "Have a domain go back to a snapshot", Role.ADMINISTRATOR),
        ("snapshot warm", "Hold clones of a snapshot ready", Role.ADMINISTRATOR),
        ("snapshot delete", "Delete snapshots of a domain", Role.ADMINISTRATOR),
        ("snapshot diff", "Tell what was changed since a snapshot", Role.ADMINISTRATOR),
    )
}
"""Those that concern the snapshots of a domain."""

_ENDS = frozenset({"shutdown", "destroy"})
_WAY_OUT = {
    State.DEFINED: "start it first: xm create {file}",
    State.PAUSED: "let it run on first: xm unpause {name}",
    State.SHUTDOWN: "it has ended and is preserved; remove it: xm destroy {name}",
    State.CRASHED: "it has crashed and is preserved; remove it: xm destroy {name}",
}


def permit(operation: Operation, *, name: str, state: State, file: str = "", domain_0: bool = False) -> None:
    """Let `operation` pass on a domain that is in `state`.

    Raises a conflict that names the state and the way out, or an invalid error for Domain-0.
    """
    if domain_0 and not operation.domain_0:
        message = f"{operation.name} is not possible for Domain-0: it is the host itself"
        raise invalid(message, "name a guest; xm list --all shows them")
    if reason := refusal(operation, state):
        raise conflict(reason.message.format(name=name), reason.hint.format(name=name, file=file or name) or None)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not possible, and what to do: `{name}` and `{file}` stand for the domain's."""

    message: str
    hint: str = ""


def refusal(operation: Operation, state: State) -> Reason | None:
    """Why `operation` is not possible on a domain that is in `state`; None where it is."""
    if state in operation.states or state in operation.idempotent_in:
        return None
    ended = state is State.DEFINED and operation.name in _ENDS
    hint = "there is nothing to end; xm list shows what runs" if ended else _WAY_OUT.get(state, "")
    verb = _VERBS.get(operation.name, operation.name)
    return Reason(f"cannot {verb} domain '{{name}}': it is {_SAID[state]}", hint)


_VERBS = {
    "console": "connect to the console of",
    "vncviewer": "show the screen of",
    "rdp": "show the desktop of",
    "screenshot": "make a picture of",
    "send-key": "press keys in",
    "sysrq": "press a key in",
    "trigger": "send a signal to",
    "qemu-monitor-command": "speak to the monitor of",
}
_SAID = {
    State.DEFINED: "not running",
    State.STARTING: "starting",
    State.RUNNING: "running",
    State.BLOCKED: "running",
    State.PAUSED: "paused",
    State.SHUTDOWN: "shut down and preserved",
    State.CRASHED: "crashed and preserved",
    State.DYING: "ending",
}


def require(role: Role, operation: Operation) -> None:
    """Raises a denied error when `role` may not use `operation`."""
    if role < operation.role:
        raise denied(f"{operation.name} needs the role {operation.role.name.lower()}")


def permit_on_host(operation: Operation, role: Role, engine: EngineReport) -> None:
    """Let an operation that starts domains pass. Raises denied, unavailable, and what `able` raises."""
    require(role, operation)
    require_usable(engine)
    able(operation, engine)


def require_usable(engine: EngineReport) -> None:
    """Raises unavailable where the engine runs no domains on this host."""
    if not engine.usable:
        raise unavailable(f"the engine {engine.name} cannot run domains here: {engine.reason}")


def able(operation: Operation, engine: EngineReport) -> None:
    """Raises `unsupported` where an engine that can be used lacks what `operation` needs."""
    if engine.usable and operation.capability is not None and operation.capability not in engine.capabilities:
        raise unsupported(operation, engine)


def unsupported(operation: Operation, engine: EngineReport) -> XeniaError:
    """The error for an engine that lacks what `operation` needs."""
    why = operation.capability and engine.lacks.get(operation.capability)
    message = f"{operation.name} is not possible: the engine {engine.name} on this host cannot do it"
    return invalid(f"{message}: {why}" if why else message, operation.instead or "xm info shows what it can do")
