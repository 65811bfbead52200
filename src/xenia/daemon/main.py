"""xend, the command."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from xenia.daemon.arguments import parser
from xenia.daemon.run import run
from xenia.lib.paths import Paths
from xenia.lib.text import printable
from xenia.model.errors import EXIT_INTERRUPTED, ErrorKind, XeniaError
from xenia.settings.load import Loaded, load

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal ends it; the exit code."""
    options = parser().parse_args(arguments)
    paths = Paths(Path(options.root).absolute())
    try:
        chosen = {name: value for name in ("engine", "log_level") if (value := getattr(options, name)) is not None}
        loaded = load(paths, chosen)
        if options.check_autostart:
            return _check_autostart(loaded)
        run(paths, loaded)
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


def _check_autostart(loaded: Loaded) -> int:
    """For the init of the host: whether xend is to start with it."""
    if loaded.settings.autostart_xend:
        return 0
    print(f"xend does not start with the host: {loaded.origins['autostart.xend'].place} says so", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
