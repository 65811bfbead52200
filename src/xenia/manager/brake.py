"""The brake on restart loops: a guest that ends again and again is started again later each time, then not at all."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.settings.settings import DEFAULT_RESTART_DELAY, DEFAULT_RESTART_LIMIT, DEFAULT_RESTART_WINDOW

_LONGEST = 60.0
"""Seconds: the most that one restart is waited for."""


@dataclass(frozen=True, slots=True)
class Brake:
    """A domain is started over by itself at most `limit` times within `window` seconds: by on_poweroff, on_reboot or
    on_crash, or by itself in place. The first time that happens at once, the next time after `delay` seconds, then
    after twice as long each time, one minute at most. A reboot never waits.
    """

    limit: int = DEFAULT_RESTART_LIMIT
    window: int = DEFAULT_RESTART_WINDOW
    delay: int = DEFAULT_RESTART_DELAY

    def lately(self, restarts: tuple[float, ...], now: float) -> tuple[float, ...]:
        """Those of the times of `restarts` that count still."""
        return tuple(at for at in restarts if now - self.window < at <= now)

    def refuses(self, lately: tuple[float, ...]) -> bool:
        """Whether there were as many as there may be."""
        return len(lately) >= self.limit

    def wait(self, lately: tuple[float, ...]) -> float:
        """How many seconds to wait before the next one."""
        return min(self.delay * 2.0 ** (len(lately) - 1), _LONGEST) if lately else 0.0

    @property
    def refusal(self) -> str:
        """Why there is no next one."""
        times = "once" if self.limit == 1 else f"{self.limit} times"
        return f"not started again: it was started over {times} within {self.window} s (restart_limit in xend.toml)"
