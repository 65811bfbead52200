"""xm config explain."""

from __future__ import annotations

from xenia.cli.command import Command, add_output
from xenia.cli.complaints import format_complaint
from xenia.cli.config.engine import add_engine
from xenia.cli.guestfile import open_guest_file
from xenia.cli.plan import disk_words, vif_words
from xenia.client.errors import usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_SHOWN = 100
"""Characters of a value that are shown."""


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a guest file, or the name of one in /etc/xen")
    parser.add_argument("words", metavar="key=value", nargs="*", help="keys set instead of or beside it, as for create")
    add_engine(parser)
    add_output(parser, "text", "json")


def _explain(context: Context, options: Namespace) -> int:
    for word in options.words:
        if "=" not in word:
            raise usage(f"config explain: '{word}' is no key=value", "one guest file is explained at a time")
    file = open_guest_file(options.file, [".", context.guest_files])
    body = {"text": file.text, "file": file.path, "overrides": options.words, "engine": options.engine, "host": False}
    explained = context.client.post("/explain", body, seconds=60)
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data(explained, "json")
    else:
        _show(file.path, explained)
    remarks = [*explained["remarks"], *(remark for line in explained["lines"] for remark in line["remarks"])]
    return 1 if any(remark["severity"] == "error" for remark in remarks) else 0


def _show(path: str, explained: dict[str, Any]) -> None:
    print(f"{printable(path)} on {explained['engine']}:\n")
    for line in explained["lines"]:
        print("\n".join(_lines(line, explained["config"] or {})))
    if explained["remarks"]:
        print()
        for remark in explained["remarks"]:
            print(format_complaint(remark))
    if explained["rendered"]:
        print(f"\n{explained['engine']} gets:")
        for text in explained["rendered"].splitlines():
            print(f"  {printable(text.expandtabs())}")
    if explained["assumed"]:
        print()
        for sentence in explained["assumed"]:
            print(f"assumed: {printable(sentence)}")


def _lines(line: dict[str, Any], config: dict[str, Any]) -> list[str]:
    number = line["line"] or "word"
    value = printable(repr(line["value"]))
    value = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."
    lines = [f"{number:>5}  {printable(line['key'])} = {value}"]
    if meaning := _device(line["key"], config) or line["meaning"]:
        lines.append(f"       {line['effect']:<10}  {printable(meaning)}")
    if line["reason"]:
        lines.append(f"       {'':<10}  {printable(line['reason'])}")
    for remark in line["remarks"]:
        lines.append(f"       {remark['severity']:<10}  {printable(remark['message'])}")
        if remark["hint"]:
            lines.append(f"       {'':<10}  hint: {printable(remark['hint'])}")
    return lines


def _device(key: str, config: dict[str, Any]) -> str:
    """What the item of a list has become: more than what its key means. "" for everything else."""
    for name, words in (("disk", disk_words), ("vif", vif_words)):
        for device in config.get(f"{name}s", ()):
            if key == f"{name}[{device['item']}]":
                return " ".join(words(device).split())
    return ""


COMMANDS = {
    "explain": Command(
        "xm config explain FILE [key=value...] [--engine ENGINE] [-o FORMAT]",
        """\
Tell what each line of a guest file became on the engine of this host, or on another one, and what the engine would
get: an xl.cfg on Xen, the arguments of QEMU otherwise. Nothing is started, and this host is not looked at.

  honoured    the engine does it
  translated  it does it in another form
  ignored     it has no effect there, for the reason below
  refused     it is wrong, and the file cannot be used

What depends on a host is in angle brackets (<made>, <of ...>). What was taken for granted about an engine that is not
here is told at the end. It ends with 1 where the file has an error.""",
        _options,
        _explain,
        examples=(
            ("xm config explain winxp", "line by line"),
            ("xm config explain --engine xen winxp", "what would xl get?"),
            ("xm config explain winxp memory=1024", "with a key set as for create"),
        ),
        see_also=("config check", "config keys", "create"),
    )
}
