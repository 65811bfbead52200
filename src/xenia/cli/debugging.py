"""xm sysrq, trigger, button-press, qemu-monitor-command, debug-keys, dmesg."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context

_SECONDS = 70.0
"""xl has a minute for it on Xen."""

_DOMAIN = "name, id, UUID or a unique beginning"
_TRIGGERS = ("nmi", "reset", "init", "power", "sleep", "s3resume")


def print_text(text: str) -> None:
    """Line by line, so that no byte of it acts on a terminal."""
    for line in text.splitlines():
        print(printable(line.expandtabs()))


def _sysrq_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("key", metavar="LETTER", help="a letter or digit")


def _sysrq(context: Context, options: Namespace) -> int:
    follow(context.client, submit(context.client, f"{domain_path(options.domain)}/sysrq", {"key": options.key}))
    return 0


def _trigger_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("trigger", metavar="SIGNAL", choices=_TRIGGERS, help=", ".join(_TRIGGERS))
    parser.add_argument("vcpu", metavar="N", nargs="?", help="the number of a virtual CPU (default: 0)")


def _trigger(context: Context, options: Namespace) -> int:
    word = options.vcpu
    if word is not None and not (word.isascii() and word.isdigit() and len(word) < 6):
        raise usage(f"trigger: '{word}' is no number of a virtual CPU", f"xm vcpu-list {options.domain}")
    return _send(context, options.domain, options.trigger, None if word is None else int(word))


def _button_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("button", metavar="BUTTON", choices=("power", "sleep"), help="power or sleep")


def _press(context: Context, options: Namespace) -> int:
    return _send(context, options.domain, options.button, None)


def _send(context: Context, ref: str, trigger: str, vcpu: int | None) -> int:
    job = submit(context.client, f"{domain_path(ref)}/trigger", {"trigger": trigger, "vcpu": vcpu})
    for note in follow(context.client, job)["result"]["notes"]:
        say(note)
    return 0


def _monitor_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help=_DOMAIN)
    parser.add_argument("command", metavar="LINE", nargs="+", help="a line for the monitor; help lists its commands")


def _monitor(context: Context, options: Namespace) -> int:
    body = {"command": " ".join(options.command)}
    print_text(
        context.client.post(f"{domain_path(options.domain)}/qemu-monitor-command", body, seconds=_SECONDS)["text"]
    )
    return 0


def _keys_options(parser: ArgumentParser) -> None:
    parser.add_argument("keys", metavar="KEYS", help="the keys, one character each")


def _debug_keys(context: Context, options: Namespace) -> int:
    context.client.post("/host/debug-keys", {"keys": options.keys}, seconds=_SECONDS)
    return 0


def _dmesg_options(parser: ArgumentParser) -> None:
    parser.add_argument("-c", "--clear", action="store_true", help="also empty the ring of messages")


def _dmesg(context: Context, options: Namespace) -> int:
    path = f"/host/dmesg?clear={'true' if options.clear else 'false'}"
    print_text(context.client.post(path, {}, seconds=_SECONDS)["text"])
    return 0


COMMANDS = {
    "sysrq": Command(
        "xm sysrq DOMAIN LETTER",
        """\
Press a key of Magic SysRq in a guest: its Linux kernel acts on it, where its kernel.sysrq allows that. On Xen the
guest's Xen drivers are told; on QEMU the keys Alt, SysRq and LETTER are pressed on its keyboard. Whether the guest has
heard it, only its console tells.""",
        _sysrq_options,
        _sysrq,
        examples=(
            ("xm sysrq web h", "have it list the keys on its console"),
            ("xm sysrq web s", "have it write its disks' caches out"),
            ("xm sysrq web b", "have it reset itself at once"),
        ),
        see_also=("trigger", "console", "reset"),
    ),
    "trigger": Command(
        "xm trigger DOMAIN SIGNAL [N]",
        """\
Send a guest a signal of its hardware.

  nmi        a non-maskable interrupt; on Xen to one virtual CPU, on QEMU to all of them
  reset      what xm reset does
  power      its power button (HVM guests; on QEMU all guests). Its on_poweroff decides what then becomes of it
  sleep      its sleep button (HVM guests on Xen)
  s3resume   wake it up from suspend to memory (HVM guests on Xen)
  init       a word of xl's; neither Xen nor QEMU has this on x86""",
        _trigger_options,
        _trigger,
        examples=(
            ("xm trigger web nmi", "have a guest that hangs say where"),
            ("xm trigger winxp power", "as its user"),
        ),
        see_also=("sysrq", "reset", "shutdown"),
    ),
    "button-press": Command(
        "xm button-press DOMAIN BUTTON",
        "Press a button of a guest, power or sleep: the older word for xm trigger.",
        _button_options,
        _press,
        examples=(("xm button-press winxp power", "as xm trigger winxp power"),),
        see_also=("trigger",),
    ),
    "qemu-monitor-command": Command(
        "xm qemu-monitor-command DOMAIN LINE",
        """\
Have the human monitor of a domain's QEMU run a line, and print what it says; for administrators. On Xen that is the
device model of the guest, which PV and PVH guests mostly do not have. What is changed this way xend does not know of:
it is for looking, and for what Xenia does not offer yet.""",
        _monitor_options,
        _monitor,
        examples=(
            ("xm qemu-monitor-command web 'info block'", "its disks as QEMU has them"),
            ("xm qemu-monitor-command web help", "all commands"),
        ),
        see_also=("trigger", "log"),
    ),
    "debug-keys": Command(
        "xm debug-keys KEYS",
        """\
Have Xen handle debug keys, as if they were typed on its own console; for administrators. Its answer is in xm dmesg.
There are keys that reboot or crash the whole host (R, C). On QEMU there is no hypervisor of that kind.""",
        _keys_options,
        _debug_keys,
        examples=(("xm debug-keys h", "have Xen list its keys; then: xm dmesg"), ("xm debug-keys q", "all domains")),
        see_also=("dmesg", "sysrq"),
    ),
    "dmesg": Command(
        "xm dmesg [-c]",
        """\
Show the messages of the hypervisor, as dmesg shows those of a kernel; for administrators. On QEMU there is none: the
host's kernel has its own dmesg.""",
        _dmesg_options,
        _dmesg,
        examples=(("xm dmesg", "what Xen has said"), ("xm dmesg -c", "and forget it")),
        see_also=("log", "debug-keys"),
    ),
}
