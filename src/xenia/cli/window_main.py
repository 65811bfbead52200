"""The process behind a window: it starts the viewer, and is the way to the guest for as long as that is open."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from xenia.cli.command import Context
from xenia.cli.tunnel import Tunnel
from xenia.cli.vnc_client import words_for
from xenia.cli.window import REPORT
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

_LONGEST = 500


class _Report:
    """What xm waits for, said once: `shown`, or what went wrong."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor: int | None = descriptor

    def say(self, text: str) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, text.encode(errors="replace"))
        except BrokenPipeError:
            pass
        finally:
            os.close(self._descriptor)
            self._descriptor = None


def main(words: Sequence[str]) -> None:
    """`words`: root and host of xend, the UUID, the viewer and how it is told where."""
    root, host, uuid, program, where = words
    report = _Report(REPORT)
    try:
        with (
            tempfile.TemporaryFile() as said,
            Tunnel(Context(root, host=host).client, uuid) as tunnel,
            _viewer(words_for(program, where, tunnel.place), said) as viewer,
        ):
            os.chdir("/")  # the folder in which xm was called may be unmounted
            tunnel.serve(viewer, connected=lambda: report.say("shown"), closes=True)
            said.seek(max(0, said.tell() - _LONGEST))
            last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
            report.say(f"{program} has ended" + (f": {last}" if last else ""))
    except ClientError as error:
        report.say(error.message)


def _viewer(command: list[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    except OSError as error:
        raise ClientError(f"cannot start {command[0]}: {error.strerror}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
