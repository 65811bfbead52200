"""What a command of xm is made of."""

from __future__ import annotations

import os

from xenia.client.http import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence


class Context:
    """What every command is given: the folder `root` below which all of xend lies, and the client of that xend."""

    __slots__ = ("client", "json", "root")

    def __init__(self, root: str, *, json: bool = False) -> None:
        self.root = root
        self.json = json
        self.client = Client(self.root)

    @property
    def guest_files(self) -> str:
        """The folder of guest files."""
        return os.path.join(self.root, "etc/xen")


class Command:
    """One command: how it is written (`usage`), what its help says, its options and what it does.

    `options` adds the arguments to a parser; `run` returns the exit code and raises ClientError.
    `examples` are pairs of a command line and what it does. `rest` is the argument that gets all that follows `--` as
    it is, where there is one.
    """

    __slots__ = ("examples", "options", "rest", "run", "see_also", "text", "usage")

    def __init__(
        self,
        usage: str,
        text: str,
        options: Callable[[ArgumentParser], None],
        run: Callable[[Context, Namespace], int],
        *,
        examples: Sequence[tuple[str, str]] = (),
        see_also: Sequence[str] = (),
        rest: str = "",
    ) -> None:
        self.usage = usage
        self.text = text
        self.options = options
        self.run = run
        self.examples = examples
        self.see_also = see_also
        self.rest = rest


def add_output(parser: ArgumentParser, *formats: str) -> None:
    """The option -o; the first of `formats` is the default."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FORMAT",
        choices=formats,
        default=formats[0],
        help=f"{', '.join(formats[:-1])} or {formats[-1]} (default: {formats[0]})",
    )
