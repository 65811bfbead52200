"""Elements that remember what was read of them, so that what was not can be told."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.lib.xml import Node

_QUIET = frozenset(
    {"address", "alias", "console", "controller", "emulator", "memballoon", "metadata", "pm", "resource"}
)
"""Elements that say what libvirt chose, not what somebody wanted: nobody misses them."""

_QUIET_ATTRIBUTES = frozenset(
    {
        "arch",
        "basis",
        "format",
        "heads",
        "id",
        "index",
        "machine",
        "managed",
        "mode",
        "placement",
        "primary",
        "ram",
        "vgamem",
    }
)


class Elements:
    """What was read, of all elements of one document."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._attributes: set[tuple[int, str]] = set()

    def child(self, node: Node | None, *path: str) -> Node | None:
        """The first element at `path` below `node`."""
        for name in path:
            node = next((child for child in node.children if child.name == name), None) if node is not None else None
            if node is not None:
                self._seen.add(id(node))
        return node

    def children(self, node: Node | None, name: str) -> Iterator[Node]:
        for child in node.children if node is not None else ():
            if child.name == name:
                self._seen.add(id(child))
                yield child

    def text(self, node: Node | None, *path: str) -> str | None:
        """The text of the first element at `path`, without blanks around it; None where there is none."""
        found = self.child(node, *path)
        return (found.text.strip() or None) if found is not None else None

    def get(self, node: Node | None, attribute: str) -> str | None:
        if node is None:
            return None
        self._attributes.add((id(node), attribute))
        return node.attributes.get(attribute) or None

    def whole(self, node: Node) -> None:
        """Take `node` as read with all that is in it."""
        self._seen.add(id(node))
        self._attributes.update((id(node), attribute) for attribute in node.attributes)
        for child in node.children:
            self.whole(child)

    def unread(self, node: Node, path: str = "") -> Iterator[tuple[Node, str]]:
        """What nobody asked for below `node`, as (element, what it is)."""
        for child in node.children:
            where = f"{path}/{child.name}" if path else child.name
            if child.name in _QUIET:
                continue
            if id(child) not in self._seen:
                yield child, f"<{child.name}> of {path}" if path else f"<{child.name}>"
                continue
            for attribute, value in child.attributes.items():
                if (id(child), attribute) not in self._attributes and attribute not in _QUIET_ATTRIBUTES:
                    yield child, f"{attribute}='{value}' of <{child.name}>"
            yield from self.unread(child, where)
