"""tags: what they mean, and what they may not be."""

from __future__ import annotations

import pytest

from xenia.guestfile.convert.xl import to_xl
from xenia.guestfile.convert.xm import to_xm
from xenia.guestfile.libvirt.write import to_libvirt
from xenia.guestfile.read import read
from xenia.model.complaint import Severity

BASE = "name = 'web'\nkernel = '/boot/vmlinuz'\nmemory = 512\n"
MANY = ", ".join(f"'t{number}'" for number in range(33))


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("", ()),
        ("tags = []", ()),
        ("tags = 'web'", ("web",)),
        ("tags = [ 'web', 'berlin', 'web' ]", ("web", "berlin")),
        ("tags = [ 'a-b_c.D', '7', 'none' ]", ("a-b_c.D", "7", "none")),
        ("tags = [ 7 ]", ("7",)),
        (f"tags = [ '{'x' * 64}' ]", ("x" * 64,)),
        ("t = 'ber' + 'lin'\ntags = [ t ]", ("berlin",)),
    ],
)
def test_what_they_mean(line: str, tags: tuple[str, ...]) -> None:
    reading = read(f"{BASE}{line}\n", file="web.cfg")
    assert reading.config is not None
    assert reading.config.tags == tags
    assert reading.complaints == ()
    assert "tags" not in reading.config.other


@pytest.mark.parametrize(
    ("line", "message", "column"),
    [
        ("tags = [ 'web', 'a b' ]", "'a b' cannot be a tag", 17),
        ("tags = [ 'tag:web' ]", "'tag:web' cannot be a tag", 10),
        ("tags = [ '' ]", "'' cannot be a tag", 10),
        ("tags = [ 'käse' ]", "'käse' cannot be a tag", 10),
        ("tags = [ 'a\\n' + 'b' ]", "'a?b' cannot be a tag", 10),
        (f"tags = [ '{'x' * 65}' ]", f"'{'x' * 65}' cannot be a tag", 10),
        (f"tags = [ {MANY} ]", "a domain has up to 32 tags, not 33", 8),
        ("tags = 3.5", "tags takes a list, not 3.5", 8),
        ("tags = { 'a': 1 }", "tags takes a list, not a dict", 8),
    ],
)
def test_what_they_may_not_be(line: str, message: str, column: int) -> None:
    reading = read(f"{BASE}{line}\n", file="web.cfg")
    (complaint,) = reading.complaints
    assert (complaint.severity, complaint.message) == (Severity.ERROR, message)
    assert (complaint.line, complaint.column) == (4, column)
    assert reading.config is None


def test_other_tools_pass_them_over_or_their_loss_is_told() -> None:
    config = read(f"{BASE}tags = ['web', 'berlin']\n", file="web.cfg").config
    assert config is not None
    for written in (to_xl(config), to_xm(config)):
        again = read(written.text, file="web.cfg").config
        assert again is not None
        assert again.tags == config.tags
    assert to_libvirt(config).lost == ("tags = ['web', 'berlin']: libvirt has no tags",)
