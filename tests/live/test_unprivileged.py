"""An ordinary user with a xend of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live.test_session import LEAVE
from tests.support.live import STRANGER, LiveHost, live_host
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu

USER = STRANGER if os.geteuid() == 0 else None
"""Who it is: the user that runs the tests, unless that is root."""


@pytest.fixture
def own() -> Iterator[LiveHost]:
    with live_host(user=USER) as host:
        if USER is not None and host.xm("--version").code != 0:
            pytest.skip("other users cannot read this checkout or its Python")
        yield host


def test_an_ordinary_user_makes_a_guest_speaks_to_it_and_shuts_it_down(own: LiveHost) -> None:
    guest = own.linux()
    own.start()
    with Terminal(own.command("create", "-c", "demo"), own.environment, user=own.user) as screen:
        screen.sees(guest.marker)
        screen.types("until grep -q nameserver /etc/resolv.conf 2>/dev/null; do sleep 0.1; done; ip -o -4 addr\r")
        screen.sees("inet 10.0.2.15/24")
        screen.types(LEAVE)
        assert screen.ends() == 0
    ((pid,),) = own.guests().values()
    assert Path(f"/proc/{pid}").stat().st_uid == (own.user or os.geteuid())
    assert own.domain("demo")["vifs"] == ["user"]
    own.ok("pause", "demo")
    own.stop()
    own.start()
    assert own.domain("demo")["state"] == "paused"
    own.ok("unpause", "demo")
    own.ok("shutdown", "-w", "--timeout=180", "demo")
    assert own.names() == []
    own.nothing_left()


def test_what_the_user_may_not_read_their_guests_may_not_either(own: LiveHost, tmp_path: Path) -> None:
    own.start()
    secret = tmp_path / "secret.img"
    secret.write_bytes(bytes(1 << 20))
    secret.chmod(0 if own.user is None else 0o600)
    own.hvm("curious", f"disk = ['file:{secret},hda,r']\n")
    said = own.xm("create", "curious")
    assert (said.code, "curious.cfg:4:9" in said.err, str(secret) in said.err) == (4, True, True), said
    own.nothing_left()
