"""QEMU's events as steps from one situation to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.engines.qemu.ends import end_in, last_words
from xenia.engines.qemu.events import Situation, after, of_status
from xenia.engines.qemu.oom import OutOfMemory
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
        (
            "GUEST_PANICKED",
            {"action": "pause", "info": {"type": "s390", "psw-mask": 1}},
            State.CRASHED,
            EndReason.CRASH,
        ),
        ("GUEST_CRASHLOADED", {"action": "run"}, State.RUNNING, EndReason.CRASH),
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


def test_a_windows_tells_its_bug_check() -> None:
    info = {"type": "hyper-v", "arg1": 0x7E, "arg2": 2**64 - 1, "arg3": 0, "arg4": 16, "arg5": 3}
    assert after(RUNNING, "GUEST_PANICKED", {"info": info}).detail == (
        "the guest's kernel panicked: bug check 0x7e (0xffffffffffffffff, 0x0, 0x10, 0x3)"
    )


def test_a_crash_kernel_at_work_is_told_once_and_its_guest_runs() -> None:
    situation = after(RUNNING, "GUEST_CRASHLOADED", {"action": "run"})
    assert "crash kernel" in situation.detail
    assert (situation.settled.state, situation.settled.end) == (State.RUNNING, None)


def test_the_kernel_that_kills_for_want_of_memory_is_told_from_others_who_kill(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"

    def count(number: int) -> None:
        vmstat.write_text(f"nr_free_pages 7\noom_kill {number}\n")

    count(3)
    memory = OutOfMemory(vmstat)
    assert not memory.has_killed("signal SIGKILL")
    count(4)
    assert not memory.has_killed("signal SIGSEGV")
    assert not memory.has_killed("signal SIGKILL"), "that one was counted already"
    count(5)
    assert memory.has_killed("signal SIGKILL")
    vmstat.unlink()
    assert not memory.has_killed("signal SIGKILL")
