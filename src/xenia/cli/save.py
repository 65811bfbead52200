"""xm save and restore."""

from __future__ import annotations

import os

from xenia.cli.command import Command, add_output
from xenia.cli.errors import say
from xenia.cli.following import carry_out
from xenia.cli.options import accept
from xenia.cli.stood_still import stood_still
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import EXIT_INTERRUPTED, usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_CHECK_SECONDS = 3600.0


def _save_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", nargs="?", help="name, id, UUID or a unique beginning")
    parser.add_argument("file", metavar="FILE", nargs="?", help="the file to write")
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="as in xl, and not needed: the file has all in it")
    parser.add_argument("-c", "--checkpoint", action="store_true", help="let the domain run on afterwards")
    parser.add_argument("-p", "--paused", action="store_true", help="keep the domain, paused")
    parser.add_argument("--info", metavar="SAVE", help="tell what is in a save, after a look at every byte of it")
    accept(parser, "-f", "--force", why="nothing is forced")
    add_output(parser, "text", "json", "yaml")


def _save(context: Context, options: Namespace) -> int:
    if options.info is not None:
        return _info(context, options)
    if options.file is None:
        raise usage("save: which domain, and to which file?", "xm save DOMAIN FILE")
    if options.checkpoint and options.paused:
        raise usage("save: either -c or -p", "xm help save")
    if options.config is not None:
        say("the configuration is in the save itself: CONFIG is not needed")
    then = "run" if options.checkpoint else "pause" if options.paused else "end"
    body = {"file": _path(options.file), "then": then}
    result = saved(context, f"{domain_path(options.domain)}/save", body)
    if options.output == "text":
        stood = stood_still(result.get("stood_still"))
        print(f"Saved domain {printable(result['domain'])} to {printable(result['file'])}{stood}")
    else:
        _print_data(result, options.output)
    return 0


def saved(context: Context, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The result of a save that Ctrl-C takes back."""
    return carry_out(context, path, body, cancelled="the domain runs on, and there is no file")


def _info(context: Context, options: Namespace) -> int:
    if options.domain is not None:
        raise usage("save: --info tells about a file alone", "xm save --info SAVE")
    save = context.client.get(f"/save?file={quote(_path(options.info))}", seconds=_CHECK_SECONDS)["save"]
    if options.output == "text":
        from xenia.cli.save_info import save_text

        print(save_text(save))
    else:
        _print_data(save, options.output)
    return 0


def _restore_options(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="the save; as in xl, a guest file may precede it")
    parser.add_argument("-p", "--paused", action="store_true", help="leave the domain paused")
    parser.add_argument("--changed", action="store_true", help="go on also where a disk is not as it was left")
    accept(parser, "-e", why="xm does not wait for the end of a domain")
    accept(parser, "-d", why="xm save --info tells what is in a save")
    add_output(parser, "text", "json", "yaml")


def _restore(context: Context, options: Namespace) -> int:
    if len(options.files) > 1:
        raise usage("restore: the configuration is in the save itself", "xm restore SAVE")
    body = {"file": _path(options.files[0]), "paused": options.paused, "changed": options.changed}
    try:
        result = follow(context.client, submit(context.client, "/restore", body))["result"]
    except KeyboardInterrupt:
        say("no longer waiting; the restore goes on. xm list shows what comes of it")
        raise SystemExit(EXIT_INTERRUPTED) from None
    if options.output == "text":
        print(f"Restored domain {printable(result['domain'])} (id={result['domid']})")
    else:
        _print_data(result, options.output)
    return 0


def _path(word: str) -> str:
    return os.path.abspath(word)  # noqa: PTH100


def _print_data(data: dict[str, Any], output: str) -> None:
    from xenia.cli.output import print_data

    print_data(data, output)


COMMANDS = {
    "save": Command(
        "xm save [-c | -p] [-o FORMAT] DOMAIN FILE | xm save --info SAVE",
        """\
Save a domain to a file: its memory, the state of its devices, its configuration. It ends then, and xm restore lets
it go on from that very moment, here or on another host. With -c it runs on, with -p it stays paused.

The disks are not in the file. A save knows how they were, and is not restored where one has been written to since: so
what -c has written is of use where the disks are kept as well, or only read. With -c it is told for how long the domain
stood still, and why, where that was until its memory was written (see the setting background_snapshots).

The file is whole or not there: it gets its name last, and takes the place of an earlier save of that name, never of
another file. Whatever goes wrong before, the domain runs on. Ctrl-C takes it back. The memory of a domain has its
passwords in it: only root can read the file.""",
        _save_options,
        _save,
        examples=(
            ("xm save web /srv/web.save", "it ends, and is in the file"),
            ("xm save -c web /srv/web.save", "it runs on"),
            ("xm save --info /srv/web.save", "what is in it, and is all of it sound?"),
        ),
        see_also=("restore", "shutdown", "dump-core"),
    ),
    "restore": Command(
        "xm restore [-p] [--changed] [-o FORMAT] SAVE",
        """\
Let a domain go on from a file that xm save has written. Every byte is checked before it runs. The file stays, and
can be restored again when the domain has ended.

It is refused, with the reason, where it does not fit: another engine, an older QEMU, another CPU, a name, UUID or MAC
address that another domain has, an image that is missing or was written to since. --changed lets it go on in the last
case too: that ruins a file system which the guest had open for writing.""",
        _restore_options,
        _restore,
        examples=(
            ("xm restore /srv/web.save", "it goes on"),
            ("xm restore -p /srv/web.save", "it is there, and paused"),
        ),
        see_also=("save", "create", "unpause"),
    ),
}
