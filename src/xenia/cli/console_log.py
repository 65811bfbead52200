"""xm console --log: what a guest has said, as far as it is kept."""

from __future__ import annotations

import sys

from xenia.client.domains import domain_path
from xenia.client.errors import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from xenia.cli.command import Context

_SECONDS = 60.0


def print_log(context: Context, options: Namespace) -> int:
    """Colours are for terminals alone."""
    if options.view:
        raise usage("console: --log ends, --view goes on", "leave one of them out")
    tail = options.tail
    if tail is not None and not (tail.isascii() and tail.isdigit() and len(tail) < 7):
        raise usage(f"console: '{tail}' is no number of lines", f"xm console --log --tail 50 {options.domain}")
    query = f"?kind={options.type}" + (f"&tail={tail}" if tail is not None else "")
    said = context.client.fetch(f"{domain_path(options.domain)}/console/log{query}", seconds=_SECONDS)
    from xenia.lib.harmless import harmless  # brings re, which the rest of xm does without

    # Whatever xend, here or elsewhere, has let pass.
    text = harmless(said.decode(errors="replace"), colours=sys.stdout.isatty())
    sys.stdout.write(text)
    if text and not text.endswith("\n"):
        sys.stdout.write("\n")
    return 0
