"""The guest file that an XML document amounts to: values by key, each with its place in the document."""

from __future__ import annotations

from typing import Any

from xenia.guestfile.bindings import Binding, PlacedStr, placed
from xenia.guestfile.libvirt.elements import Elements
from xenia.guestfile.text import Source
from xenia.lib.xml import Node
from xenia.model.complaint import Complaint, Severity
from xenia.model.reading import Place


class Draft:
    """What has been read so far: `bindings`, and what is lost among the `complaints`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.elements = Elements()
        self.bindings: dict[str, Binding] = {}
        self.complaints: list[Complaint] = []

    def place(self, node: Node) -> Place:
        return self.source.place(node.line, node.column)

    def set(self, key: str, value: Any, node: Node) -> None:
        """`key` has `value`, which `node` says; None says nothing."""
        if value is not None:
            place = self.place(node)
            self.bindings[key] = Binding(value, place, place)

    def append(self, key: str, text: str, node: Node) -> None:
        """`key` is a list, and has one more item."""
        if key not in self.bindings:
            self.set(key, [], node)
        items: list[PlacedStr] = self.bindings[key].value
        items.append(placed(text, self.place(node)))

    def words(self, node: Node, pairs: dict[str, str | int | None]) -> str:
        """`key=value,key=value`; a value with a comma is lost."""
        kept = {name: value for name, value in pairs.items() if value is not None}
        for name in [name for name, value in kept.items() if "," in str(value)]:
            self.lose(node, f"{name}={kept.pop(name)}", "a guest file cannot say it: it has a comma")
        return ",".join(f"{name}={value}" for name, value in kept.items())

    def lose(self, node: Node, what: str, why: str = "guest files have no word for it") -> None:
        self._say(Severity.WARNING, node, f"lost: {what}: {why}")

    def refuse(self, node: Node, message: str) -> None:
        self._say(Severity.ERROR, node, message)

    def _say(self, severity: Severity, node: Node, message: str) -> None:
        place = self.place(node)
        self.complaints.append(Complaint(severity, message, self.source.file, place.line, place.column, place.text))

    def finish(self, root: Node) -> None:
        """Tell what nobody asked for."""
        for node, what in self.elements.unread(root):
            self.lose(node, what)
