"""The option --engine: what a guest file means on an engine that is not the one of this host."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_engine(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--engine", metavar="ENGINE", default="", help="xen or qemu (default: the engine of this host, as in xm info)"
    )
