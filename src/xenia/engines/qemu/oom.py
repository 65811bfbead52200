"""Whether the host's kernel has killed processes for want of memory."""

from __future__ import annotations

from pathlib import Path

SAID = "the host ran out of memory, and its kernel killed it (dmesg says more)"

_KILLED = "SIGKILL"
_COUNTER = "oom_kill "


class OutOfMemory:
    """The kernel counts whom it kills, but not whom: a process that has died of SIGKILL while the count rose was one of
    them (proc(5), /proc/vmstat, oom_kill).
    """

    def __init__(self, vmstat: Path = Path("/proc/vmstat")) -> None:
        self._vmstat = vmstat
        self._known = self._count()

    def has_killed(self, how: str) -> bool:
        """Whether a process that has ended in this way (`Process.exit`) was killed by the kernel."""
        before, self._known = self._known, self._count()
        return self._known > before and _KILLED in how

    def _count(self) -> int:
        try:
            lines = self._vmstat.read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.removeprefix(_COUNTER)) for line in lines if line.startswith(_COUNTER)), 0)
