"""start_after, start_delay, stop_timeout: what they mean, and what they may not be."""

from __future__ import annotations

import pytest

from xenia.guestfile.convert.xl import to_xl
from xenia.guestfile.convert.xm import to_xm
from xenia.guestfile.libvirt.write import to_libvirt
from xenia.guestfile.read import read
from xenia.model.complaint import Severity
from xenia.model.start_order import StartOrder

BASE = "name = 'web'\nkernel = '/boot/vmlinuz'\nmemory = 512\n"


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        ("", StartOrder()),
        ("start_after = ['db', 'dns', 'db']", StartOrder(("db", "dns"))),
        ("start_after = 'db'", StartOrder(("db",))),
        ("start_after = []", StartOrder()),
        ("start_delay = '10'", StartOrder(delay=10)),
        ("start_delay = 0\nstop_timeout = 86400", StartOrder(stop_timeout=86400)),
    ],
)
def test_what_they_mean(lines: str, order: StartOrder) -> None:
    reading = read(f"{BASE}{lines}\n", file="web.cfg")
    assert reading.config is not None
    assert reading.config.order == order
    assert reading.complaints == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("start_after = ['a b']", "no domain can be called 'a b'"),
        ("start_after = ['Domain-0']", "no domain can be called 'Domain-0'"),
        ("start_after = [[]]", "start_after takes a list of texts; this item is a list"),
        ("start_after = 3.5", "start_after takes a list, not 3.5"),
        ("start_delay = -1", "start_delay is 0 to 3600 seconds, not -1"),
        ("start_delay = 3601", "start_delay is 0 to 3600 seconds, not 3601"),
        ("start_delay = 'soon'", "start_delay takes a number, not 'soon'"),
        ("stop_timeout = 0", "stop_timeout is 1 to 86400 seconds, not 0"),
        ("stop_timeout = 86401", "stop_timeout is 1 to 86400 seconds, not 86401"),
    ],
)
def test_what_they_may_not_be(line: str, message: str) -> None:
    reading = read(f"{BASE}{line}\n", file="web.cfg")
    (complaint,) = reading.complaints
    assert (complaint.severity, complaint.message, complaint.line) == (Severity.ERROR, message, 4)


def test_other_tools_keep_them_or_their_loss_is_told() -> None:
    config = read(f"{BASE}start_after = ['db']\nstart_delay = 5\nstop_timeout = 60\n", file="web.cfg").config
    assert config is not None
    for written in (to_xl(config), to_xm(config)):
        again = read(written.text, file="web.cfg").config
        assert again is not None
        assert again.order == config.order
    assert to_libvirt(config).lost == (
        "start_after = ['db']: libvirt has no start order",
        "start_delay = 5: libvirt has no start order",
        "stop_timeout = 60: libvirt has no start order",
    )
