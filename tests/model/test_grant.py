"""A right on some domains, as it is written and what it is on."""

from __future__ import annotations

import pytest

from xenia.model.caller import Caller, Role
from xenia.model.grant import Grant, read_grant


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        ("operator lisa tag:web", Grant(Role.OPERATOR, "lisa", tag="web")),
        ("  viewer   @auditors  * ", Grant(Role.VIEWER, "@auditors", "*")),
        ("administrator bob web1", Grant(Role.ADMINISTRATOR, "bob", "web1")),
        ("viewer @domain users web?-*", Grant(Role.VIEWER, "@domain users", "web?-*")),
    ],
)
def test_what_is_written(text: str, grant: Grant) -> None:
    assert read_grant(text) == grant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "operator",
        "operator lisa",
        "king lisa web1",
        "none lisa web1",
        "OPERATOR lisa web1",
        "operator @ web1",
        "operator lisa tag:",
        "operator lisa tag:a/b",
        "operator lisa tag:*",
        "operator lisa [a-z]*",
        "operator lisa web1;",
        f"operator lisa {'x' * 129}",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_grant(text)


@pytest.mark.parametrize(
    ("where", "name", "tags", "there"),
    [
        ("web1", "web1", (), True),
        ("web1", "web11", (), False),
        ("web1", "WEB1", (), False),
        ("web?", "web1", (), True),
        ("*", "anything", (), True),
        ("*", "Domain-0", (), False),
        ("tag:web", "x", ("db", "web"), True),
        ("tag:web", "web", (), False),
        ("tag:web", "web", ("webs",), False),
        ("tag:web", "Domain-0", ("web",), False),
    ],
)
def test_what_it_is_on(where: str, name: str, tags: tuple[str, ...], there: bool) -> None:
    grant = read_grant(f"operator lisa {where}")
    assert grant.on(name, tags) is there
    caller = Caller(None, "lisa", Role.NONE, grants=(grant,))
    assert caller.role_on(name, tags) is (Role.OPERATOR if there else Role.NONE)
    assert caller.highest is Role.OPERATOR
