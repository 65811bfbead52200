#!/usr/bin/python3 -SP
"""A person at a terminal, as an argument list: SECONDS TYPED AWAITED PROGRAM [ARGUMENT...].

Runs the program on a terminal, types a line, waits until what is shown there matches a regular expression, and leaves
with Ctrl-]. xm is a fork of this process, which is one of warm.py's and has imported it.
Says what was shown, and ends as the program does; with 125 where that does not come within so many seconds.
"""

import importlib
import os
import pty
import re
import select
import sys
import time


def main():
    seconds, typed, awaited, *program = sys.argv[1:]
    pid, terminal = pty.fork()
    if pid == 0:
        become(program)
    if typed:
        os.write(terminal, typed.encode() + b"\r")
    deadline = time.monotonic() + float(seconds)
    shown = b""
    while not re.search(awaited, shown.decode(errors="replace")):
        more = read(terminal, deadline)
        if not more:
            print(shown.decode(errors="replace"), file=sys.stderr)
            return 125
        shown += more
    print(shown.decode(errors="replace"))
    os.write(terminal, b"\x1d")
    while read(terminal, deadline):
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def read(terminal, deadline):
    """What is shown next; nothing at the end of the program, or of the time."""
    if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        return b""
    try:
        return os.read(terminal, 4096)
    except OSError:  # EIO: nobody has the other end any more
        return b""


def become(program):
    if program[0] != "xm":
        os.execvp(program[0], program)  # noqa: S606 (no shell)
    # Those of warm.py take this process's files for what was there when they were made.
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(each, mode) for each, mode in enumerate("rww"))
    sys.argv[:] = program
    sys.exit(importlib.import_module("xenia.cli.main").main())
