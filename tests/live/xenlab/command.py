"""scripts/xen-lab: Xen hosts by hand."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.live.xenlab import cache
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.line import Line
from tests.live.xenlab.words import LabError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


def build() -> int:
    """Make the image and the snapshot, unless they are there."""
    with cache.snapshot_in_use() as (image, snapshot):
        print(image.folder)
        print(snapshot.folder)
    return 0


def up(name: str) -> int:
    """Start a host that runs until `down`, with xm and xend as they are in this checkout now."""
    if name in _running():
        raise LabError(f"{name} runs already: scripts/xen-lab down {name}")
    folder = _folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    host = XenHost(folder=folder, detached=True)
    found = {"pid": host.pid, "agent": host.line.port, "ssh": host.ssh_port}
    (folder / "host.json").write_text(json.dumps(found))
    print(f"{name} is up; its console: {folder}/console.log")
    return 0


def shell(name: str) -> int:
    """Be a shell in dom0, until its end."""
    found = _found(name)
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    key = str(_folder(name) / "id_ed25519")
    return subprocess.call(["ssh", *options, "-i", key, "-p", str(found["ssh"]), "root@127.0.0.1"])


def run(name: str, command: list[str]) -> int:
    """Run a program in dom0 with this one's input; its exit code."""
    content = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    request = {"run": command, "env": {}, "folder": "/root", "timeout": 3600}
    code, out, err = Line(_found(name)["agent"]).ask(request, content, seconds=3700)
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    return code


def down(name: str) -> int:
    """End a host; its disk goes with it."""
    os.kill(_found(name)["pid"], signal.SIGKILL)
    shutil.rmtree(_folder(name))
    return 0


def _folder(name: str) -> Path:
    return _top() / name


def _top() -> Path:
    return Path(f"/tmp/xenlab.{os.geteuid()}")


def _found(name: str) -> dict[str, int]:
    running = _running()
    if name not in running:
        others = f"; what runs: {', '.join(running)}" if running else ""
        raise LabError(f"no host {name!r} runs{others}: scripts/xen-lab up {name}")
    return running[name]


def _running() -> dict[str, dict[str, int]]:
    """The hosts that were started by `up` and have not ended since."""
    running = {}
    for path in sorted(_top().glob("*/host.json")):
        found = json.loads(path.read_text())
        with suppress(OSError):
            if str(path.parent).encode() in Path(f"/proc/{found['pid']}/cmdline").read_bytes():
                running[path.parent.name] = found
    return running


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"not a name for a host: {text!r}; use a to z, 0 to 9 and -")
    return text


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/xen-lab", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("build", help=build.__doc__)
    for each in (up, shell, run, down):
        command = commands.add_parser(each.__name__, help=each.__doc__)
        command.add_argument("name", nargs="?", default="xen", type=_name, metavar="NAME", help="default: xen")
    words = sys.argv[1:]
    program: list[str] = []
    if "--" in words:
        words, program = words[: words.index("--")], words[words.index("--") + 1 :]
    arguments = parser.parse_args(words)
    if (arguments.command == "run") != bool(program):
        parser.error("a program is run by: scripts/xen-lab run [NAME] -- PROGRAM [ARGUMENT...]")
    try:
        if arguments.command == "build":
            return build()
        if arguments.command == "run":
            return run(arguments.name, program)
        return {"up": up, "shell": shell, "down": down}[arguments.command](arguments.name)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
