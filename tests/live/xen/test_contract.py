"""The contract of engines on real Xen: the suite that the others pass, run inside dom0."""

from __future__ import annotations

import pytest
from tests.live.xenlab.host import XenHost

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def host(xen_host: XenHost) -> XenHost:
    xen_host.stop_xend()  # the engine is alone with Xen
    return xen_host


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("pv", "not xen_full"),
        pytest.param("pv", "xen_full", marks=pytest.mark.full),
        pytest.param("pvh", "", marks=pytest.mark.full),
    ],
)
def test_the_contract_holds_on_xen(host: XenHost, kind: str, marks: str) -> None:
    only = f"xen and {'pvh' if kind == 'pvh' else 'not pvh'}"
    said = host.pytest("tests/contract/test_engine_contract.py", "-k", only, "-m", marks, timeout=800)
    assert said.code == 0, said.out[-6000:] + said.err[-2000:]
    assert " skipped" not in said.out
    assert [domain for domain in host.ok("xl", "list").splitlines()[1:] if not domain.startswith("Domain-0")] == []
