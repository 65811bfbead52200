"""Disks that QEMU reads over the network, as guest files name them.

The forms are those of QEMU's manual (qemu(1), "Disk images": NBD, iSCSI, RBD), and `nbd:HOST PORT` as Xen's block-nbd
has it. What they become are QEMU's options by name: no word of a guest file is parsed by QEMU itself.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from xenia.lib.text import printable
from xenia.model.errors import invalid

_PORT = 10809
"""NBD's own (IANA)."""

_MOST_PORT = 65535

_NBD = re.compile(
    r"(?:unix:(?P<path>/[^:]+)|(?P<host>\[[^\]]+\]|[^:/\s]+)[: ](?P<port>\d{1,5}))(?::exportname=(?P<name>.*))?"
)
_RBD = re.compile(r"(?P<pool>[^/:@]+)/(?P<image>[^/:@]+)(?:@(?P<snapshot>[^/:@]+))?(?::(?P<more>.*))?")

_HINTS = {
    "nbd": "nbd://HOST:PORT/EXPORT, nbd:HOST:PORT:exportname=NAME or nbd+unix:///EXPORT?socket=PATH",
    "iscsi": "iscsi://HOST:PORT/TARGET/LUN",
    "rbd": "rbd:POOL/IMAGE:id=USER:conf=/etc/ceph/ceph.conf",
}


def driver_of(word: str) -> dict[str, Any]:
    """QEMU's options for the disk that `word` names. Raises invalid for what QEMU cannot read or nobody understands."""
    protocol, _, rest = word.partition(":")
    protocol = protocol.lower()
    kind = protocol.partition("+")[0]
    if kind not in _HINTS:
        raise invalid(
            f"'{printable(word)}' is a network disk of a kind that is not read here",
            f"there are: {', '.join(_HINTS)}; or attach it to the host, and name its device: phy:/dev/...",
        )
    found = _uri(protocol, word) if rest.startswith("//") else _old(kind, rest)
    if found is None:
        raise invalid(f"'{printable(word)}' names no disk", f"it is written {_HINTS[kind]}")
    return found


def _old(kind: str, rest: str) -> dict[str, Any] | None:
    if kind == "nbd" and (nbd := _NBD.fullmatch(rest)) and int(nbd["port"] or 0) <= _MOST_PORT:
        return _nbd(_server(nbd["host"], int(nbd["port"] or 0), nbd["path"]), nbd["name"] or "")
    if kind == "rbd" and (rbd := _RBD.fullmatch(rest)):
        return _rbd(rbd["pool"], rbd["image"], rbd["snapshot"], rbd["more"] or "")
    return None


def _uri(protocol: str, word: str) -> dict[str, Any] | None:
    try:
        uri = urlsplit(word)
        port = uri.port
    except ValueError:
        return None
    path = unquote(uri.path.removeprefix("/"))
    if protocol == "nbd+unix":
        sockets = parse_qs(uri.query).get("socket", [])
        usable = len(sockets) == 1 and sockets[0].startswith("/")
        return _nbd(_server(None, None, sockets[0]), path) if usable else None
    if protocol in ("nbd", "nbd+tcp") and uri.hostname:
        return _nbd(_server(uri.hostname, port or _PORT, None), path)
    if protocol == "iscsi" and uri.hostname and not uri.username:
        target, _, lun = path.rpartition("/")
        portal = f"{uri.hostname}:{port or 3260}"
        if target and lun.isdecimal():
            return {"driver": "iscsi", "transport": "tcp", "portal": portal, "target": target, "lun": int(lun)}
    return None


def _server(host: str | None, port: Any, path: str | None) -> dict[str, Any]:
    if path:
        return {"type": "unix", "path": path}
    return {"type": "inet", "host": (host or "").strip("[]"), "port": str(port)}


def _nbd(server: dict[str, Any], export: str) -> dict[str, Any]:
    return {"driver": "nbd", "server": server, "export": export}


_RBD_WORDS = {"id": "user", "conf": "conf", "namespace": "namespace"}


def _rbd(pool: str, image: str, snapshot: str | None, more: str) -> dict[str, Any] | None:
    found: dict[str, Any] = {"driver": "rbd", "pool": pool, "image": image}
    if snapshot:
        found["snapshot"] = snapshot
    for word in re.split(r"(?<!\\):", more) if more else ():
        name, sign, value = word.partition("=")
        value = re.sub(r"\\(.)", r"\1", value)
        if name == "mon_host" and sign:
            found["server"] = [_monitor(each) for each in re.split(r"[;,]", value)]
        elif name == "auth_supported" and value == "none":
            found["auth-client-required"] = ["none"]
        elif name in _RBD_WORDS and sign:
            found[_RBD_WORDS[name]] = value
        else:
            return None
    return found


def _monitor(word: str) -> dict[str, str]:
    host, _, port = word.rpartition(":") if ":" in word else (word, "", "6789")
    return {"host": host, "port": port}
