"""Serial and parallel ports: QEMU's words for a character device, and libvirt's elements."""

from __future__ import annotations

import re

from xenia.guestfile.libvirt.elements import Elements
from xenia.lib.xml import Node

_PLAIN = frozenset({"pty", "null", "stdio", "vc"})
_PATHS = {"file": "file:", "pipe": "pipe:", "unix": "unix:", "dev": ""}
_NET = re.compile(r"(tcp|telnet|udp):([^:,@]*):(\d+)(?:@([^:,]*):(\d+))?((?:,\w+)*)")


def word_of(elements: Elements, node: Node) -> str | None:
    """The word that `node` stands for; None for a kind that guest files have no word for."""
    kind = elements.get(node, "type")
    elements.whole(node)
    sources = [child for child in node.children if child.name == "source"]
    by_mode = {source.attributes.get("mode", "connect"): source.attributes for source in sources}
    if kind in _PLAIN:
        return kind
    if kind in _PATHS and sources:
        return f"{_PATHS[kind]}{sources[0].attributes.get('path', '')}"
    connect, bind = by_mode.get("connect"), by_mode.get("bind")
    if kind == "udp" and connect is not None:
        here = f"@{_address(bind)}" if bind is not None else ""
        return f"udp:{_address(connect)}{here}"
    if kind == "tcp" and sources:
        telnet = any(child.name == "protocol" and child.attributes.get("type") == "telnet" for child in node.children)
        options = ",server,nowait" if bind is not None else ""
        return f"{'telnet' if telnet else 'tcp'}:{_address(bind or sources[0].attributes)}{options}"
    return None


def _address(attributes: dict[str, str]) -> str:
    return f"{attributes.get('host', '')}:{attributes.get('service', '')}"


def add_port(devices: Node, name: str, number: int, word: str) -> bool:
    """An element `name` (serial, parallel) for `word`; whether libvirt has one for it."""
    if word in _PLAIN:
        devices.add(name, {"type": word}).add("target", {"port": str(number)})
        return True
    if (found := _NET.fullmatch(word)) is not None:
        _add_net(devices, name, number, found)
        return True
    kind, sign, path = word.partition(":")
    if word.startswith("/dev/"):
        kind, sign, path = "dev", ":", word
    if not sign or kind not in _PATHS or "," in path:
        return False
    node = devices.add(name, {"type": kind})
    node.add("source", {"path": path, "mode": "connect" if kind == "unix" else None})
    node.add("target", {"port": str(number)})
    return True


def _add_net(devices: Node, name: str, number: int, found: re.Match[str]) -> None:
    protocol, host, port, bind_host, bind_port, options = found.groups()
    node = devices.add(name, {"type": "udp" if protocol == "udp" else "tcp"})
    if bind_port:
        node.add("source", {"mode": "bind", "host": bind_host, "service": bind_port})
    mode = "bind" if "server" in options.split(",") else "connect"
    node.add("source", {"mode": mode, "host": host, "service": port})
    if protocol != "udp":
        node.add("protocol", {"type": "telnet" if protocol == "telnet" else "raw"})
    node.add("target", {"port": str(number)})
