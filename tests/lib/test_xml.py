from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.lib.xml import Node, XmlError, dump, parse

NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
LEAVES = st.builds(
    lambda name, attributes, text: Node(name, attributes, text=text), NAMES, st.dictionaries(NAMES, TEXTS), TEXTS
)
NODES = st.recursive(
    LEAVES, lambda children: st.builds(Node, NAMES, st.dictionaries(NAMES, TEXTS), st.lists(children, min_size=1))
)


def plain(node: Node) -> tuple[object, ...]:
    """Without places; blanks between elements are no text."""
    text = "" if node.children else node.text
    return node.name, node.attributes, text, [plain(child) for child in node.children]


@given(NODES)
def test_what_is_written_reads_back(node: Node) -> None:
    assert plain(parse(dump(node))) == plain(node)


def test_elements_know_where_they_stand() -> None:
    root = parse("<a>\n  <b c='1'>text</b>\n</a>")
    (child,) = root.children
    assert (child.name, child.attributes, child.text, child.line, child.column) == ("b", {"c": "1"}, "text", 2, 3)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "no element found", 1),
        ("no xml", "syntax error", 1),
        ("<a>\n<b></a>", "mismatched tag", 2),
        ("<a>&nothing;</a>", "undefined entity", 1),
        ('<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type", 2),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type", 1),
        ("<a>" * 100, "nested too deeply", 1),
        ("<a>" + "<b/>" * 60_000 + "</a>", "too many elements", 1),
        ("<a>\x00</a>", "invalid token", 1),
    ],
)
def test_what_is_not_read_is_said_with_its_place(text: str, message: str, line: int) -> None:
    with pytest.raises(XmlError, match=message) as raised:
        parse(text)
    assert raised.value.line == line


@pytest.mark.parametrize("text", ["\x00", "\x1b[31m", "\ud800", "\ufffe"])
def test_characters_that_xml_cannot_hold_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="XML cannot hold"):
        dump(Node("a", text=text))
