"""The option --long of lists of devices: S-expressions, as xm had them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable

    from xenia.cli.sxp import Sxp


def add_long(parser: ArgumentParser) -> None:
    parser.add_argument("-l", "--long", action="store_true", help="everything about each, as xm's SXP")


def print_devices(devices: Iterable[Sxp]) -> None:
    from xenia.cli.sxp import render

    for device in devices:
        print(render(["device", device]))
