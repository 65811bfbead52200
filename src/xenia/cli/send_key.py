"""xm send-key."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("keys", metavar="KEYS", nargs="*", help="keys that are pressed together, as in ctrl-alt-delete")
    parser.add_argument("--text", metavar="TEXT", default="", help="type this first, on a keyboard of the US")
    parser.add_argument("--hold", metavar="MS", help="milliseconds for which each key is held down (default: 40)")


def _send_key(context: Context, options: Namespace) -> int:
    if not options.keys and not options.text:
        raise usage("send-key: which keys?", f"xm send-key {options.domain} ctrl-alt-delete")
    body = {"keys": options.keys, "text": options.text}
    if options.hold is not None:
        if not (options.hold.isascii() and options.hold.isdigit() and len(options.hold) < 6):
            raise usage(f"send-key: '{options.hold}' is no number of milliseconds", "xm send-key --hold 200 DOMAIN f8")
        body["hold"] = int(options.hold)
    follow(context.client, submit(context.client, f"{domain_path(options.domain)}/keys", body))
    return 0


COMMANDS = {
    "send-key": Command(
        "xm send-key DOMAIN [--text TEXT] [--hold MS] KEYS...",
        """\
Press keys on the keyboard that belongs to the screen of a domain: each word is a key, or some that are pressed together
and joined by '-' or '+'; one word after the other. A text (--text) is typed before them. What the guest makes of it
shows its screen (xm vncviewer, xm screenshot).

Keys are letters, digits, signs of a US keyboard, f1 to f12 and

  ctrl shift alt super, and ctrl_r shift_r alt_r super_r     ret esc tab spc backspace delete insert
  up down left right home end pgup pgdn                      caps_lock num_lock scroll_lock
  sysrq print pause menu power sleep wake                    kp_0 to kp_9, kp_enter kp_add ...

Names are those of QEMU and virsh (KEY_LEFTCTRL, too); capitals make no difference. A text is typed as on a keyboard of
the US: in a guest that is set to another layout other characters come of it.""",
        _options,
        _send_key,
        examples=(
            ("xm send-key winxp ctrl-alt-delete", "for its login"),
            ("xm send-key web ctrl-alt-f2", "the second console of a Linux"),
            ("xm send-key web --text root ret", "type root, and press Enter"),
            ("xm send-key winxp down down ret", "choose in a boot menu"),
        ),
        see_also=("vncviewer", "screenshot", "sysrq", "console"),
    ),
}
