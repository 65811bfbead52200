"""xm create, xm start."""

from __future__ import annotations

from argparse import SUPPRESS

from xenia.cli.command import Command, add_output
from xenia.cli.complaints import show_complaints
from xenia.cli.errors import say
from xenia.cli.guestfile import GuestFile, open_guest_file
from xenia.cli.options import accept, refuse
from xenia.client.domains import domain_path, follow, submit
from xenia.client.errors import EXIT_INTERRUPTED, ClientError, usage
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "words", metavar="FILE|NAME key=value", nargs="*", help="the guest file, and keys set instead of or beside it"
    )
    parser.add_argument("-f", "--defconfig", metavar="FILE", help="the guest file; all other words are key=value")
    parser.add_argument(
        "--path", metavar="PATHS", help="folders to look for NAME in, with colons (default: .:/etc/xen)"
    )
    parser.add_argument("-n", "--dryrun", action="store_true", help="show what would be started, and start nothing")
    parser.add_argument("--help_config", action="store_true", help="list the keys of guest files, as xm did")
    refuse(parser, "-F", "--config", takes_value=True, why=_SXP, instead="xm create FILE, with a guest file")
    refuse(parser, "-x", "--xmldryrun", why="xend speaks JSON, and no XML", instead="xm create --dryrun -o json FILE")
    accept(parser, "-s", "--skipdtd", why="there is no XML to be checked")
    _common_options(parser)
    add_output(parser, "text", "json", "yaml", "xl")


def _start_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="NAME", help="name, UUID or a unique beginning of one")
    _common_options(parser)
    add_output(parser, "text", "json", "yaml")


def _common_options(parser: ArgumentParser) -> None:
    parser.add_argument("-c", "--console", action="store_true", help="connect to the console before the guest runs")
    parser.add_argument("-p", "--paused", action="store_true", help="leave the guest paused; xm unpause lets it run")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing unless it fails")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show notes too: what was translated for this engine"
    )
    parser.add_argument("-V", "--vncviewer", action="store_true", help="show the screen in a VNC viewer")
    parser.add_argument("-A", "--vncviewer-autopass", dest="vncviewer", action="store_true", help=SUPPRESS)
    accept(parser, "-e", why="xm does not wait for the end of a domain")
    accept(parser, "-d", why="--dryrun shows what it would")


_SXP = "xend reads no SXP (xm), and xm waits for no domain's end (xl)"


def _create(context: Context, options: Namespace) -> int:
    if options.help_config:
        from xenia.cli.config.keys import key_table, overview

        print(overview(key_table()))
        return 0
    _check_output("create", options)
    if options.output == "xl" and not options.dryrun:
        raise usage("create: -o xl goes with --dryrun", "xm create --dryrun -o xl FILE")
    name, overrides = _split(options)
    folders = (options.path or f".:{context.guest_files}").split(":")
    file = open_guest_file(name, [folder or "." for folder in folders])
    _tell_file(file, options)
    path = "" if context.host else file.path  # there is another file of that name, or none, on another host
    body = {"text": file.text, "file": path, "overrides": overrides, "paused": options.paused or options.console}
    return _plan(context, options, body) if options.dryrun else _run(context, options, file.path, "/domains", body)


def _start(context: Context, options: Namespace) -> int:
    _check_output("start", options)
    if context.host:
        body = {"paused": options.paused or options.console}
        return _run(context, options, options.domain, f"{domain_path(options.domain)}/start", body)
    found = context.client.get(f"{domain_path(options.domain)}/start-file", seconds=60)
    file = open_guest_file(found["file"], [])
    _tell_file(file, options)
    body = {"text": file.text, "file": file.path, "paused": options.paused or options.console}
    return _run(context, options, file.path, "/domains", body | {"domain": found["domain"]})


def _check_output(command: str, options: Namespace) -> None:
    if options.console and options.output != "text":
        raise usage(f"{command}: -c shows a console; it does not go with -o", "leave one of them out")


def _tell_file(file: GuestFile, options: Namespace) -> None:
    if options.output == "text" and not options.quiet:
        print(f'Using config file "{printable(file.path)}".', flush=True)


def _run(context: Context, options: Namespace, what: str, path: str, body: dict[str, Any]) -> int:
    result = _submit(context, what, path, body)
    if not options.quiet:
        show_complaints(result.get("complaints") or (), notes=options.verbose)
    if options.output == "text" and not options.quiet:
        print(f"Started domain {printable(result['domain'])} (id={result['domid']})", flush=True)
    elif options.output != "text":
        from xenia.cli.output import print_data

        print_data(result, options.output)
    if options.vncviewer or result.get("window"):
        from xenia.cli.window import open_window

        open_window(context, result, wanted=options.vncviewer, quiet=options.quiet)
    return _attach(context, result, options.paused) if options.console else 0


def _split(options: Namespace) -> tuple[str, list[str]]:
    """The guest file's name and the overrides."""
    words = list(options.words)
    name = options.defconfig
    if name is None:
        names = [word for word in words if "=" not in word]
        if not names:
            raise usage("create: which guest file?", "xm create FILE; ls /etc/xen shows yours")
        name = names[0]
        words.remove(name)
    for word in words:
        if "=" not in word:
            raise usage(
                f"create: '{word}' is no key=value", f"one guest file ('{name}') is enough; keys are set as memory=512"
            )
    return name, words


def _submit(context: Context, what: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        job = follow(context.client, submit(context.client, path, body))
    except KeyboardInterrupt:
        say(f"no longer waiting; the start from {what} goes on. xm list shows what comes of it")
        raise SystemExit(EXIT_INTERRUPTED) from None
    result: dict[str, Any] = job.get("result") or {}
    return result


def _plan(context: Context, options: Namespace, body: dict[str, Any]) -> int:
    plan = context.client.post("/plan", body, seconds=60)
    if options.output == "text":
        from xenia.cli.plan import show_plan

        show_complaints(plan["complaints"], notes=not options.quiet)
        show_plan(plan)
    elif options.output == "xl":
        import json

        from xenia.cli.xl_json import describe_config

        print(json.dumps(describe_config(plan["config"]), indent=4))
    else:
        from xenia.cli.output import print_data

        print_data(plan, options.output)
    return 0


def _attach(context: Context, result: dict[str, Any], paused: bool) -> int:
    """Connect to the console of the paused guest, then let it run, so that its first words are seen."""
    from xenia.cli.console import talk_to
    from xenia.client.console import Console

    path, name = domain_path(result["uuid"]), result["domain"]
    try:
        console = Console.connect(context.client, result["uuid"])
    except ClientError:
        if not paused:
            submit(context.client, f"{path}/unpause", {"until_gone": False})
        raise
    try:
        if paused:
            say(f"'{name}' is paused; xm unpause {name} lets it run")
        else:
            follow(context.client, submit(context.client, f"{path}/unpause", {"until_gone": False}))
    except BaseException:
        console.close()
        raise
    return talk_to(context.client, result["uuid"], name, console)


COMMANDS = {
    "create": Command(
        "xm create (FILE | NAME) [key=value...] [-c] [-V] [-p] [-n] [-q] [-v] [-o FORMAT]",
        """\
Start a domain from a guest file: a path, or the name of a file in the current folder or in /etc/xen, with or
without its .cfg. Both languages of guest files are read, xm's and xl's. key=value sets a key beside the file.

xm opens the file with your rights; the images and kernels that it names are opened by xend. Remarks about the
file come with their place, as a compiler's. Where the file asks for a window (sdl = 1) and you have a display, the
screen is shown in a VNC viewer, as with -V; closing it does nothing to the guest. --dryrun shows what the file means
here: it ends with 0 when it has a meaning, even where something it names is missing on this host.""",
        _options,
        _create,
        examples=(
            ("xm create winxp", "start /etc/xen/winxp.cfg"),
            ("xm create ./test.cfg -c", "and see its console from the first line; Ctrl-] leaves"),
            ("xm create winxp memory=1024", "with more memory, this time"),
            ("xm create winxp 'boot=\"d\"' -p", "from CD-ROM, paused at first"),
            ("xm create -n winxp", "what would it be?"),
            ("xm create --help_config", "what may stand in a guest file?"),
        ),
        see_also=("start", "list", "console", "destroy", "config check"),
    ),
    "start": Command(
        "xm start NAME [-c] [-V] [-p] [-q] [-v] [-o FORMAT]",
        """\
Start a domain by its name, from the guest file that it was last started from; where it never was, from the one
in /etc/xen that defines it. Two files may define one domain, one to install it and one to run it: then start
begins with the one that xm create was last given.

The file is read as it is now. Keys that were set beside it, as in xm create winxp memory=1024, are not set again.""",
        _start_options,
        _start,
        examples=(
            ("xm start winxp", "as it was started last"),
            ("xm start winxp -c", "and see its console from the first line; Ctrl-] leaves"),
            ("xm create install.cfg && xm create winxp.cfg", "choose another file, for now and for start"),
        ),
        see_also=("create", "list", "shutdown"),
    ),
}
