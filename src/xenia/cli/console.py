"""xm console: a terminal on a guest's text console."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
import tty

from xenia.cli.command import Command
from xenia.cli.console_log import print_log
from xenia.cli.errors import say
from xenia.cli.options import refuse
from xenia.client.domains import domain_path
from xenia.client.errors import ClientError, usage
from xenia.client.http import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import FrameType, TracebackType
    from typing import Any

    from xenia.cli.command import Context
    from xenia.client.console import Console
    from xenia.lib.harmless import HarmlessStream

_ESCAPE = b"\x1d"
"""Ctrl-]"""

_LEAVES_VIEW = frozenset(b"\x1d\x03q")
"""Ctrl-], Ctrl-C and q leave where nothing is typed at the guest."""

_PATIENCE = 30.0
"""Seconds for which a lost xend is looked for."""

_PAUSE = 0.25
"""Seconds between two attempts."""

_LONGEST_WAIT = 1.0
"""Seconds without a look at signals: one that comes just before a wait is acted on only after it."""

_REMEMBERED = 64
"""Bytes of output by which we find in a repetition the place where we were."""


class Terminal:
    """Our own end: standard input and output, in raw mode while they are a terminal.

    To be used in a `with`, which puts everything back, also when a signal ends the program. In a `view` what the guest
    says acts on no terminal, and what is typed is for us alone.
    """

    def __init__(self, *, view: bool = False) -> None:
        self.input = _descriptor(sys.stdin)
        self.output = _descriptor(sys.stdout)
        self.raw = self.input is not None and os.isatty(self.input)
        self.view = view
        self._shown: HarmlessStream | None = None
        if view:
            from xenia.lib.harmless import HarmlessStream  # brings re, which only a view has to pay for

            self._shown = HarmlessStream()
            self.input = self.input if self.raw else None
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}
        self._last = b""

    def __enter__(self) -> Terminal:
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, _leave)
        if self.raw and self.input is not None:
            self._before = termios.tcgetattr(self.input)
            self._handlers[signal.SIGCONT] = signal.signal(signal.SIGCONT, self._set_raw)
            self._set_raw()
        return self

    def _set_raw(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        if self.input is not None:
            tty.setraw(self.input, termios.TCSADRAIN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own_colours()
        if self.raw and self.input is not None and self._before:
            termios.tcsetattr(self.input, termios.TCSADRAIN, self._before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def say(self, text: str) -> None:
        """A line of our own, below what the guest has said; in raw mode, carriage returns are for us to write."""
        if self.raw and sys.stderr is not None:
            self._own_colours()
            if self._last:
                sys.stderr.write("\r\n")
            say(text)
            sys.stderr.write("\r")
        else:
            say(text)

    def read(self) -> bytes | None:
        """What was typed at the guest; b"" at the end of the input, None for the wish to leave."""
        data = b"" if self.input is None else os.read(self.input, 4096)
        if self.raw and (_LEAVES_VIEW.intersection(data) if self.view else _ESCAPE in data):
            return None
        if not data:
            self.input = None
        return b"" if self.view else data

    def write_unseen(self, data: bytes) -> None:
        """`data` without what we have written already, where its end is found in it again."""
        at = data.rfind(self._last) if self._last else -1
        self.write(data[at + len(self._last) :] if at >= 0 else data)

    def write(self, data: bytes) -> None:
        self._last = (self._last + data[-_REMEMBERED:])[-_REMEMBERED:]
        self._put(data if self._shown is None else _encoded(self._shown.feed(data)))

    def _own_colours(self) -> None:
        if self._shown is not None:
            self._put(_encoded(self._shown.end()))

    def _put(self, data: bytes) -> None:
        while data and self.output is not None:
            try:
                data = data[os.write(self.output, data) :]
            except BlockingIOError:
                select.select([], [self.output], [])


def _descriptor(stream: Any) -> int | None:
    """The descriptor of a standard stream; None where there is none."""
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _encoded(text: str) -> bytes:
    return text.encode(sys.stdout.encoding or "utf-8", "replace")


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument(
        "-t",
        "--type",
        metavar="KIND",
        choices=("auto", "pv", "serial"),
        default="auto",
        help="pv (hvc0), serial (ttyS0, COM1) or auto: pv as soon as the guest speaks there (default)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say how to leave")
    parser.add_argument("--log", action="store_true", help="print what is kept of what the guest has said, and end")
    parser.add_argument("--tail", metavar="N", help="with --log: so many last lines (default: all)")
    parser.add_argument(
        "--view", action="store_true", help="only look: nothing is typed at the guest, and nothing acts on the terminal"
    )
    refuse(parser, "-n", takes_value=True, why="a guest has one console of each kind", instead="-t pv or -t serial")


def _console(context: Context, options: Namespace) -> int:
    if options.log:
        return print_log(context, options)
    if options.tail is not None:
        raise usage("console: --tail goes with --log", f"xm console --log --tail {options.tail} {options.domain}")
    domain = context.client.get(domain_path(options.domain))["domain"]
    ref = domain["uuid"] or domain["name"]  # what does not run may have no UUID yet
    from xenia.client.console import Console  # brings a library whose import takes longer than the rest of xm

    console = Console.connect(context.client, ref, options.type, view=options.view)
    return talk_to(
        context.client, ref, domain["name"], console, kind=options.type, quiet=options.quiet, view=options.view
    )


def talk_to(
    client: Client,
    ref: str,
    name: str,
    console: Console,
    *,
    kind: str = "auto",
    quiet: bool = False,
    view: bool = False,
) -> int:
    """Join this terminal and the open `console` of the domain `name` until the guest ends or the user leaves.

    Closes the console. When xend goes away, it is looked for again and the domain found by `ref`.
    """
    terminal = Terminal(view=view)
    sys.stdout.flush()
    deadline = 0.0
    with terminal:
        if terminal.raw and not quiet:  # only now: who reads it may type, and a return must already reach the guest
            terminal.say(
                f"looking at '{name}'; q or Ctrl-] leaves, the guest runs on"
                if view
                else f"connected to '{name}'; Ctrl-] leaves, the guest runs on"
            )
        while True:
            opened = time.monotonic()
            try:
                left = _relay(terminal, console)
            finally:
                console.close()
            if left:
                terminal.say(f"left '{name}'; xm console {'--view ' if view else ''}{name} comes back")
                return 0
            if not console.lost:
                terminal.say(f"the console of '{name}' has ended: {console.end}")
                return 0
            lost = time.monotonic()
            if lost - opened > _PATIENCE or not deadline:
                deadline = lost + _PATIENCE
            elif lost > deadline:  # what is lost again and again gets no new patience
                raise ClientError(f"lost the console of '{name}' again: {console.end}", kind="unreachable")
            terminal.say(f"lost the console of '{name}' ({console.end}); trying again for {_PATIENCE:g} s")
            found = _find_again(terminal, client, ref, kind, deadline)
            if found is None:
                terminal.say(f"left '{name}'")
                return 0
            terminal.say(f"connected to '{name}' again")
            console = found
            terminal.write_unseen(_first_words(console))


def _relay(terminal: Terminal, console: Console) -> bool:
    """Carry bytes both ways until the console ends, or the user leaves (then True)."""
    terminal.write(console.receive())
    while console.end is None:
        # What is typed is only read when all before it has gone: a long pipe must not pile up in memory.
        inputs: list[Any] = [console] if terminal.input is None or console.unsent else [console, terminal.input]
        readable, writable, _ = select.select(inputs, [console] if console.unsent else [], [], _LONGEST_WAIT)
        if writable:
            console.flush()
        if terminal.input in readable:
            typed = terminal.read()
            if typed is None:
                return True
            if typed:
                console.send(typed)
        if console in readable:
            terminal.write(console.receive())
    return False


def _first_words(console: Console) -> bytes:
    """What xend shows first: the last that the guest has written."""
    select.select([console], [], [], _PAUSE)
    return console.receive()


def _find_again(terminal: Terminal, client: Client, ref: str, kind: str, deadline: float) -> Console | None:
    """The console once xend is back; None when the user leaves.

    Raises ClientError when xend does not come back or knows the domain no more.
    """
    from xenia.client.console import Console

    while True:
        watched = [terminal.input] if terminal.raw and terminal.input is not None else []
        readable, _, _ = select.select(watched, [], [], _PAUSE)
        if readable and terminal.read() is None:
            return None
        try:
            return Console.connect(client, ref, kind, view=terminal.view)
        except ClientError as error:
            if error.kind not in ("unreachable", "timed_out", "unavailable") or time.monotonic() > deadline:
                raise


COMMANDS = {
    "console": Command(
        "xm console DOMAIN [-q] [-t KIND] [--view | --log [--tail N]]",
        """\
Connect this terminal to the text console of a guest. What the guest has written last is shown first.
Ctrl-] leaves; the guest runs on. Several people may be connected and type at the same time.

A guest speaks on its console only if it was told to: in Linux by console=hvc0 or console=ttyS0 on the
kernel's command line, and a getty there. Where input is no terminal it is sent to the guest as it is, and
the output is printed until the guest ends.

With --view nothing that is typed reaches the guest: q, Ctrl-C or Ctrl-] leaves. Of what the guest says, text and
colours are shown, and nothing that would act on your terminal.

With --log it prints what is kept of all that was said there, made harmless in the same way, and ends; also of a guest
that has ended. On QEMU the last MiB or two are kept; on Xen what xenconsoled logs, where it was told to.""",
        _options,
        _console,
        examples=(
            ("xm console web", "Ctrl-] leaves"),
            ("xm console web -t serial", "its serial port, whatever it does elsewhere"),
            ("xm console web --view", "only look; q leaves"),
            ("xm console web --log --tail 50", "its last 50 lines, also when it has ended"),
        ),
        see_also=("create", "list"),
    )
}
