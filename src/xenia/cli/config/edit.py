"""xm config set, unset, add and remove: guest files edited in place."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.config.ref import add_ref, difference_rows, guest_file_path
from xenia.cli.errors import say
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_HOW = """
The file keeps its form: comments, order, quotes, line ends. What is computed in it (in an if, by a function, from other
values) is not touched: then a line that overrides it is put at the end, with a comment, and said so. The file is read
again before it is replaced; an edit that would change anything else, or make the file unusable, is refused. The
version before is kept: xm config history, xm config revert.

A domain that runs is not changed; what will be different at its next start is shown."""


def _set_options(parser: ArgumentParser) -> None:
    add_ref(parser)
    parser.add_argument("words", metavar="key=value", nargs="+", help="the keys and their values, as in xm create")
    _output(parser)


def _unset_options(parser: ArgumentParser) -> None:
    add_ref(parser)
    parser.add_argument("words", metavar="KEY", nargs="+", help="the keys; their defaults hold then")
    _output(parser)


def _add_options(parser: ArgumentParser) -> None:
    add_ref(parser)
    parser.add_argument("key", metavar="KEY", help="a list: disk, vif, pci, usbdevice ...")
    parser.add_argument("words", metavar="ITEM", nargs="+", help="the item, as it stands in a guest file")
    _output(parser)


def _remove_options(parser: ArgumentParser) -> None:
    add_ref(parser)
    parser.add_argument("key", metavar="KEY", help="a list: disk, vif, pci, usbdevice ...")
    parser.add_argument(
        "words",
        metavar="ITEM",
        nargs="+",
        help="the target of a disk, the MAC address or name of a card, the item as it is written, or its number from 0",
    )
    _output(parser)


def _output(parser: ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing unless it fails")
    add_output(parser, "text", "json", "yaml")


def _set(context: Context, options: Namespace) -> int:
    changes = []
    for word in options.words:
        key, sign, value = word.partition("=")
        if not sign:
            raise usage(f"config set: '{word}' is no key=value", f"xm config set {options.name} memory=512")
        changes.append({"action": "set", "key": key.strip(), "value": value})
    return _edit(context, options, changes)


def _unset(context: Context, options: Namespace) -> int:
    return _edit(context, options, [{"action": "unset", "key": word} for word in options.words])


def _add(context: Context, options: Namespace) -> int:
    return _edit(context, options, [{"action": "add", "key": options.key, "value": word} for word in options.words])


def _remove(context: Context, options: Namespace) -> int:
    return _edit(context, options, [{"action": "remove", "key": options.key, "value": word} for word in options.words])


def _edit(context: Context, options: Namespace, changes: list[dict[str, str]]) -> int:
    body = {"changes": changes}
    show_saved(context.client.patch(guest_file_path(context, options.name), body, seconds=60), options)
    return 0


def show_saved(saved: dict[str, Any], options: Namespace) -> None:
    """Say what came of a change: the answer of the routes that change a guest file."""
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(saved, options.output)
        return
    if options.quiet:
        return
    from xenia.cli.complaints import show_complaints
    from xenia.cli.output import table

    for note in saved["notes"]:
        say(note)
    show_complaints(saved["complaints"], notes=False)
    file = printable(saved["file"])
    if not saved["changed"]:
        print(f"{file} is as it was.")
        return
    print(f"{file} is changed (version {saved['version']}).")
    if saved["pending"]:
        print(f"Domain {printable(saved['domain'])} runs, and differs from it now:")
        print("\n".join(f"  {line}" for line in table(difference_rows(saved["pending"])).splitlines()))


COMMANDS = {
    "set": Command(
        "xm config set NAME key=value... [-q] [-o FORMAT]",
        f"Give keys of a guest file these values, where they stand.\n{_HOW}",
        _set_options,
        _set,
        examples=(
            ("xm config set web memory=1024 vcpus=2", "more of both, from the next start on"),
            ("xm config set web \"disk=['phy:/dev/vg/web,xvda,w']\"", "a whole list"),
        ),
        see_also=("config unset", "config add", "config history"),
    ),
    "unset": Command(
        "xm config unset NAME KEY... [-q] [-o FORMAT]",
        f"Take keys out of a guest file, so that their defaults hold.\n{_HOW}",
        _unset_options,
        _unset,
        examples=(("xm config unset web maxmem", "take the line out"),),
        see_also=("config set",),
    ),
    "add": Command(
        "xm config add NAME KEY ITEM... [-q] [-o FORMAT]",
        f"Put a disk, a card or another item at the end of a list of a guest file.\n{_HOW}",
        _add_options,
        _add,
        examples=(
            ("xm config add web disk phy:/dev/vg/data,xvdb,w", "one more disk"),
            ("xm config add web vif bridge=dmz", "one more card"),
        ),
        see_also=("config remove", "config set"),
    ),
    "remove": Command(
        "xm config remove NAME KEY ITEM... [-q] [-o FORMAT]",
        f"Take a disk, a card or another item out of a list of a guest file.\n{_HOW}",
        _remove_options,
        _remove,
        examples=(
            ("xm config remove web disk xvdb", "by target"),
            ("xm config remove web vif 00:16:3e:00:00:01", "by address"),
            ("xm config remove web vif 1", "the second card"),
        ),
        see_also=("config add",),
    ),
}
