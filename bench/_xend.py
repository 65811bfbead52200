"""A xend of a bench's own, in a folder that goes with it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xenia.client.errors import ClientError
from xenia.client.http import Client

BIN = Path(sys.executable).parent


@contextmanager
def xend(*arguments: str, settings: str = "") -> Iterator[tuple[Client, Path, int]]:
    """A running xend with these settings: its client, its root and its process id. Its guests end with it, unless it
    has ended.
    """
    root = Path(tempfile.mkdtemp(prefix="xenia-bench-"))
    (root / "etc/xen").mkdir(parents=True)
    (root / "etc/xen/xend.toml").write_text(settings)
    with (root / "xend.out").open("wb") as output:
        process = subprocess.Popen(
            [BIN / "xend", "--root", root, *arguments], stdout=output, stderr=output, start_new_session=True
        )
    client = Client(str(root))
    try:
        _until_it_answers(client, process, root)
        yield client, root, process.pid
    finally:
        if process.poll() is None:
            with suppress(ClientError):
                destroy_all(client)
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(root)


def _until_it_answers(client: Client, process: subprocess.Popen[bytes], root: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/host")
            return
        except ClientError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((root / "xend.out").read_text()) from None
            time.sleep(0.02)


def small_guest(number: int, images: Path) -> str:
    """The guest file of `manyNUMBER`, with a disk and a card; its image is made in `images`."""
    image = images / f"ours{number}.img"
    image.write_bytes(bytes(1 << 20))
    return f"""
name = "many{number}"
builder = "hvm"
memory = 32
vif = [""]
vnc = 0
disk = ["file:{image},xvda,w"]
"""


def create(client: Client, text: str, **body: object) -> float:
    """Create a domain from `text`; seconds until it was answered."""
    begun = time.perf_counter()
    client.post("/domains?wait=60", {"text": text, **body}, seconds=90)
    return time.perf_counter() - begun


def destroy(client: Client, name: str) -> float:
    begun = time.perf_counter()
    client.post(f"/domains/{name}/destroy?wait=60", {}, seconds=90)
    return time.perf_counter() - begun


def names(client: Client) -> list[str]:
    return [domain["name"] for domain in client.get("/domains")["domains"] if domain["domid"]]


def destroy_all(client: Client) -> None:
    for name in names(client):
        destroy(client, name)


def resident_mib(pid: int) -> float:
    """What the process alone keeps in memory (Rss of smaps_rollup, proc(5)), in MiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} has no Rss line")
