"""The tables of commands, and how words of the user are found in them."""

from __future__ import annotations

from importlib import import_module

from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenia.cli.command import Command


class Entry:
    """One row: `module` below xenia.cli holds the command in its `COMMANDS`; `summary` is its line in `xm help`.

    A group of commands (`xm config`) has a `table` instead: the module that holds its rows in its `TABLE`.
    """

    __slots__ = ("aliases", "module", "name", "section", "summary", "table")

    def __init__(
        self,
        section: str,
        name: str,
        module: str,
        summary: str,
        aliases: tuple[str, ...] = (),
        *,
        table: str = "",
    ) -> None:
        self.section = section
        self.name = name
        self.module = module
        self.summary = summary
        self.aliases = aliases
        self.table = table

    def rows(self) -> tuple[Entry, ...]:
        """The commands of this group."""
        rows: tuple[Entry, ...] = import_module(f"xenia.cli.{self.table}").TABLE
        return rows


TABLE = (
    Entry("Domains", "create", "create", "Start a domain from a guest file"),
    Entry("Domains", "start", "create", "Start a domain by its name"),
    Entry("Domains", "new", "define", "Define a domain without starting it"),
    Entry("Domains", "delete", "define", "Remove the definition of a domain"),
    Entry("Domains", "list", "list", "List domains", ("ls",)),
    # What was short for it under xm, too.
    Entry("Domains", "console", "console", "Connect to the text console", ("co", "con")),
    Entry("Domains", "vncviewer", "vncviewer", "Show the screen in a VNC viewer"),
    Entry("Domains", "rdp", "rdp", "Show the desktop in an RDP client"),
    Entry("Domains", "screenshot", "vncviewer", "Make a picture of the screen"),
    Entry("Domains", "send-key", "send_key", "Press keys on the keyboard of a domain's screen"),
    Entry("Domains", "shutdown", "power", "Ask the guest to shut down"),
    Entry("Domains", "reboot", "power", "Ask the guest to reboot"),
    Entry("Domains", "destroy", "power", "End a domain at once, like pulling its plug"),
    Entry("Domains", "pause", "power", "Stop the domain's CPUs; it keeps its memory"),
    Entry("Domains", "unpause", "power", "Let a paused domain run on"),
    Entry("Domains", "reset", "power", "Start a guest over at once, like pressing its reset button"),
    Entry("Domains", "sysrq", "debugging", "Press a key of Magic SysRq in a guest"),
    Entry("Domains", "trigger", "debugging", "Send a guest a signal of its hardware: nmi, reset, power ..."),
    Entry("Domains", "button-press", "debugging", "Press the power or sleep button of a guest"),
    Entry("Domains", "qemu-monitor-command", "debugging", "Have the monitor of a domain's QEMU run a command"),
    Entry("Domains", "mem-set", "memory", "Give a domain more or less memory", ("balloon",)),
    Entry("Domains", "mem-max", "memory", "Set the most memory that a domain may have"),
    Entry("Domains", "vcpu-list", "vcpu", "List virtual CPUs and where they run"),
    Entry("Domains", "vcpu-set", "vcpu", "Give a domain more or fewer virtual CPUs", ("set-vcpus",)),
    Entry("Domains", "vcpu-pin", "vcpu", "Choose the host's CPUs that virtual CPUs run on"),
    Entry("Domains", "sched-credit", "sched", "Set a domain's share of CPU time, by weight and cap"),
    Entry("Domains", "sched-credit2", "sched", "Set a domain's share of CPU time, by weight and cap"),
    Entry("Domains", "dump-core", "dump", "Write the memory of a domain to a file"),
    Entry("Domains", "save", "save", "Save a domain to a file, memory and all"),
    Entry("Domains", "restore", "save", "Let a domain go on from a file that save has written"),
    Entry("Domains", "suspend", "suspend", "End a domain for now: its memory is kept until it is resumed"),
    Entry("Domains", "resume", "suspend", "Let a suspended domain go on"),
    Entry("Domains", "clone", "clone", "Make domains that begin as another one"),
    Entry("Domains", "agent", "agent", "Ask the agent in a guest"),
    Entry("Domains", "rename", "rename", "Give a domain another name"),
    Entry("Domains", "adopt", "adopt", "Take over a domain that others have started"),
    Entry("Devices", "block-list", "disks", "List the disks of a running domain", ("vbd-list",)),
    Entry("Devices", "block-attach", "disks", "Plug a disk into a domain", ("vbd-create",)),
    Entry("Devices", "block-detach", "disks", "Unplug a disk from a domain", ("vbd-destroy",)),
    Entry("Devices", "block-configure", "disks", "Change what a disk of a domain is"),
    Entry("Devices", "block-move", "block_move", "Move a disk of a domain to another image"),
    Entry("Devices", "block-flatten", "block_move", "Have a disk of a domain stand alone"),
    Entry("Devices", "block-export", "block_export", "Offer a disk of a domain to backup tools as it is now"),
    Entry("Devices", "block-bitmap-list", "block_bitmap", "List the bitmaps of a domain's disks"),
    Entry("Devices", "block-bitmap-create", "block_bitmap", "Record what is changed of a disk of a domain"),
    Entry("Devices", "block-bitmap-delete", "block_bitmap", "Forget what was recorded of a disk of a domain"),
    Entry("Devices", "cd-insert", "disks", "Put a medium into a CD-ROM drive"),
    Entry("Devices", "cd-eject", "disks", "Take the medium out of a CD-ROM drive"),
    Entry("Devices", "network-list", "vifs", "List the network cards of a running domain", ("vif-list",)),
    Entry("Devices", "network-configure", "vifs", "Change how a network card of a domain works"),
    Entry("Devices", "network-attach", "vifs", "Plug a network card into a domain"),
    Entry("Devices", "network-detach", "vifs", "Unplug a network card from a domain"),
    Entry("Devices", "usb-list", "usb", "List the USB devices of a running domain"),
    Entry("Devices", "usb-attach", "usb", "Plug a USB device into a running domain", ("usb-add", "usbdev-attach")),
    Entry("Devices", "usb-detach", "usb", "Unplug a USB device from a running domain", ("usb-del", "usbdev-detach")),
    Entry("Devices", "pci-list", "pci", "List the PCI devices of the host that a running domain has"),
    Entry("Devices", "pci-attach", "pci", "Give a PCI device of the host to a running domain"),
    Entry("Devices", "pci-detach", "pci", "Take a PCI device from a running domain"),
    Entry(
        "Devices",
        "pci-assignable-list",
        "pci",
        "List the PCI devices that may be given to domains",
        ("pci-list-assignable-devices",),
    ),
    Entry("Devices", "pci-assignable-add", "pci", "Take a PCI device from the host's drivers, for domains"),
    Entry("Devices", "pci-assignable-remove", "pci", "Let the host's driver have a PCI device again"),
    Entry("Images", "disk", "", "List, make, check, convert, change and remove images", table="disk.table"),
    Entry("Images", "snapshot", "", "Make, list, go back to and delete snapshots of domains", table="snapshot.table"),
    Entry(
        "Guest files",
        "config",
        "",
        "Check, explain, convert, show and edit guest files; bring earlier ones back",
        table="config.table",
    ),
    Entry("Guest files", "plan", "folder", "Show how guest files differ from what is defined and runs"),
    Entry("Guest files", "apply", "folder", "Do what plan shows"),
    Entry("Networks", "network", "", "Define, show and apply networks for guests", table="network.table"),
    Entry("Names", "domid", "names", "Tell the id of a domain"),
    Entry("Names", "domname", "names", "Tell the name of a domain"),
    Entry("Names", "domstate", "domstate", "Tell the state of a domain"),
    Entry("Host", "autostart", "autostart", "Show or choose what starts with the host"),
    Entry("Host", "host-start", "host", "Start what starts with the host"),
    Entry("Host", "host-stop", "host", "End all domains, as the host goes down"),
    Entry("Host", "top", "top.command", "Show what the domains do, live"),
    Entry("Host", "why", "why", "Tell what holds a domain back"),
    Entry("Host", "uptime", "uptime", "Tell for how long domains have run"),
    Entry("Host", "cpupool-list", "pools", "List the CPU pools"),
    Entry("Host", "cpupool-create", "pools", "Make a CPU pool"),
    Entry("Host", "cpupool-destroy", "pools", "Remove a CPU pool"),
    Entry("Host", "cpupool-cpu-add", "pools", "Put CPUs of the host into a pool"),
    Entry("Host", "cpupool-cpu-remove", "pools", "Take CPUs out of a pool"),
    Entry("Host", "cpupool-migrate", "pools", "Move a domain into another CPU pool"),
    Entry("Host", "cpupool-rename", "pools", "Give a CPU pool another name"),
    Entry("Host", "cpupool-numa-split", "pools", "Make a CPU pool of each NUMA node"),
    Entry("Host", "info", "info", "Tell about this host and its engine"),
    Entry("Host", "log", "log", "Show the log of xend"),
    Entry("Host", "audit", "audit", "Show who did what"),
    Entry("Host", "job", "", "List, show and cancel what is under way", table="job"),
    Entry("Host", "dmesg", "debugging", "Show the hypervisor's messages"),
    Entry("Host", "debug-keys", "debugging", "Have the hypervisor handle debug keys"),
    Entry("Network access", "web", "web", "Make a link that opens the page in a browser"),
    Entry("Network access", "login", "login", "Log in at another host"),
    Entry("Network access", "logout", "login", "End the login at another host"),
    Entry("Network access", "hosts", "login", "List the hosts that you have logged in at"),
    Entry("Network access", "token", "", "Make, list and end tokens for programs", table="token"),
    Entry(
        "Network access",
        "security-key",
        "",
        "List and remove keys of users, and stand in for one",
        table="security_key",
    ),
    Entry("Help", "help", "help", "Explain xm or one command"),
    Entry("Help", "shell", "shell", "Type one command after the other"),
    Entry("Help", "completion", "completion.command", "Print the completion script of a shell"),
)


class Found:
    """What a command line names: its row, its whole name (`config check`), and the words that follow."""

    __slots__ = ("entry", "name", "words")

    def __init__(self, entry: Entry, name: str, words: list[str]) -> None:
        self.entry = entry
        self.name = name
        self.words = words

    def command(self) -> Command:
        """The command itself, imported now. Not for a group."""
        command: Command = import_module(f"xenia.cli.{self.entry.module}").COMMANDS[self.entry.name]
        return command


def resolve(words: Sequence[str]) -> Found:
    """The command that `words` begin with, one of a group where the first names a group and the next is no option.

    Raises ClientError (usage) that says which commands are near.
    """
    entry, rest = find(words[0]), list(words[1:])
    name = entry.name
    if entry.table and rest and not rest[0].startswith("-"):
        entry = find(rest.pop(0), entry.rows(), name)
        name = f"{name} {entry.name}"
    return Found(entry, name, rest)


def find(word: str, table: Sequence[Entry] = TABLE, group: str = "") -> Entry:
    """The row of `table` (that of the command `group`) that `word` names: a name, an alias or a unique prefix of a
    name, as in xm.

    Raises ClientError (usage) that says which commands are near, or of one that xm or xl had, why it is not here.
    """
    for entry in table:
        if word == entry.name or word in entry.aliases:
            return entry
    begun = [entry for entry in table if word and entry.name.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise usage(f"'{word}' is ambiguous: {', '.join(entry.name for entry in begun)}", "write more letters of it")
    raise _unknown(word, table, group)


def _unknown(word: str, table: Sequence[Entry], group: str) -> ClientError:
    from xenia.cli.absent import find_absent

    absent = None if group else find_absent(word)
    if absent is not None:
        return usage(f"'{word}' is no command of Xenia: {absent.why}", absent.instead and f"instead: {absent.instead}")
    from difflib import get_close_matches  # brings re and more, which only a mistake has to pay for

    before = f"{group} " if group else ""
    near = get_close_matches(word, [entry.name for entry in table], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(before + name for name in near)}?" if near else None
    return usage(f"there is no command '{before}{word}'", hint or f"xm help {before}lists the commands")
