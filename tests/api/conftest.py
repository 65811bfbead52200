from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.xend import Xend, running_xend


@pytest.fixture
async def xend(tmp_path: Path) -> AsyncIterator[Xend]:
    async with running_xend(tmp_path) as running:
        yield running
