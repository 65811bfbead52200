"""The manual pages xm(1), xend(8), xenia-web(8), xen-guest-file(5) and xend.toml(5), from the tables of the programs.

The wheel holds them; nothing of them is kept in the checkout.
"""

from __future__ import annotations

from argparse import Action
from itertools import groupby

from xenia.cli.commands import TABLE, Entry, Found
from xenia.cli.help import NAMING
from xenia.cli.parser import EXIT_CODES, Parser
from xenia.daemon import arguments
from xenia.gateway import arguments as gateway
from xenia.guestfile.keys import CHAPTERS, Key
from xenia.reference.roff import Page
from xenia.reference.settings import default_of
from xenia.settings.settings import SETTINGS, Setting

_PLACES = (
    ("/etc/xen/*.cfg", "guest files"),
    ("/etc/xen/xend.toml", "settings of xend"),
    ("/var/lib/xen/", "images"),
    ("/var/log/xenia/xend.log", "xend's log"),
    ("/run/xenia/xend.sock", "xend's API, which xm speaks to"),
    ("~/.config/xenia/hosts.json", "the hosts that you have logged in at"),
)


def pages(date: str) -> dict[str, str]:
    """The text of each page by the name of its file."""
    return {
        "xm.1": str(_xm(date)),
        "xend.8": str(_xend(date)),
        "xenia-web.8": str(_xenia_web(date)),
        "xen-guest-file.5": str(_guest_file(date)),
        "xend.toml.5": str(_settings(date)),
    }


def _xm(date: str) -> Page:
    page = Page("xm", 1, "start and control the virtual machines of this host", date)
    page.heading("Synopsis")
    page.text("xm [--root DIR] [--host HOST] COMMAND [ARGUMENT...]")
    page.heading("Description")
    page.text("\n".join(("xm speaks to xend, which runs the domains on Xen or with QEMU.", *NAMING)))
    for section, entries in groupby(TABLE, key=lambda entry: entry.section):
        page.heading(section)
        for entry in entries:
            for found in _commands(entry):
                _command(page, found)
    page.heading("Exit status")
    page.literal(EXIT_CODES.partition("\n")[2])
    page.heading("Environment")
    page.terms(
        [
            ("XENIA_ROOT", "the root of xend where --root does not name it; / without both"),
            ("XENIA_HOST", "another host, where --host does not name it; this one without both"),
        ]
    )
    page.heading("Files")
    page.terms(_PLACES)
    _see(page, "xend(8), xen-guest-file(5)")
    return page


def _commands(entry: Entry) -> list[Found]:
    if not entry.table:
        return [Found(entry, entry.name, [])]
    return [Found(row, f"{entry.name} {row.name}", []) for row in entry.rows()]


def _command(page: Page, found: Found) -> None:
    command = found.command()
    page.part(command.usage)
    page.text(command.text)
    if found.entry.aliases:
        page.text(f"Also called {', '.join(found.entry.aliases)}.")
    actions = [action for action in Parser(found.name, command)._actions if action.help != "==SUPPRESS=="]
    page.terms((_term(action), (action.help or "") % vars(action)) for action in actions if not _everywhere(action))
    if command.examples:
        page.literal("\n".join(f"{line}\n    {what}" for line, what in command.examples))


def _everywhere(action: Action) -> bool:
    return action.dest in ("help", "root", "host", "debug")


def _term(action: Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else ""
    return f"{', '.join(action.option_strings)} {value}".strip()


def _xend(date: str) -> Page:
    page = Page("xend", 8, "the daemon that keeps the virtual machines of this host", date)
    page.heading("Synopsis")
    page.text("xend [--root DIR] [--engine ENGINE] [--log-level LEVEL]")
    page.heading("Description")
    page.text(arguments.DESCRIPTION)
    page.heading("Options")
    page.terms((_term(action), (action.help or "") % vars(action)) for action in arguments.parser()._actions)
    page.heading("Files and examples")
    page.literal(arguments.EPILOG.strip("\n"))
    _see(page, "xm(1), xenia-web(8), xen-guest-file(5), xend.toml(5)")
    return page


def _xenia_web(date: str) -> Page:
    page = Page("xenia-web", 8, "the door of xend to the network", date)
    page.heading("Synopsis")
    page.text("xenia-web [--root DIR] [--log-level LEVEL]")
    page.heading("Description")
    page.text(gateway.DESCRIPTION)
    page.heading("Options")
    page.terms((_term(action), (action.help or "") % vars(action)) for action in gateway.parser()._actions)
    page.heading("Settings and exit status")
    page.literal(gateway.EPILOG.strip("\n"))
    _see(page, "xend(8), xend.toml(5), xm(1)")
    return page


def _guest_file(date: str) -> Page:
    page = Page("xen-guest-file", 5, "what defines a virtual machine", date)
    page.heading("Description")
    page.text(
        "A guest file in /etc/xen defines a domain, in the syntax of xm (Python) or of xl. These are the keys that may"
        " stand in one. What becomes of a key is told where it is not simply honoured; xm config check tells it of a"
        " file, xm config keys of one key."
    )
    for chapter, keys in CHAPTERS.items():
        page.heading(chapter)
        page.terms((key.example, _meaning(key)) for key in keys)
    _see(page, "xm(1), xend(8)")
    return page


def _meaning(key: Key) -> str:
    fates = [
        f" On {engine}, {str(fate).replace(': ', ' (', 1) + ')' if fate.reason else fate}."
        for engine, fate in (("QEMU", key.qemu), ("Xen", key.xen))
        if fate.reason
    ]
    return f"{key.meaning}.{''.join(fates)}"


def _settings(date: str) -> Page:
    page = Page("xend.toml", 5, "settings of xend", date)
    page.heading("Description")
    page.text(
        "The file /etc/xen/xend.toml holds settings of xend, in TOML: key = value, text in quotes. A name with a dot"
        " below is a key in a table: bridge.interface is interface below [bridge]. Where the file does not say, the"
        " variable of the Univention registry (UCR) holds, then the default. xm config settings shows what holds."
    )
    page.heading("Settings")
    page.terms((f"{row.name} = {default_of(row)}", _setting(row)) for row in SETTINGS.values())
    _see(page, "xm(1), xend(8)")
    return page


def _setting(row: Setting) -> str:
    variable = f" In UCR: {row.variable}." if row.variable else ""
    return f"{row.meaning}. Takes {row.kind.takes}. A new value has effect {row.effect}.{variable}"


def _see(page: Page, names: str) -> None:
    page.heading("See also")
    page.text(names)
