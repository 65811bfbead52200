"""What runs in a Debian guest as root, whose kernel has a device mapper: xend and xm with volumes of LVM. Ends with 0
when all of it is as it should be.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from tests.support.live import LiveHost, Said, live_host, until

from xenia.cli.main import main

MIB = 1 << 20
SETTINGS = 'accelerator = "tcg"\nvolume_groups = ["vg0"]\n'
GUEST = """\
builder = 'hvm'
name = 'web'
memory = 16
disk = [ 'phy:/dev/vg0/copy,xvda,w' ]
"""


class Host(LiveHost):
    """xm is run in this process: emulation takes long to start one, and longer to start xend."""

    def start(self) -> float:
        begun = time.monotonic()
        self.launch()
        until(self._answers, "xend answers", 300, every=0.2)
        return time.monotonic() - begun

    def _answers(self) -> bool:
        assert self.xend is not None
        assert self.xend.poll() is None, self.log
        with socket.socket(socket.AF_UNIX) as asked:
            return asked.connect_ex(str(self.root / "run/xenia/xend.sock")) == 0

    def xm(self, *words: str, **_: Any) -> Said:
        out, err = StringIO(), StringIO()
        begun = time.monotonic()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(list(words))
        said = Said(code, out.getvalue(), err.getvalue())
        print(f"{time.monotonic() - begun:5.1f} xm {' '.join(words)}: {code}", flush=True)
        assert "Traceback" not in said.err, said.err
        return said

    def refuses(self, code: int, text: str, *words: str) -> None:
        said = self.xm(*words)
        assert said.code == code, said
        assert text in said.err, said


def lvm(words: str) -> str:
    return subprocess.run(words.split(), check=True, capture_output=True, text=True).stdout.strip()


def volumes() -> list[str]:
    return lvm("lvs --noheadings --options lv_name --sort lv_name vg0").split()


def read(path: str, begin: int = 0, size: int = -1) -> bytes:
    with open(path, "rb") as file:
        file.seek(begin)
        return file.read(size)


def write(path: str, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.write(content)
        os.fsync(file.fileno())


@contextmanager
def exported(host: LiveHost, *words: str) -> Iterator[str]:
    """A disk of a guest that runs, as QEMU sees it: where it is offered."""
    command = host.command("block-export", *words)
    with subprocess.Popen(command, env=host.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)


def prepare() -> None:
    lvm("vgcreate --quiet vg0 /dev/vdc")
    lvm("vgcreate --quiet theirs /dev/vdd")
    lvm("lvcreate --quiet --yes --size 8m --name data theirs")
    lvm("lvcreate --quiet --yes --type thin-pool --size 200m --name pool0 vg0")
    lvm("lvcreate --quiet --yes --size 64m --name old vg0")
    with open("/dev/vg0/old", "r+b") as file:
        for _ in range(64):
            file.write(b"secret.." * (MIB // 8))
    lvm("lvremove --quiet --yes vg0/old")


def thick(host: Host) -> None:
    """A thick volume has all its space, and nothing of what was there; also in what it gets later."""
    said = host.ok("disk", "create", "/dev/vg0/web", "30")
    assert said.startswith("/dev/vg0/web: raw, 32 MiB, takes 32 MiB now"), said
    assert read("/dev/vg0/web") == bytes(32 * MIB)
    host.ok("disk", "partition", "--table", "gpt", "--add", "rest", "/dev/mapper/vg0-web")
    assert "partitions GPT" in host.ok("disk", "info", "/dev/vg0/web")
    write("/dev/vg0/web", b"mine")
    host.ok("disk", "resize", "/dev/vg0/web", "64")
    assert read("/dev/vg0/web", 0, 4) == b"mine"
    assert read("/dev/vg0/web", 32 * MIB) == bytes(32 * MIB)
    host.refuses(1, "not made smaller", "disk", "resize", "/dev/vg0/web", "8")
    assert volumes() == ["pool0", "web"]


def refused(host: Host) -> None:
    host.refuses(4, "works on no other", "disk", "create", "/dev/theirs/web", "8")
    host.refuses(4, "works on no other", "disk", "create", "/dev/none/web", "8")
    host.refuses(4, "works on no other", "disk", "delete", "/dev/theirs/data")
    host.refuses(1, "LVM's own", "disk", "create", "/dev/vg0/snapshot1", "8")
    host.refuses(5, "there is a volume", "disk", "create", "/dev/vg0/web", "8")
    host.refuses(1, "MiB free", "disk", "create", "/dev/vg0/huge", "10t")
    host.refuses(3, "no thin pool", "disk", "create", "--thin", "none", "/dev/vg0/x", "8")
    host.refuses(1, "is a thin pool", "disk", "info", "/dev/vg0/pool0")
    host.refuses(1, "in /dev", "disk", "create", "/dev/x.img", "8")
    host.refuses(1, "only be copied", "disk", "clone", "/dev/vg0/web", "/dev/vg0/x")
    assert volumes() == ["pool0", "web"]


def thin(host: Host) -> None:
    """A thin volume takes what is written; what begins as it stands alone."""
    said = host.xm("disk", "create", "--thin", "pool0", "/dev/vg0/base", "1g")
    assert "have 1024 MiB together, and it has 200 MiB" in said.err, said
    write("/dev/vg0/base", b"base" * MIB)
    host.ok("disk", "clone", "/dev/vg0/base", "/dev/vg0/copy")
    write("/dev/vg0/copy", b"copy")
    assert (read("/dev/vg0/base", 0, 4), read("/dev/vg0/copy", 0, 8)) == (b"base", b"copybase")
    told = json.loads(host.ok("disk", "list", "-o", "json"))
    shown = {each["path"]: each for each in told["images"]}
    assert {path: each["volume"]["kind"] for path, each in shown.items()} == {
        **{"/dev/vg0/base": "thin", "/dev/vg0/copy": "thin", "/dev/vg0/web": "thick"}
    }
    assert 3 * MIB < shown["/dev/vg0/copy"]["allocated"] < 6 * MIB, shown
    (group,) = told["groups"]
    assert (group["name"], group["pools"][0]["promised"]) == ("vg0", 2 << 30)
    assert "origin of  /dev/vg0/copy" in host.ok("disk", "info", "/dev/vg0/base")
    host.ok("disk", "delete", "/dev/vg0/base")
    assert read("/dev/vg0/copy", 0, 8) == b"copybase"


def copied(host: Host) -> None:
    """From a file to a volume, and back."""
    host.ok("disk", "create", "plain.img", "6")
    write(str(host.images / "plain.img"), b"plain" * 1000)
    plain = (host.images / "plain.img").read_bytes()
    host.ok("disk", "convert", "--thin", "pool0", "plain.img", "/dev/vg0/converted")
    assert read("/dev/vg0/converted") == plain.ljust(8 * MIB, b"\0")
    host.ok("disk", "clone", "--full", "/dev/vg0/converted", "/dev/vg0/thick")
    assert read("/dev/vg0/thick") == plain.ljust(8 * MIB, b"\0")
    host.ok("disk", "convert", "/dev/vg0/thick", "back.qcow2")
    lvm(f"qemu-img convert -O raw {host.images}/back.qcow2 {host.images}/back.img")
    assert (host.images / "back.img").read_bytes() == plain.ljust(8 * MIB, b"\0")
    host.refuses(1, "volume", "disk", "convert", "-f", "qcow2", "plain.img", "/dev/vg0/no")
    for name in ("converted", "thick"):
        host.ok("disk", "delete", f"/dev/vg0/{name}")
    assert volumes() == ["copy", "pool0", "web"]


def used(host: Host) -> None:
    """By a guest that runs: it grows under it, has snapshots, and is not removed."""
    host.file("web", GUEST)
    host.ok("create", "-q", "web")
    host.refuses(5, "which runs", "disk", "delete", "/dev/vg0/copy")
    host.refuses(5, "written to", "disk", "clone", "/dev/vg0/copy", "/dev/vg0/other")
    said = host.xm("disk", "resize", "/dev/vg0/copy", "1100")
    assert said.code == 0, said
    assert "anew" not in said.err, said
    with exported(host, "web", "xvda") as where:
        seen = json.loads(lvm(f"qemu-img info --output=json {where}"))["virtual-size"]
    assert seen == 1100 * MIB
    host.ok("snapshot", "create", "web", "one")
    (overlay,) = host.images.glob("copy.*.qcow2")
    assert "/dev/vg0/copy" in host.ok("disk", "info", str(overlay))
    host.ok("destroy", "web")
    host.ok("snapshot", "delete", "web", "one")
    until(lambda: not list(host.images.glob("copy.*.qcow2")), "it is merged")
    host.refuses(5, "guest file", "disk", "delete", "/dev/vg0/copy")
    host.ok("disk", "delete", "--force", "/dev/vg0/copy")


def killed(host: Host) -> None:
    """What is not whole is gone with the next xend."""
    lvm("lvcreate --quiet --yes --size 8m --addtag xenia.making --name half vg0")
    command = host.command("disk", "create", "/dev/vg0/big", "600")
    with subprocess.Popen(command, env=host.environment, stderr=subprocess.DEVNULL):
        until(lambda: os.path.lexists("/dev/vg0/big"), "it is being made", every=0.001)
        host.stop(signal.SIGKILL)
    host.start()
    made = lvm("lvs --noheadings --options lv_name,lv_tags vg0")
    assert "xenia.making" not in made, made
    assert "half" not in made, made
    print("of the volume that was being made there is", "all" if "big" in made else "nothing", flush=True)


if __name__ == "__main__":
    prepare()
    with live_host(settings=SETTINGS) as made:
        host = Host(made.root)
        os.environ["XENIA_ROOT"] = str(host.root)
        try:
            print(f"xend: {host.start():.1f} s", flush=True)
            for what in (thick, refused, thin, copied, used, killed):
                begun = time.monotonic()
                what(host)
                print(what.__name__, f"{time.monotonic() - begun:.1f} s", flush=True)
        except BaseException:
            print(host.log[-4000:], file=sys.stderr)
            raise
        finally:
            host.close()
