"""xm config settings: the settings of xend, shown and changed."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.client.errors import not_found, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_INDENT = "    "
_WIDTH = 28


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "words",
        metavar="KEY[=VALUE]",
        nargs="*",
        help="a setting, its variable in the registry, or a part of several names; with a value to change it",
    )
    parser.add_argument("--unset", action="store_true", help="take settings out, so that what is said elsewhere holds")
    add_output(parser, "text", "json", "yaml")


def _settings(context: Context, options: Namespace) -> int:
    if options.unset or any("=" in word for word in options.words):
        return _change(context, options)
    report = context.client.get("/host/settings")
    rows = _found(report, options.words) if options.words else report["settings"]
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data({**report, "settings": rows}, options.output)
    elif options.words:
        print("\n\n".join(_explained(row) for row in rows))
    else:
        print("\n".join(_overview(report)))
    return 0


def _change(context: Context, options: Namespace) -> int:
    changes: dict[str, str | None] = {}
    for word in options.words:
        key, sign, value = word.partition("=")
        if bool(sign) is options.unset:
            wanted = "--unset takes no values" if sign else "some have a value and some have none"
            raise usage(f"config settings: '{word}': {wanted}", "xm config settings vnc_listen=127.0.0.1")
        changes[key.strip()] = value if sign else None
    if not changes:
        raise usage("config settings: --unset which one?", "xm config settings --unset vnc_listen")
    answer = context.client.patch("/host/settings", {"changes": changes}, seconds=150)
    for note in answer["notes"]:
        say(note)
    if options.output != "text":
        from xenia.cli.output import print_data

        print_data(answer, options.output)
        return 0
    for row in answer["settings"]:
        print(f"{row['name']} = {shown(row['wanted'])} ({_origin(row)}); has effect {row['effect']}")
    return 0


def _found(report: dict[str, Any], words: list[str]) -> list[dict[str, Any]]:
    """The rows that `words` name or, where one names none, those that have it in their names."""
    found: dict[str, dict[str, Any]] = {}
    for word in words:
        rows = [row for row in report["settings"] if word and word in (row["name"], row["variable"])]
        if word and not rows:
            rows = [row for row in report["settings"] if word.lower() in f"{row['name']} {row['variable']}"]
        if not rows:
            raise _no_such(report, word)
        found |= {row["name"]: row for row in rows}
    return list(found.values())


def _no_such(report: dict[str, Any], word: str) -> Exception:
    old = next((each for each in report["variables"] if each["name"] == word), None)
    if old is not None:
        return not_found(f"{word} is no setting: {old['fate']}", "xm config settings lists the settings")
    from difflib import get_close_matches

    names = [name for row in report["settings"] for name in (row["name"], row["variable"]) if name]
    near = get_close_matches(word, names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "xm config settings lists them all"
    return not_found(f"there is no setting '{word}'", hint)


def _overview(report: dict[str, Any]) -> list[str]:
    lines = []
    for row in report["settings"]:
        head = f"{row['name']} = {shown(row['value'])}"
        lines += [f"{head:<{_WIDTH}}  {_origin(row)}", f"{_INDENT}{row['meaning']}."]
        if row["wanted"] != row["value"]:
            lines.append(f"{_INDENT}It will be {shown(row['wanted'])} {row['effect']}.")
    if report["variables"]:
        lines += ["", "In the Univention registry, but no settings:"]
        for each in report["variables"]:
            lines += [f"{each['name']} = {printable(each['value'])}  {each['place']}", f"{_INDENT}{each['fate']}."]
    if report["remarks"]:
        lines += ["", "To be known:", *(f"{_INDENT}{printable(remark)}." for remark in report["remarks"])]
    return lines


def _explained(row: dict[str, Any]) -> str:
    """All about one setting."""
    lines = [
        f"{row['name']} = {shown(row['value'])}",
        f"  {row['meaning']}.",
        f"  comes from  {_origin(row)}",
        f"  takes       {row['takes']}",
        f"  default     {shown(row['default'])}",
        f"  has effect  {row['effect']}",
    ]
    if row["variable"]:
        lines.append(f"  in UCR      {row['variable']}")
    if row["wanted"] != row["value"]:
        lines.append(f"  will be     {shown(row['wanted'])}")
    return "\n".join(lines)


def _origin(row: dict[str, Any]) -> str:
    if row["source"] == "ucr":
        return f"UCR {row['variable']} (layer {row['layer']}, {printable(row['place'])})"
    return printable(row["place"]) or row["source"]


def shown(value: Any) -> str:
    """A value as it is told to people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        words = [printable(str(item)) for item in value]
        return (", " if any(" " in word for word in words) else " ").join(words)
    return printable(str(value)) if value != "" else '""'


COMMANDS = {
    "settings": Command(
        "xm config settings [KEY...] | KEY=VALUE... | --unset KEY... [-o FORMAT]",
        """\
Show the settings of xend: each with its value, where it comes from, and what it means; with KEY all about one.

With KEY=VALUE they are changed, with --unset taken out. A setting (vnc_listen) is changed in xend.toml, where comments
and layout stay; a variable (xen/vnc/listen) in the registry: by its own program, ucr, or on a host without one in
etc/xen/ucr.conf below xend's root. Yes and no, on and off are true and false; lists have commas between their items.
When the new value has its effect is said.

A setting has the value of the first of these that gives it one: the command line of xend, etc/xen/xend.toml below its
root, the Univention registry (UCR) where the setting has a variable there, the default. What stands in the registry and
has no effect here is listed at the end, with the reason. Passwords are not shown.

-o json prints {"settings": [{"name", "value", "wanted", "default", "source", "place", "layer", "variable", "takes",
"meaning", "effect"}], "variables": [{"name", "value", "place", "fate"}], "remarks"}.""",
        _options,
        _settings,
        examples=(
            ("xm config settings", "all of them"),
            ("xm config settings vnc", "those that have vnc in their names"),
            ("xm config settings xen/bridge/interface", "the one that has this variable"),
            ("xm config settings stop_timeout=120 bring_back=no", "change two of them"),
            ("xm config settings --unset stop_timeout", "let the default hold again"),
        ),
        see_also=("info", "config keys"),
    )
}
