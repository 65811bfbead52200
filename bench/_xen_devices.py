"""Runs inside a Xen host: disks and cards of a guest that runs, by xend's API and by xl, in turn. Prints JSON: seconds
by figure and by who.

    python _xen_devices.py ROUNDS

xend must run. xl has Xen's own scripts, `block` and `vif-bridge`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xenia.client.http import Client

FOLDER = "/var/lib/xen/lab"
FILE = Path("/etc/xen/devices.cfg")
TEXT = f"""\
name = "devices"
type = "pvh"
memory = 160
kernel = "{FOLDER}/vmlinux"
ramdisk = "{FOLDER}/ramdisk"
extra = "console=hvc0 quiet xenia.guest=devices"
"""
IMAGE = "/root/more.img"
MAC = "00:16:3e:00:00:78"

client = Client()


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def asked(path: str, body: dict[str, Any]) -> None:
    job = client.post(f"{path}?wait=120", body, seconds=150)["job"]
    if job["state"] != "done":
        raise SystemExit(f"{path}: {job}")


def xl(*words: str) -> None:
    subprocess.run(["xl", *words], check=True, capture_output=True)


def until_taken(domid: str, device: str) -> None:
    """Else the guest lets go of it late, or is not asked at all."""
    words = ["xenstore-read", f"/local/domain/{domid}/device/{device}/state"]
    while subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() != "4":
        time.sleep(0.05)


def measure(domid: str) -> Iterator[tuple[str, str, float]]:
    """(figure, who, seconds), with each device plugged in and unplugged by each."""
    disk, path = f"file:{IMAGE},xvdb,w", "/domains/devices"
    yield "block-attach", "xend", timed(lambda: asked(f"{path}/block-attach", {"spec": disk, "scope": "live"}))
    until_taken(domid, "vbd/51728")
    yield "block-detach", "xend", timed(lambda: asked(f"{path}/block-detach", {"device": "xvdb", "scope": "live"}))
    yield "block-attach", "xl", timed(lambda: xl("block-attach", domid, f"vdev=xvdb,access=rw,target={IMAGE}"))
    until_taken(domid, "vbd/51728")
    yield "block-detach", "xl", timed(lambda: xl("block-detach", domid, "xvdb"))
    yield "network-attach", "xend", timed(lambda: asked(f"{path}/network-attach", {"scope": "live"}))
    until_taken(domid, "vif/0")
    yield "network-detach", "xend", timed(lambda: asked(f"{path}/network-detach", {"card": "0", "scope": "live"}))
    yield "network-attach", "xl", timed(lambda: xl("network-attach", domid, f"mac={MAC}", "bridge=xenbr0"))
    until_taken(domid, "vif/0")
    yield "network-detach", "xl", timed(lambda: xl("network-detach", domid, "0"))


def main(rounds: int) -> None:
    """The first round is not counted."""
    FILE.write_text(TEXT)
    with open(IMAGE, "wb") as image:
        image.truncate(8 << 20)
    asked("/domains", {"text": TEXT, "file": str(FILE)})
    domid = str(client.get("/domains/devices")["domain"]["domid"])
    time.sleep(30)  # it is to be up, and to be quiet
    figures: dict[str, dict[str, list[float]]] = {}
    for number in range(rounds + 1):
        for figure, who, seconds in measure(domid):
            if number:
                figures.setdefault(figure, {}).setdefault(who, []).append(seconds)
    print(json.dumps(figures))


main(int(sys.argv[1]))
