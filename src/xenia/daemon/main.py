"""xend, the command."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xenia.daemon.run import run
from xenia.daemon.settings import ENGINES, LOG_LEVELS, load_settings
from xenia.daemon.version import program_version
from xenia.lib.paths import Paths
from xenia.lib.text import printable
from xenia.model.errors import EXIT_INTERRUPTED, ErrorKind, XeniaError

log = logging.getLogger(__name__)

_DESCRIPTION = """\
Xenia's daemon: starts and keeps the virtual machines of this host. It runs in the foreground until SIGTERM or Ctrl-C
ends it; the guests run on then, and the next xend finds them again. xm is the command to talk to it.
"""

_EPILOG = """\
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal ends it; the exit code."""
    options = _parser().parse_args(arguments)
    paths = Paths(Path(options.root).absolute())
    try:
        settings = load_settings(paths)
        chosen = {name: value for name in ("engine", "log_level") if (value := getattr(options, name)) is not None}
        run(paths, replace(settings, **chosen))
    except XeniaError as error:
        print(f"xend: {printable(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"      {printable(error.hint)}", file=sys.stderr)
        return error.kind.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        log.exception("xend met a defect of its own")
        print(f"xend: ended by a defect of its own: {printable(str(error))}", file=sys.stderr)
        return ErrorKind.INTERNAL.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xend", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root",
        metavar="DIR",
        default=os.environ.get("XENIA_ROOT", "/"),
        help="the folder below which everything is kept (default: $XENIA_ROOT, else /)",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="what runs the guests (default: auto: xen in a Domain-0, qemu elsewhere)",
    )
    parser.add_argument("--log-level", choices=LOG_LEVELS, help="how much is logged (default: info)")
    parser.add_argument("--version", action="version", version=f"xend {program_version()}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
