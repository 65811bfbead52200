"""Options of xm and xl that a command takes without doing anything for them, or refuses with the reason."""

from __future__ import annotations

import argparse

from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Refused(argparse.Action):
    """An option that is not here: `why`, and what to do `instead`. It takes a value where xm's or xl's did."""

    def __init__(self, *, why: str, instead: str, takes_value: bool, **others: Any) -> None:
        super().__init__(nargs=None if takes_value else 0, help=argparse.SUPPRESS, **others)
        self.why = why
        self.instead = instead

    def __call__(self, parser: argparse.ArgumentParser, _: Any, _values: Any, option: str | None = None) -> None:
        command = parser.prog.removeprefix("xm ")
        raise usage(f"{command}: no option {option}: {self.why}", self.instead and f"instead: {self.instead}")


class Needless(argparse.Action):
    """An option that is taken and changes nothing: `why`."""

    def __init__(self, *, why: str, **others: Any) -> None:
        super().__init__(nargs=0, help=argparse.SUPPRESS, **others)
        self.why = why

    def __call__(self, *_: Any, **__: Any) -> None:
        """Nothing."""


def refuse(
    parser: argparse.ArgumentParser, *flags: str, why: str, instead: str = "", takes_value: bool = False
) -> None:
    parser.add_argument(*flags, dest="_refused", action=Refused, why=why, instead=instead, takes_value=takes_value)


def accept(parser: argparse.ArgumentParser, *flags: str, why: str) -> None:
    parser.add_argument(*flags, dest="_accepted", action=Needless, why=why)
