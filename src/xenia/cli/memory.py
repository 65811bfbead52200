"""xm mem-set, mem-max."""

from __future__ import annotations

from xenia.cli.command import Command
from xenia.cli.scope import WHERE, add_scope, change
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from xenia.cli.command import Context

_SHIFTS = {"b": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def _size(word: str) -> int:
    """MiB; a letter at the end says of what else it is a number, as for xl."""
    digits, letter = (word[:-1], word[-1].lower()) if word[-1:].isalpha() else (word, "m")
    if letter not in _SHIFTS or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise ValueError(word)
    return (int(digits) << _SHIFTS[letter]) >> 20


_size.__name__ = "size in MiB (or with k, m, g, t)"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("size", metavar="SIZE", type=_size, help="in MiB, or with a letter: 524288k, 512m, 2g")
    add_scope(parser)


def _resizing(operation: str) -> Callable[[Context, Namespace], int]:
    def run(context: Context, options: Namespace) -> int:
        if options.size < 1:
            raise usage(f"{operation}: that is less than 1 MiB", f"xm {operation} DOMAIN 512; a number alone is in MiB")
        return change(context, options, operation, {"size": options.size})

    return run


COMMANDS = {
    "mem-set": Command(
        "xm mem-set [--live | --config] [-o FORMAT] DOMAIN SIZE",
        f"""\
Give a domain more or less memory, at most its maxmem. The guest itself takes memory or gives it back, by its balloon
driver, and xm waits some seconds for it; what it has by then is said where that is not what was asked for. Less than a
guest needs makes it kill its programs, or come to its end.
{WHERE}""",
        _options,
        _resizing("mem-set"),
        examples=(
            ("xm mem-set web 512", "512 MiB, now and at the next start"),
            ("xm mem-set --live web 2g", "2 GiB until it ends, and not at its next start"),
        ),
        see_also=("mem-max", "list", "config set"),
    ),
    "mem-max": Command(
        "xm mem-max [--live | --config] [-o FORMAT] DOMAIN SIZE",
        f"""\
Set the most memory that mem-set may give a domain, its maxmem. On QEMU a machine keeps the bound that it was made with:
there only --config is possible.
{WHERE}""",
        _options,
        _resizing("mem-max"),
        examples=(("xm mem-max web 4g", "up to 4 GiB"), ("xm mem-max --config web 4g", "from the next start on")),
        see_also=("mem-set",),
    ),
}
