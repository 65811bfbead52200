"""What xend does can be watched from elsewhere, and is told after it was killed."""

from __future__ import annotations

import json
import signal

import pytest
from tests.support.live import LiveHost, live_host, until
from tests.support.terminal import Terminal

pytestmark = pytest.mark.qemu


def running(host: LiveHost) -> list[int]:
    return [job["id"] for job in json.loads(host.ok("job", "list", "-r", "-o", "json"))]


def test_a_job_is_followed_and_what_it_had_done_outlives_xend() -> None:
    with live_host() as host:
        host.linux()
        host.start()
        host.ok("create", "-q", "-p", "demo")
        (start,) = json.loads(host.ok("job", "list", "-o", "json"))
        said = host.ok("job", "show", str(start["id"]))
        for line in (f"disk xvda: {host.images}", "kernel: ", "QEMU runs as process ", "domain demo (id 1): started"):
            assert line in said
        host.ok("destroy", "demo")
        host.hvm("deaf")  # its firmware does not hear the power button
        host.ok("create", "-q", "deaf")
        with Terminal(host.command("shutdown", "-w", "deaf"), host.environment):
            until(lambda: running(host), "the shutdown is under way")
            (number,) = running(host)
            with Terminal(host.command("job", "show", "-f", str(number)), host.environment) as follower:
                follower.sees("waits for the guest to end")
                host.stop(signal.SIGKILL)
        host.start()
        said = host.ok("job", "show", str(number))
        assert "waits for the guest to end" in said
        assert "lost, after" in said
        assert [job["state"] for job in json.loads(host.ok("job", "list", "deaf", "-o", "json"))][-1] == "lost"
        host.ok("destroy", "deaf")
        host.nothing_left()
