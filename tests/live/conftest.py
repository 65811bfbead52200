from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.live import LiveHost, live_host
from tests.support.wire import Wire


@pytest.fixture
def stopped_host() -> Iterator[LiveHost]:
    """A root without a xend."""
    with live_host() as host:
        yield host


@pytest.fixture
def host(stopped_host: LiveHost) -> LiveHost:
    """A root with a xend that is ready."""
    stopped_host.start()
    return stopped_host


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A network for the host, with a world behind it."""
    wire = Wire()
    try:
        yield wire
    finally:
        wire.close()
