from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.live import LiveHost, live_host


@pytest.fixture
def host() -> Iterator[LiveHost]:
    """A root with a xend that is ready."""
    with live_host() as host:
        host.start()
        yield host
