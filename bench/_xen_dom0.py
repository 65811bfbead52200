"""Runs inside a Xen host: xend's API beside xl, guest by guest in turn. Prints JSON: seconds by figure and by who.

    python _xen_dom0.py ROUNDS

xend must run. Each guest is created and destroyed by both; the same file serves both. A list is asked for on a
connection that is open, as a page or a monitor holds it, and on one that is made for it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from xenia.client.http import Client

FOLDER = "/var/lib/xen/lab"
CARD = "vif = ['mac=00:16:3e:00:00:77,bridge=xenbr0']\n"
DISK = f"disk = ['format=raw,vdev={{}},access=rw,target={FOLDER}/{{}}']\n"
LINUX = f'kernel = "{FOLDER}/vmlinux"\nramdisk = "{FOLDER}/ramdisk"\nextra = "console=hvc0 quiet"\n'
KINDS = {
    "pv": f'type = "pv"\nmemory = 128\n{LINUX}{DISK.format("xvda", "disk.raw")}{CARD}',
    "pvh": f'type = "pvh"\nmemory = 160\n{LINUX}{DISK.format("xvda", "disk.raw")}{CARD}',
    "pv-with-a-card-alone": f'type = "pv"\nmemory = 128\n{LINUX}{CARD}',
    "hvm": f'type = "hvm"\nmemory = 32\nserial = "pty"\n{DISK.format("hda", "counting.img")}{CARD}',
}

LISTS = 5


class Connection(HTTPConnection):
    """To xend's socket, as often as it is asked."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(client.socket_path)

    def listed(self) -> None:
        self.request("GET", "/v1/domains")
        json.loads(self.getresponse().read())


client = Client()
Figures = dict[str, dict[str, list[float]]]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def xl(*words: str) -> None:
    subprocess.run(["xl", *words], check=True, capture_output=True)


def asked(path: str, body: dict[str, Any]) -> None:
    job = client.post(f"{path}?wait=120", body, seconds=150)["job"]
    if job["state"] != "done":
        raise SystemExit(f"{path}: {job}")


def measure(kind: str, file: Path) -> Iterator[tuple[str, str, float]]:
    """(figure, who, seconds), for one guest created and destroyed by each."""
    text = file.read_text()
    yield f"create {kind}", "xend", timed(lambda: asked("/domains", {"text": text, "file": str(file)}))
    asked(f"/domains/bench-{kind}/pause", {})  # a guest that boots would have the processor half of the time
    connection = Connection("localhost")
    connection.listed()
    for _ in range(LISTS):
        yield "list", "xend", timed(connection.listed)
        yield "list", "xl", timed(lambda: xl("list"))
        yield "list, connecting", "xend", timed(lambda: client.get("/domains"))
        yield "list, connecting", "xl", timed(lambda: xl("list"))
    connection.close()
    yield f"destroy {kind}", "xend", timed(lambda: asked(f"/domains/bench-{kind}/destroy", {}))
    yield f"create {kind}", "xl", timed(lambda: xl("create", str(file)))
    yield f"destroy {kind}", "xl", timed(lambda: xl("destroy", f"bench-{kind}"))


def main(rounds: int) -> None:
    """The first round is not counted."""
    figures: Figures = {}
    for number in range(rounds + 1):
        for kind, settings in KINDS.items():
            file = Path(f"/etc/xen/bench-{kind}.cfg")
            file.write_text(f'name = "bench-{kind}"\n{settings}')
            for figure, who, seconds in measure(kind, file):
                if number:
                    figures.setdefault(figure, {}).setdefault(who, []).append(seconds)
    print(json.dumps(figures))


main(int(sys.argv[1]))
