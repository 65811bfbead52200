"""QEMU's events as steps from one situation to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.engines.qemu.ends import end_in, last_words
from xenia.engines.qemu.events import Situation, after, of_status
from xenia.model.domain import EndReason, State

RUNNING = Situation(State.RUNNING)


@pytest.mark.parametrize(
    ("event", "data", "state", "end"),
    [
        ("STOP", {}, State.PAUSED, None),
        ("SHUTDOWN", {"guest": True, "reason": "guest-shutdown"}, State.SHUTDOWN, EndReason.POWEROFF),
        ("SHUTDOWN", {"guest": True, "reason": "guest-reset"}, State.SHUTDOWN, EndReason.REBOOT),
        ("SHUTDOWN", {"guest": False, "reason": "host-signal"}, State.RUNNING, None),
        ("RESET", {"guest": True, "reason": "guest-reset"}, State.RUNNING, EndReason.REBOOT),
        ("RESET", {"guest": False, "reason": "host-qmp-system-reset"}, State.RUNNING, None),
        ("GUEST_PANICKED", {"action": "pause"}, State.CRASHED, EndReason.CRASH),
        ("VNC_CONNECTED", {}, State.RUNNING, None),
        ("SHUTDOWN", {}, State.RUNNING, None),
    ],
)
def test_a_step(event: str, data: dict[str, object], state: State, end: EndReason | None) -> None:
    situation = after(RUNNING, event, data)
    assert (situation.state, situation.end) == (state, end)


@pytest.mark.parametrize("first", ["SHUTDOWN", "GUEST_PANICKED"])
def test_the_stop_that_follows_an_end_does_not_hide_it(first: str) -> None:
    ended = after(RUNNING, first, {"reason": "guest-shutdown"})
    assert after(ended, "STOP", {}) == ended


def test_a_guest_stopped_by_a_full_disk_says_so() -> None:
    situation = after(RUNNING, "BLOCK_IO_ERROR", {"action": "stop", "nospace": True})
    assert situation.state is State.RUNNING
    situation = after(situation, "STOP", {})
    assert (situation.state, situation.detail) == (State.PAUSED, "no space is left for its disk")
    assert after(situation, "RESUME", {}) == RUNNING


def test_a_reboot_is_over_once_it_is_told() -> None:
    assert after(RUNNING, "RESET", {"guest": True}).settled.end is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("running", State.RUNNING),
        ("prelaunch", State.PAUSED),
        ("paused", State.PAUSED),
        ("io-error", State.PAUSED),
        ("shutdown", State.SHUTDOWN),
        ("guest-panicked", State.CRASHED),
        ("internal-error", State.CRASHED),
        ("what-comes-next", State.PAUSED),
    ],
)
def test_a_status_is_a_state(status: str, state: State) -> None:
    assert of_status(status, EndReason.POWEROFF).state is state


def test_the_last_words_are_text_without_traces(tmp_path: Path) -> None:
    log = tmp_path / "qemu.log"
    log.write_bytes(
        b"VNC server running on 127.0.0.1:5900\nqemu-system-x86_64: -x: no \x1b[31mred\xff\nrunstate_set 1\n"
    )
    assert last_words(log) == "-x: no \\x1b[31mred\ufffd"
    assert last_words(tmp_path / "none") == ""


def test_the_last_words_are_few(tmp_path: Path) -> None:
    log = tmp_path / "qemu.log"
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert last_words(log) == "line 99995; line 99996; line 99997; line 99998; line 99999"


def test_the_end_is_read_from_the_log_of_the_last_run(tmp_path: Path) -> None:
    log = tmp_path / "qemu.log"
    ran = "runstate_set current_run_state 6 (prelaunch) new_state 9 (running)\n"
    off = "qemu_system_shutdown_request reason=6\nrunstate_set current_run_state 9 (running) new_state 11 (shutdown)\n"
    log.write_text(ran + off)
    assert end_in(log, in_place=False) is EndReason.POWEROFF
    log.write_text(ran + off + ran + off.split("\n", 1)[1])
    assert end_in(log, in_place=False) is EndReason.REBOOT
    assert end_in(log, in_place=True) is EndReason.POWEROFF
