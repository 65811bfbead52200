"""Ctrl-C while xm waits for something that can be cancelled."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from queue import Queue
from typing import Any

from tests.cli.fake_xend import Answer, FakeXend, job, problem

Start = Callable[..., "subprocess.Popen[bytes]"]

ASKED, LOOKED, CANCEL = "POST /domains/web/save?wait=0.3", "GET /jobs/7?wait=30", "POST /jobs/7/cancel"
RUNNING, CANCELLED = {"job": job("save", "running")}, {"job": job("save", "cancelled")}
DONE = {"job": job("save", result={"domain": "web", "file": "/srv/x"})}
REFUSED = problem("save cannot be cancelled: it has to run to its end", "conflict", 409, 5)


class Interrupting(Answer):
    """Presses Ctrl-C before it answers."""

    def __init__(self, body: Any) -> None:
        super().__init__(body)
        self.processes: Queue[subprocess.Popen[bytes]] = Queue()

    def encode(self) -> bytes:
        self.processes.get(timeout=30).send_signal(signal.SIGINT)
        return super().encode()


def ended(start_xm: Start, interrupting: Interrupting) -> tuple[int, bytes, bytes]:
    process = start_xm("save", "web", "/srv/x")
    interrupting.processes.put(process)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_it_is_cancelled(xend: FakeXend, start_xm: Start) -> None:
    looked = Interrupting(RUNNING)
    xend.routes |= {ASKED: RUNNING, LOOKED: looked, CANCEL: CANCELLED}
    assert ended(start_xm, looked) == (130, b"", b"xm: cancelled: the domain runs on, and there is no file\n")


def test_also_in_the_moment_in_which_it_is_asked_for(xend: FakeXend, start_xm: Start) -> None:
    asked = Interrupting(RUNNING)
    xend.routes |= {ASKED: asked, LOOKED: RUNNING, CANCEL: CANCELLED}
    assert ended(start_xm, asked) == (130, b"", b"xm: cancelled: the domain runs on, and there is no file\n")


def test_what_can_no_longer_be_cancelled_is_waited_for(xend: FakeXend, start_xm: Start) -> None:
    asked = Interrupting(RUNNING)
    xend.routes |= {ASKED: asked, LOOKED: [DONE], CANCEL: REFUSED, "GET /jobs/7": RUNNING}
    said = b"xm: save cannot be cancelled: it has to run to its end; it is waited for\n"
    assert ended(start_xm, asked) == (0, b"Saved domain web to /srv/x\n", said)


def test_what_had_ended_meanwhile_has_been_done(xend: FakeXend, start_xm: Start) -> None:
    asked = Interrupting(RUNNING)
    xend.routes |= {ASKED: asked, CANCEL: DONE, "GET /jobs/7": DONE}
    assert ended(start_xm, asked) == (0, b"Saved domain web to /srv/x\n", b"")


def test_a_xend_that_does_not_answer_is_left_by_the_second_one(xend: FakeXend, start_xm: Start) -> None:
    silent: Queue[None] = Queue()

    class Silent(Answer):
        def encode(self) -> bytes:
            silent.get(timeout=60)
            return super().encode()

    xend.routes |= {ASKED: Silent(RUNNING)}
    process = start_xm("save", "web", "/srv/x")
    xend.wait_for("POST", ASKED.removeprefix("POST "))
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    silent.put(None)
    assert (process.returncode, process.stderr and process.stderr.read()) == (130, b"xm: interrupted\n")


def test_a_restore_goes_on_and_says_so(xend: FakeXend, start_xm: Start) -> None:
    looked = Interrupting(RUNNING)
    xend.routes |= {"POST /restore?wait=30": RUNNING, LOOKED: looked}
    process = start_xm("restore", "/srv/x")
    looked.processes.put(process)
    _, err = process.communicate(timeout=30)
    said = b"xm: no longer waiting; the restore goes on. xm list shows what comes of it\n"
    assert (process.returncode, err) == (130, said)
