from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.fake_xend import FakeXend

from xenia.client.http import Client


@pytest.fixture
def root() -> Iterator[Path]:
    """A root with a short name: the path of a unix socket has only 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="xm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def xend(root: Path) -> Iterator[FakeXend]:
    server = FakeXend(root)
    yield server
    server.close()


@pytest.fixture
def client(root: Path) -> Client:
    return Client(str(root))
