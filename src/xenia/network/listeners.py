"""The ports of this host that processes have (Linux Documentation/networking/proc_net_tcp.rst)."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from xenia.lib.descriptors import descriptors_of
from xenia.network.host import Listener

_LISTENING, _UNCONNECTED = "0A", "07"


def read_listeners(ports: Sequence[int]) -> list[Listener]:
    """Who listens on one of these ports, of the network namespace of the calling thread. Programs are named where they
    can be seen.
    """
    wanted = frozenset(ports)
    found = [each for each in _sockets() if each[2] in wanted]
    programs = _programs({inode for *_, inode in found}) if found else {}
    return [Listener(protocol, address, port, programs.get(inode, "")) for protocol, address, port, inode in found]


def _sockets() -> Iterator[tuple[str, str, int, str]]:
    for protocol, state in (("tcp", _LISTENING), ("udp", _UNCONNECTED)):
        for family, suffix in ((socket.AF_INET, ""), (socket.AF_INET6, "6")):
            with suppress(OSError):
                for line in Path(f"/proc/thread-self/net/{protocol}{suffix}").read_text().splitlines()[1:]:
                    words = line.split()
                    if words[3] == state:
                        address, _, port = words[1].partition(":")
                        yield protocol, _address(family, address), int(port, 16), words[9]


def _address(family: int, text: str) -> str:
    """The kernel prints words of 32 bits in its own byte order."""
    words = [int(text[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(text), 8)]
    return socket.inet_ntop(family, b"".join(words))


def _programs(inodes: set[str]) -> dict[str, str]:
    """`name (process 7)` by the inode of a socket."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, str] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and len(found) < len(wanted):
            with suppress(OSError):
                for _, target in descriptors_of(process):
                    inode = wanted.get(target)
                    if inode is not None:
                        found[inode] = f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return found
