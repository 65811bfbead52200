"""The machine that a Xen host runs on: one QEMU process."""

from __future__ import annotations

import shlex
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.live.xenlab.image import Image
from tests.live.xenlab.monitor import Monitor
from tests.live.xenlab.recipe import AGENT_PORT
from tests.live.xenlab.words import LabError, call

_DOM0_MIB = 1024

_XEN = f"dom0_mem={_DOM0_MIB}M,max:{_DOM0_MIB}M dom0_max_vcpus=1 console=com1 com1=115200,8n1 loglvl=info"
_LINUX = "console=hvc0 earlyprintk=xen net.ifnames=0 mitigations=off quiet"


@dataclass(frozen=True)
class Cable:
    """A network cable between two hosts: datagrams between two unix sockets."""

    here: Path
    there: Path


def words(image: Image, folder: Path, cable: Cable | None = None) -> list[str]:
    """What QEMU is started with for a host with its disk and logs in `folder`.

    The processor is one that Xen runs soundly on: with `max` dom0 crashes. A host without a cable has its second card
    as well, so that one snapshot serves both.
    """
    port = "hubport,id=port,hubid=1"
    if cable is not None:
        ends = f"local.type=unix,local.path={cable.here},remote.type=unix,remote.path={cable.there}"
        port = f"dgram,id=port,{ends}"
    forward = "".join(f",hostfwd=tcp:127.0.0.1:0-:{number}" for number in (AGENT_PORT, 22))
    return [
        *("-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"),
        *("-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64,+svm,+npt"),
        *("-m", "3072", "-smp", "1"),
        *("-kernel", str(image.xen), "-append", _XEN),
        *("-initrd", f"{image.kernel} {_LINUX},{image.ramdisk}"),
        *("-drive", f"file={folder}/disk.qcow2,format=qcow2,if=virtio,cache=unsafe"),
        *("-netdev", f"user,id=outside,restrict=on{forward}"),
        *("-device", "virtio-net-pci,netdev=outside,mac=52:54:00:00:00:01"),
        *("-netdev", port, "-device", "virtio-net-pci,netdev=port,mac=52:54:00:00:01:01"),
        *("-chardev", f"file,id=console,path={folder}/console.log", "-serial", "chardev:console"),
    ]


class Machine:
    """A QEMU with a disk of its own in `folder`, on top of `base` (a path, and the form of it).

    It starts frozen where it is to `load` a state. It ends with the thread that makes it, unless it is `detached`.
    """

    def __init__(
        self,
        image: Image,
        folder: Path,
        base: tuple[str, str],
        *,
        cable: Cable | None = None,
        frozen: bool = False,
        detached: bool = False,
    ) -> None:
        self._folder = folder
        overlay = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", base[0], "-F", base[1], "disk.qcow2"]
        call(overlay, "make a disk for a host", folder=folder)
        ours, theirs = socket.socketpair()
        number = theirs.fileno()
        monitor = ["-chardev", f"socket,id=monitor,fd={number}", "-mon", "chardev=monitor,mode=control"]
        with theirs, open(folder / "qemu.log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    *([] if detached else ["setpriv", "--pdeathsig", "KILL"]),
                    *("qemu-system-x86_64", *words(image, folder, cable), *monitor),
                    *(["-incoming", "defer"] if frozen else []),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[number],
                start_new_session=True,
            )
        try:
            self.monitor = Monitor(ours)
        except LabError as error:
            self.process.kill()
            self.process.wait()
            raise LabError(f"{error}: {(folder / 'qemu.log').read_text().strip()}") from error

    def load(self, state: Path) -> None:
        """Go on from a state that `save` has written."""
        self._migrate("migrate-incoming", f"exec:cat {shlex.quote(str(state))}")
        self.monitor.do("cont")

    def save(self, state: Path) -> None:
        """Stop, write the state of the machine to a file, and end. The disk belongs to the state."""
        self.monitor.do("stop")
        self.monitor.do("migrate-set-parameters", max_bandwidth=16 << 30)
        self._migrate("migrate", f"exec:cat >{shlex.quote(str(state))}")
        self.monitor.do("quit")
        self.process.wait()
        self.monitor.close()

    def _migrate(self, command: str, place: str) -> None:
        self.monitor.do("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
        self.monitor.do(command, uri=place)
        self.monitor.migrated()

    @property
    def console(self) -> str:
        """What Xen and dom0 have said so far."""
        path = self._folder / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.monitor.close()
