"""The files of a running domain: sockets, pipes and lease in its run folder, its logs; and what they say when it has
gone wrong.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from xenia.engines.base import ConsoleKind
from xenia.engines.qemu import agent, background_pipe, cgroup
from xenia.engines.qemu.launch import RUNSTATE_TRACE, SHUTDOWN_TRACE
from xenia.engines.qemu.lease import lease_of
from xenia.engines.qemu.serial import ConsoleEnds, input_of
from xenia.lib.logs import older
from xenia.lib.sockets import address_of
from xenia.lib.text import printable
from xenia.model.domain import EndReason

_BACKLOG = 8
_TAIL = 8192
_LINES = 5
_VNC_RUNS = "VNC server running on"


def monitor_of(folder: Path) -> Path:
    """The socket of the monitor in a domain's run folder."""
    return folder / "monitor.sock"


def console_log_of(log_dir: Path, name: str, kind: ConsoleKind) -> Path:
    """Where QEMU writes what a guest says on a console; a file opened for appending, so that it may be truncated at any
    time.
    """
    return log_dir / f"console-{_file_name(name)}-{kind.value}.log"


def _console_logs(log_dir: Path, name: str) -> Iterator[Path]:
    """Each, and what was cut from it."""
    for kind in ConsoleKind:
        path = console_log_of(log_dir, name, kind)
        yield from (path, older(path))


def qemu_log_of(log_dir: Path, name: str) -> Path:
    """What the QEMU of domain `name` itself says; begun anew with each start."""
    return log_dir / f"qemu-{_file_name(name)}.log"


def move_logs(log: Path, name: str) -> Path:
    """Call the logs of a guest, among them `log`, what QEMU itself says, by its new `name`; QEMU has them open and
    writes on. The new path of `log`. Raises OSError.
    """
    before, after = log.name.removeprefix("qemu-").removesuffix(".log"), _file_name(name)
    moved = log.with_name(f"qemu-{after}.log")
    consoles = zip(_console_logs(log.parent, before), _console_logs(log.parent, after), strict=True)
    for old, new in ((log, moved), *consoles):
        with contextlib.suppress(FileNotFoundError):
            old.replace(new)
    return moved


def remove_logs(log_dir: Path, name: str) -> None:
    """Remove the logs of a domain. Raises OSError."""
    for path in (qemu_log_of(log_dir, name), *_console_logs(log_dir, name)):
        path.unlink(missing_ok=True)


def listen_at(path: Path) -> socket.socket:
    """A listening stream socket that only xend's own user may connect to. Raises OSError."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before bind: the file is made with this mode (unix(7))
        with address_of(path) as address:
            listener.bind(address)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def open_log(path: Path, held: ExitStack, *, anew: bool) -> int:
    """A descriptor for appending to a log that only xend's own user can read. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags | (os.O_TRUNC if anew else 0), 0o600)
    held.callback(os.close, descriptor)
    return descriptor


def open_console(folder: Path, log_dir: Path, name: str, kind: ConsoleKind, held: ExitStack) -> ConsoleEnds:
    """Log and pipe of one console. Raises OSError."""
    path = input_of(folder, kind)
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    ends = []
    for access in (os.O_RDONLY, os.O_RDWR):
        ends.append(os.open(path, access | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW))
        held.callback(os.close, ends[-1])
    return ConsoleEnds(open_log(console_log_of(log_dir, name, kind), held, anew=False), *ends)


def move(old: Path, new: Path) -> None:
    """Move what a start has put into a run folder to another one; the lease, by which a guest is found again, last.
    Raises OSError.
    """
    new.mkdir(mode=0o711, parents=True, exist_ok=True)
    for path in (*_doors(old), lease_of(old)):
        with contextlib.suppress(FileNotFoundError):
            path.rename(new / path.name)


def remove(folder: Path) -> None:
    """Remove what a start has put into the run folder, and the folder when nothing else is in it."""
    for path in (*_doors(folder), lease_of(folder)):
        path.unlink(missing_ok=True)
    cgroup.leave(folder)
    with contextlib.suppress(OSError):  # the as-started configuration of the domain is in it, or it is gone
        folder.rmdir()


def _doors(folder: Path) -> tuple[Path, ...]:
    consoles = (input_of(folder, kind) for kind in ConsoleKind)
    return (monitor_of(folder), agent.socket_of(folder), background_pipe.pipe_of(folder), *consoles)


def last_words(log: Path) -> str:
    """The last lines that QEMU has said, as one; without its traces, and without anything that is no text."""
    lines = [line for line in _tail(log).splitlines() if line.strip() and not _is_trace(line)]
    said = "; ".join(line.split(": ", 1)[-1] if line.startswith("qemu-system") else line for line in lines[-_LINES:])
    return printable(said)


def end_in(log: Path, *, in_place: bool) -> EndReason:
    """Why a guest has shut down while nobody listened: a power-off is traced in QEMU's log, a reset is not."""
    if in_place:
        return EndReason.POWEROFF  # QEMU resets such a guest in place
    since_it_ran = _tail(log).rpartition("(running)\n")[2]
    return EndReason.POWEROFF if SHUTDOWN_TRACE in since_it_ran else EndReason.REBOOT


def _is_trace(line: str) -> bool:
    return line.startswith((RUNSTATE_TRACE, SHUTDOWN_TRACE, _VNC_RUNS))


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _file_name(name: str) -> str:
    return name.replace("/", "_").replace("\0", "_")
