"""A real Xen host for tests marked `xen`."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.pair import pair
from tests.live.xenlab.recipe import CHECKOUT

HOSTS = pytest.StashKey[list[XenHost]]()
"""The hosts that run now, to be asked for their logs when a test fails."""


_LONG = ("test_contract", "test_pvh", "test_pv", "test_errors", "test_hvm", "test_linux_hvm", "test_foreign")
"""What takes long begins first, so that two workers end at the same time."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(_LONG)))


@pytest.fixture(scope="module")
def xen_host(request: pytest.FixtureRequest) -> Iterator[XenHost]:
    """A clean Xen host for each module."""
    with XenHost() as host:
        yield from _known(request, host)


@pytest.fixture(scope="module")
def xen_pair(request: pytest.FixtureRequest) -> Iterator[tuple[XenHost, XenHost]]:
    """Two clean Xen hosts on one network for each module."""
    with pair() as (left, right):
        yield from ((left, right) for _ in _known(request, left, right))


def _known(request: pytest.FixtureRequest, *hosts: XenHost) -> Iterator[XenHost]:
    running = request.config.stash.setdefault(HOSTS, [])
    running += hosts
    yield hosts[0]
    for host in hosts:
        running.remove(host)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The logs of the hosts that run are kept in build/xenlab (or $XENIA_LAB_LOGS) when a test fails."""
    report = yield
    if report.failed and (hosts := item.config.stash.get(HOSTS, [])):
        top = Path(os.environ.get("XENIA_LAB_LOGS", CHECKOUT / "build/xenlab"))
        folder = top / re.sub(r"[^\w.-]+", "_", item.nodeid)
        for host in hosts:
            host.logs(folder / f"xen{host.number}")
        report.sections.append(("logs of the Xen hosts", str(folder)))
    return report
