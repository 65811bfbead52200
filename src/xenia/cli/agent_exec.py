"""xm agent exec: a command in a guest, with its input, its output and its exit code."""

from __future__ import annotations

import binascii
import sys

from xenia.cli.errors import say
from xenia.client.errors import EXIT_INTERRUPTED, ClientError
from xenia.lib.text import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, BinaryIO, TextIO

    from xenia.cli.command import Context

STDIN_LIMIT = 512 << 10
"""Bytes that a command gets to read."""

_WAIT = 30
_SLACK = 20


def run(context: Context, path: str, options: Namespace) -> int:
    """Start the command, wait for its end, pass on what it said; its exit code, or 128 and the signal that ended it."""
    body = {"command": options.words, "stdin": binascii.b2a_base64(_stdin(options), newline=False).decode()}
    pid = context.client.post(path, body, seconds=_SLACK)["pid"]
    try:
        told = _ended(context, f"{path}/{pid}")
    except KeyboardInterrupt:
        say(f"no longer waiting; the command runs on in the guest, as its process {pid}")
        return EXIT_INTERRUPTED
    if options.output == "json":
        from xenia.cli.output import print_data

        print_data({**told, "pid": pid}, options.output)
    else:
        _pass_on(told["stdout"], sys.stdout)
        _pass_on(told["stderr"], sys.stderr)
    if told["truncated"]:
        say("it said more than its agent keeps: the rest is lost")
    return _code(told)


def _stdin(options: Namespace) -> bytes:
    if not options.stdin or sys.stdin is None:
        return b""
    data: bytes = sys.stdin.buffer.read(STDIN_LIMIT + 1)
    if len(data) > STDIN_LIMIT:
        raise ClientError(
            f"a command in a guest gets at most {STDIN_LIMIT >> 10} KiB to read",
            kind="invalid",
            hint="bring larger data into the guest by its network or on a disk",
        )
    return data


def _ended(context: Context, path: str) -> dict[str, Any]:
    while True:
        told: dict[str, Any] = context.client.get(f"{path}?wait={_WAIT}", seconds=_WAIT + _SLACK)["execution"]
        if told["exited"]:
            return told


def _pass_on(content: str, stream: TextIO | None) -> None:
    """Bytes as they are; what goes to a terminal is made fit for it, line by line: it is a guest's."""
    if stream is None or not content:
        return
    data = binascii.a2b_base64(content)
    if stream.isatty():
        stream.write(_fit(decode(data)))
    else:
        stream.flush()
        binary: BinaryIO = stream.buffer
        binary.write(data)
    stream.flush()


def _fit(text: str) -> str:
    r"""`text` without what acts on a terminal; line ends and tabs stay."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text.replace("\r\n", "\n")
    )


def _code(told: dict[str, Any]) -> int:
    """An exit code has eight bits; Windows has more of them, and a failure is to stay one."""
    if told["signal"] is not None:
        return 128 + min(max(int(told["signal"]), 1), 127)
    code = int(told["exit_code"] or 0)
    return code if 0 <= code < 256 else code & 0xFF or 1
