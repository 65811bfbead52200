"""What xm top costs with 50 guests: its own CPU time, that of xend and that of the QEMUs that answer."""

from __future__ import annotations

import argparse
import os
import pty
import subprocess
import threading
import time
from pathlib import Path

from _table import Row, main
from _xend import BIN, create, small_guest, xend

MANY = 50
_SECONDS = 30.0


def bench(options: argparse.Namespace) -> list[Row]:
    del options
    with xend() as (client, root, pid):
        for number in range(MANY):
            create(client, small_guest(number, root), paused=True)
        qemus = [each for each in _processes() if _log_of(each).startswith(str(root))]
        assert len(qemus) == MANY
        processes = [pid], qemus
        idle = [_used(each) for each in processes]
        time.sleep(_SECONDS)
        before = [_used(each) for each in processes]
        own = _top(root)
        after = [_used(each) for each in processes]
    # What they use without anybody looking is not top's.
    extra = [now - 2 * then + still for still, then, now in zip(idle, before, after, strict=True)]
    shares = [100 * each / _SECONDS for each in extra]
    whole = 100 * own / _SECONDS + sum(shares)
    return [
        Row(f"xm top, {MANY} guests, of a core", "%", whole, goal="under 2 %", ok=whole < 2),
        Row("of that xm itself", "%", 100 * own / _SECONDS),
        Row("of that xend", "%", shares[0]),
        Row("of that the QEMUs", "%", shares[1]),
    ]


def _top(root: Path) -> float:
    """CPU seconds of an xm top, its start among them, on a terminal of 200 columns."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"XENIA_ROOT": str(root), "TERM": "xterm", "COLUMNS": "200", "LINES": "60"}
    process = subprocess.Popen([BIN / "xm", "top"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = threading.Thread(target=_drain, args=(ours,), daemon=True)
    shown.start()
    time.sleep(_SECONDS)
    seconds = _used([process.pid])
    os.write(ours, b"q")
    assert process.wait(10) == 0
    os.close(ours)
    return seconds


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 1 << 16):
            pass
    except OSError:
        return


def _processes() -> list[int]:
    return [int(process.name) for process in Path("/proc").glob("[0-9]*")]


def _log_of(pid: int) -> str:
    """Where its standard error goes: of a QEMU, to a file below the root."""
    try:
        path = str(Path(f"/proc/{pid}/fd/2").readlink())
        return path if "qemu" in Path(f"/proc/{pid}/comm").read_text() else ""
    except OSError:
        return ""


def _used(pids: list[int]) -> float:
    """CPU seconds of all threads so far."""
    return sum(
        int((task / "schedstat").read_text().split()[0]) / 1e9
        for pid in pids
        for task in Path(f"/proc/{pid}/task").iterdir()
    )


if __name__ == "__main__":
    main(bench, __doc__ or "")
