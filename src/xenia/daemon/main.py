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
from xenia.settings.load import load

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal ends it; the exit code."""
    options = parser().parse_args(arguments)
    paths = Paths(Path(options.root).absolute())
    try:
        chosen = {name: value for name in ("engine", "log_level") if (value := getattr(options, name)) is not None}
        run(paths, load(paths, chosen))
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


if __name__ == "__main__":
    sys.exit(main())
