"""The command line of xenia-web."""

from __future__ import annotations

import argparse
import os

from xenia.lib.version import program_version
from xenia.settings.settings import LOG_LEVELS

DESCRIPTION = """\
Xenia's door to the network: the API of xend over TLS, for browsers, programs and xm on other machines. It runs in the
foreground until SIGTERM or Ctrl-C ends it. Started as root, it gives up all rights before it speaks to anybody: what
its visitors may do, xend decides, by what they have logged in as.
"""

EPILOG = """\
settings, in etc/xen/xend.toml below the root, in the table [web]: where it listens, its certificate, and who may come
in as what. xm config settings web shows them.

exit codes: 0 ended by a signal, 1 failed, 2 usage, 4 no permission, 5 another xenia-web serves this root
"""


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="xenia-web", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument(
        "--root",
        metavar="DIR",
        default=os.environ.get("XENIA_ROOT", "/"),
        help="that of the xend it is for (default: $XENIA_ROOT, else /)",
    )
    words.add_argument("--log-level", choices=LOG_LEVELS, default="info", help="how much is logged (default: info)")
    words.add_argument("--version", action="version", version=f"xenia-web {program_version()}")
    return words
