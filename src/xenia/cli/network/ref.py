"""The network that a command is about."""

from __future__ import annotations

from xenia.client.errors import usage
from xenia.client.http import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_network(parser: ArgumentParser) -> None:
    parser.add_argument("network", metavar="NETWORK", help="its name, as in xm network list")


def network_path(name: str) -> str:
    """The route of a network. Raises ClientError for words that can be no name."""
    if not name or "/" in name:
        raise usage(f"'{name}' can be no name of a network", "xm network list shows the names")
    return f"/networks/{quote(name)}"
