"""What a command of xm is made of."""

from __future__ import annotations

import os

from xenia.client.http import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence


class Context:
    """What every command is given: the folder `root` below which all of xend lies, and the client of that xend; or that
    of another `host` which the user has logged in at.
    """

    __slots__ = ("_client", "host", "json", "root")

    def __init__(self, root: str, *, host: str = "", json: bool = False) -> None:
        self.root = root
        self.host = host
        self.json = json
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """Raises ClientError for a host that nobody has logged in at."""
        if self._client is None:
            if self.host:
                from xenia.client.hosts import find

                self._client = find(self.host).client()
            else:
                self._client = Client(self.root)
        return self._client

    @property
    def guest_files(self) -> str:
        """The folder of guest files. That of another host is not here: where the user is takes its place."""
        return "." if self.host else os.path.join(self.root, "etc/xen")


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
