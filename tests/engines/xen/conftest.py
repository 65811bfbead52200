"""A real xenstored on a host without Xen."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.engines.xen.drivers import Drivers
from tests.network.conftest import ip  # noqa: F401  # the fixture
from tests.support.xenstored import Xenstored, build_no_xen, find_xenstored

from xenia.engines.xen.xenstore import Xenstore
from xenia.lib.aio import Tasks


@pytest.fixture(scope="session")
def no_xen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_no_xen(tmp_path_factory.mktemp("no-xen"))


@pytest.fixture
def xenstored(no_xen: Path) -> Iterator[Xenstored]:
    """Runs; its folder has a short name, as a socket's path needs."""
    binary = find_xenstored()
    if binary is None:
        pytest.skip("there is no xenstored here: apt-get install xen-utils-4.17 (Debian 12) or xen-utils-4.20 (13)")
    with tempfile.TemporaryDirectory(prefix="xs-") as folder:
        daemon = Xenstored(binary, no_xen, Path(folder))
        daemon.start()
        try:
            yield daemon
        finally:
            daemon.kill()


@pytest.fixture
async def store(xenstored: Xenstored) -> AsyncIterator[Xenstore]:
    """A client that is connected to it."""
    store = Xenstore([xenstored.socket])
    await store.connect()
    yield store
    await store.close()


@pytest.fixture
async def drivers(store: Xenstore) -> AsyncIterator[Drivers]:
    made, tasks = Drivers(store), Tasks()
    tasks.start(made.run(), name="drivers")
    yield made
    await tasks.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[str]:
    """A block device: a loop device over a file of a test."""
    if not Path("/dev/loop-control").exists() or os.geteuid() != 0:
        pytest.skip("loop devices need root, and a kernel that has them")
    image = tmp_path / "behind"
    image.write_bytes(bytes(1 << 20))
    command = ["losetup", "--find", "--show", str(image)]
    device = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)
