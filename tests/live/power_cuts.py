"""Power cuts: everything is killed at a random point of what is done to a domain, and all must be in order after it.

    scripts/power-cuts [--cuts N] [--seed N]

Each time a real QEMU has a disk of which it is known what was last written to it and flushed. While a save, a
snapshot, a way back, a deletion, a clone or a conversion is under way, xend, QEMU and all that they have started are
killed. A new xend comes up; then every image is sound, the domain starts, and its disk holds what it held: before what
was under way, or, of a way back, after it. What is left over is counted, and fails the run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from tests.support.live import LiveHost, live_host

MIB = 1 << 20
VERBS = ("save", "checkpoint", "suspend", "snapshot", "memory", "revert", "delete", "clone", "convert")


@dataclass
class Story:
    """What is known: `now` is what the disk holds, `perhaps` what it may hold instead, `snapshots` what each holds."""

    now: int = 0
    perhaps: int | None = None
    snapshots: dict[str, int] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=200, help="how often (200)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice, story = random.Random(options.seed), Story()  # noqa: S311 (the same again)
    with live_host() as host:
        image = host.images / "disk.qcow2"
        image.parent.mkdir(parents=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "64M"], check=True)
        host.file("web", f"builder='hvm'\nname='web'\nmemory=64\nvnc=0\ndisk=['tap:qcow2:{image},xvda,w']\n")
        host.start()
        host.ok("create", "-q", "web")
        for number in range(options.cuts):
            verb = dice.choice(VERBS)
            words = command(host, story, verb, number, dice)
            ended = cut(host, words, dice.uniform(0.0, 0.35))
            (story.done if ended else story.cut)[verb] += 1
            check(host, story, verb, number)
            if number % 20 == 19:
                print(f"{number + 1} cuts", file=sys.stderr)
        host.ok("snapshot", "delete", "--all", "web")
        left = sorted(path.name for path in host.images.iterdir())
    print(f"{options.cuts} cuts, seed {options.seed}; left over: {len(left) - 1}")
    for verb in VERBS:
        print(f"  {verb:12} cut {story.cut[verb]:3}  ended before {story.done[verb]:3}")
    return 0 if left == ["disk.qcow2"] else 1


def command(host: LiveHost, story: Story, verb: str, number: int, dice: random.Random) -> list[str]:
    """The words of what is done; the guest runs, and has just written something."""
    story.now, story.perhaps = number % 250 + 1, None
    write(host, story.now)
    names = sorted(story.snapshots)
    match verb:
        case "save" | "checkpoint":
            return ["save", *(["-c"] if verb == "checkpoint" else []), "web", str(host.root / "web.save")]
        case "suspend":
            return ["suspend", "web"]
        case "snapshot" | "memory":
            story.snapshots[f"s{number}"] = story.now
            return ["snapshot", "create", *(["-m"] if verb == "memory" else []), "web", f"s{number}"]
        case "revert" if names:
            name = dice.choice(names)
            story.perhaps = story.snapshots[name]
            return ["snapshot", "revert", "web", name]
        case "delete" if names:
            return ["snapshot", "delete", "web", dice.choice(names)]
        case "clone":
            return ["clone", *(["--running"] if dice.random() < 0.5 else []), "web", f"clone{number}"]
        case _:
            return ["disk", "convert", str(host.images / "base.img"), str(host.images / "copy.qcow2")]


def write(host: LiveHost, value: int) -> None:
    """As the guest would, and flushed."""
    device = "/machine/peripheral/vbd-xvda/virtio-backend"
    for words in (f"write -P {value} 1M 1M", "flush"):
        host.ok("qemu-monitor-command", "web", f'qemu-io -d {device} "{words}"')


def cut(host: LiveHost, words: list[str], seconds: float) -> bool:
    """Let it begin, and kill all after so many seconds; whether it had ended by then."""
    if words[0] == "disk":
        (host.images / "base.img").write_bytes(os.urandom(MIB) * 16)
    xm = subprocess.Popen(
        host.command(*words),
        env=host.environment,
        cwd=host.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with suppress(subprocess.TimeoutExpired):
        xm.wait(0.1 + seconds)
    ended = xm.poll() is not None
    host.stop(signal.SIGKILL)
    for pid in [pid for pids in host.guests().values() for pid in pids]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    xm.kill()
    xm.wait()
    while host.guests():
        time.sleep(0.01)
    subprocess.run(["rm", "-rf", str(host.root / "run")], check=True)  # a host that comes up has nothing there
    return ended


def check(host: LiveHost, story: Story, verb: str, number: int) -> None:
    """All is in order; the guest runs again."""
    host.start()
    tidy(host, verb, number)
    for path in host.images.glob("*.qcow2"):
        said = subprocess.run(["qemu-img", "check", "-q", "-U", path], capture_output=True, check=False)
        assert said.returncode in (0, 3), (path, said)  # 3: lost clusters, which take space and do no harm
    listed = {each["name"] for each in json.loads(host.ok("snapshot", "list", "-o", "json", "web"))["snapshots"]}
    assert listed <= set(story.snapshots), listed
    story.snapshots = {name: value for name, value in story.snapshots.items() if name in listed}
    if "web" not in host.names():
        host.ok("create", "-q", "web")
    held = read(host)
    assert held in (story.now, story.perhaps), (
        f"cut {number}, {verb}: {held} is neither {story.now} nor {story.perhaps}"
    )


def tidy(host: LiveHost, verb: str, number: int) -> None:
    """What the verb is to leave is there whole, or not at all."""
    match verb:
        case "save" | "checkpoint":
            save = host.root / "web.save"
            if save.exists():
                host.ok("save", "--info", str(save))
                save.unlink()
        case "suspend":
            host.xm("resume", "--discard", "web")
        case "convert":
            (host.images / "base.img").unlink(missing_ok=True)
            (host.images / "copy.qcow2").unlink(missing_ok=True)
        case "clone":
            name = f"clone{number}"
            host.xm("destroy", name)
            if (host.root / f"etc/xen/{name}.cfg").exists():
                assert (host.images / f"{name}-xvda.qcow2").exists(), "a clone has its disk"
                host.ok("delete", name)
                host.ok("disk", "delete", str(host.images / f"{name}-xvda.qcow2"))
            assert not (host.images / f"{name}-xvda.qcow2").exists(), "a disk has its clone"


def read(host: LiveHost) -> int:
    """The first byte of what was written last, through the image that the domain has now."""
    (disk,) = json.loads(host.ok("block-list", "-o", "json", "web"))
    words = ["qemu-io", "-U", "-r", "-f", "qcow2", "-c", "read -v 1M 16", disk["path"]]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return int(said.split()[1], 16)


if __name__ == "__main__":
    sys.exit(main())
