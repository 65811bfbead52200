"""The command line of xend."""

from __future__ import annotations

import argparse
import os

from xenia.lib.version import program_version
from xenia.settings.settings import ENGINES, LOG_LEVELS

DESCRIPTION = """\
Xenia's daemon: starts and keeps the virtual machines of this host. It runs in the foreground until SIGTERM or Ctrl-C
ends it; the guests run on then, and the next xend finds them again. xm is the command to talk to it.
"""

EPILOG = """\
files below the root:
  etc/xen/xend.toml         settings; every key has a default
  etc/xen/*.cfg             guest files
  var/lib/xen/              images
  var/log/xenia/xend.log    the log
  run/xenia/xend.sock       the API; root and the group "xen" may use it

examples:
  xend                      as root: serve this host
  xend --root ~/xen         as anybody: a xend of one's own, used with xm --root ~/xen

exit codes: 0 ended by a signal, 1 failed, 2 usage, 4 no permission, 5 another xend serves this root
"""


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="xend", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument(
        "--root",
        metavar="DIR",
        default=os.environ.get("XENIA_ROOT", "/"),
        help="the folder below which everything is kept (default: $XENIA_ROOT, else /)",
    )
    words.add_argument(
        "--engine",
        choices=ENGINES,
        help="what runs the guests (default: auto: xen in a Domain-0, qemu elsewhere)",
    )
    words.add_argument("--log-level", choices=LOG_LEVELS, help="how much is logged (default: info)")
    words.add_argument(
        "--check-autostart",
        action="store_true",
        help="only tell whether xend is to start with the host: exit code 0, or 1 where the settings say no",
    )
    words.add_argument("--version", action="version", version=f"xend {program_version()}")
    return words
