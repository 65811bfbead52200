from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network.uplink.wire import Wire, wire


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Wire]:
    try:
        with wire(tmp_path) as made:
            yield made
    except OSError as error:
        pytest.skip(f"no network namespaces here: {error}")
