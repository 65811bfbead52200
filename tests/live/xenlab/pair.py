"""Two Xen hosts on one network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.live.xenlab.host import XenHost
from tests.live.xenlab.machine import Cable


@contextmanager
def pair() -> Iterator[tuple[XenHost, XenHost]]:
    """xen1 and xen2, whose bridges xenbr0 are joined: 10.9.0.1 and 10.9.0.2. Each reaches the other by ssh as root."""
    with tempfile.TemporaryDirectory(prefix="xenlab-") as name, ExitStack() as hosts:
        left, right = Path(name) / "left", Path(name) / "right"
        yield (
            hosts.enter_context(XenHost(1, cable=Cable(left, right))),
            hosts.enter_context(XenHost(2, cable=Cable(right, left))),
        )
