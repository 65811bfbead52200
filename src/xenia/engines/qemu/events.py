"""What QEMU's events mean for a domain: a pure step from one situation to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from xenia.model.domain import EndReason, State

_STATES = {
    "running": State.RUNNING,
    "suspended": State.RUNNING,
    "shutdown": State.SHUTDOWN,
    "guest-panicked": State.CRASHED,
    "internal-error": State.CRASHED,
}
"""QEMU's run states (qapi/run-state.json, RunState) as ours; all others are ways of being paused."""

ENDED = frozenset({State.SHUTDOWN, State.CRASHED})


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a guest is. `end` of a guest that runs says that it has just started over."""

    state: State
    end: EndReason | None = None
    detail: str = ""

    @property
    def settled(self) -> Situation:
        """The same once it has been told: a reboot is over."""
        return self if self.state in ENDED else replace(self, end=None)


def of_status(status: str, end: EndReason) -> Situation:
    """The situation that query-status tells; `end` is the reason where a guest has shut down, which the status alone
    does not say.
    """
    state = _STATES.get(status, State.PAUSED)
    if state is State.SHUTDOWN:
        return Situation(state, end)
    if state is State.CRASHED:
        return Situation(state, EndReason.CRASH, "QEMU stopped it" if status == "internal-error" else _PANIC)
    return Situation(state)


def after(situation: Situation, event: str, data: Mapping[str, Any]) -> Situation:
    """The situation after `event` (qapi/run-state.json, qapi/block-core.json); the same where it changes nothing."""
    match event:
        case "RESUME":
            return Situation(State.RUNNING)
        case "STOP" if situation.state not in ENDED:
            return Situation(State.PAUSED, detail=situation.detail)
        case "SHUTDOWN":
            return _shutdown(situation, str(data.get("reason")))
        case "RESET" if data.get("guest"):
            return Situation(State.RUNNING, EndReason.REBOOT, "the guest started over")
        case "GUEST_PANICKED":
            return Situation(State.CRASHED, EndReason.CRASH, _panic(data.get("info")))
        case "GUEST_CRASHLOADED":
            return replace(situation, end=EndReason.CRASH, detail=_CRASH_KERNEL)
        case "BLOCK_IO_ERROR" if data.get("action") == "stop":
            why = "no space is left for its disk" if data.get("nospace") else f"its disk failed: {data.get('reason')}"
            return replace(situation, detail=why)
    return situation


_PANIC = "the guest's kernel panicked"
_CRASH_KERNEL = "the guest's kernel panicked; its crash kernel saves what it wants to, and starts over by itself"


def _panic(info: object) -> str:
    """With what a Windows tells that takes QEMU for Hyper-V: the code and the four parameters of the bug check
    (qapi/run-state.json).
    """
    if not isinstance(info, Mapping) or info.get("type") != "hyper-v":
        return _PANIC
    code, *parameters = (f"{int(info.get(f'arg{number}', 0)):#x}" for number in range(1, 6))
    return f"{_PANIC}: bug check {code} ({', '.join(parameters)})"


def _shutdown(situation: Situation, reason: str) -> Situation:
    """A reason of the host's (quit, signal) is the end of the process, which the process itself tells."""
    if reason == "guest-shutdown":
        return Situation(State.SHUTDOWN, EndReason.POWEROFF, "the guest powered itself off")
    if reason == "guest-reset":
        return Situation(State.SHUTDOWN, EndReason.REBOOT, "the guest asked for a reboot")
    return situation
