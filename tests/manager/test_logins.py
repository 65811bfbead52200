"""Who comes over the network, as what, and how long."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from xenia.lib.files import DiskFiles
from xenia.manager.logins.attempts import Attempts
from xenia.manager.logins.logins import DAY, MOST_TOKENS, Logins
from xenia.manager.logins.people import Admitted, People, Rights
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError, denied, unavailable
from xenia.model.grant import read_grant
from xenia.store.tokens import Tokens

GROUPS = {"ada": {"sudo"}, "olga": {"xen", "users"}, "vic": {"users"}, "eve": {"users"}}
HOME = "192.0.2.1"


@dataclass
class Host:
    folder: Path
    now: float = 1_000_000.0
    groups: dict[str, set[str]] = field(default_factory=lambda: {name: set(of) for name, of in GROUPS.items()})
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    async def check(self, user: str, password: str) -> None:
        self.asked.append(user)
        if self.broken:
            raise unavailable("PAM is not there")
        if user not in self.groups or password != "right":
            raise denied("the password is wrong")

    def groups_of(self, user: str) -> frozenset[str] | None:
        return frozenset(self.groups[user]) if user in self.groups else None

    async def logins(self) -> Logins:
        tokens = Tokens(DiskFiles(self.folder))
        await tokens.load()
        admitted = Admitted(("root", "@sudo"), ("@xen",), ("vic",))
        people = People(admitted, self.groups_of, "root", self.clock)
        by_address, by_user = Attempts(self.clock, 5), Attempts(self.clock, 50)
        return Logins(tokens, people, by_address, by_user, self.check, self.clock, lambda: 12)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


async def kind_of(work: Any) -> ErrorKind:
    with pytest.raises(XeniaError) as caught:
        await work
    return caught.value.kind


@pytest.mark.parametrize(("user", "role"), [("ada", Role.ADMINISTRATOR), ("olga", Role.OPERATOR), ("vic", Role.VIEWER)])
async def test_a_user_of_the_host_is_what_the_settings_make_of_them(host: Host, user: str, role: Role) -> None:
    logins = await host.logins()
    given = await logins.log_in(user, "right", HOME, "a browser")
    caller = await logins.caller_of(given.secret, HOME)
    assert caller == Caller(None, user, role, HOME, given.token.id)
    assert given.token.expires == host.now + 12 * 3600


async def test_who_is_in_no_list_is_told_so_only_with_the_right_password(host: Host) -> None:
    logins = await host.logins()
    assert await kind_of(logins.log_in("eve", "right", HOME, "")) is ErrorKind.DENIED
    assert await kind_of(logins.log_in("eve", "wrong", HOME, "")) is ErrorKind.UNAUTHENTICATED
    assert await kind_of(logins.log_in("nobody", "right", HOME, "")) is ErrorKind.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("user", "password"), [("", "right"), ("ada", "r\0ight"), ("a" * 300, "x"), ("ada", "x" * 2000)]
)
async def test_what_can_be_no_name_or_password_is_asked_of_nobody(host: Host, user: str, password: str) -> None:
    assert await kind_of((await host.logins()).log_in(user, password, HOME, "")) is ErrorKind.UNAUTHENTICATED
    assert host.asked == []


async def test_only_a_digest_is_kept_and_outlives_xend(host: Host) -> None:
    given = await (await host.logins()).log_in("ada", "right", HOME, "")
    kept = (host.folder / "var/lib/xenia/tokens.json").read_text()
    assert given.secret not in kept
    assert (host.folder / "var/lib/xenia/tokens.json").stat().st_mode & 0o077 == 0
    assert (await (await host.logins()).caller_of(given.secret, HOME)).name == "ada"


async def test_a_login_is_over_in_the_end(host: Host) -> None:
    logins = await host.logins()
    given = await logins.log_in("ada", "right", HOME, "")
    host.now += 12 * 3600
    assert await kind_of(logins.caller_of(given.secret, HOME)) is ErrorKind.UNAUTHENTICATED
    assert logins.shown(Caller(0, "root", Role.ADMINISTRATOR)) == []


async def test_who_is_less_than_they_were_is_so_with_what_they_have(host: Host) -> None:
    logins = await host.logins()
    given = await logins.log_in("ada", "right", HOME, "")
    host.groups["ada"] = {"xen"}
    host.now += 31
    assert (await logins.caller_of(given.secret, HOME)).role is Role.OPERATOR
    del host.groups["ada"]
    host.now += 31
    assert await kind_of(logins.caller_of(given.secret, HOME)) is ErrorKind.UNAUTHENTICATED


async def test_a_token_is_worth_no_more_than_it_was_made_for(host: Host) -> None:
    logins = await host.logins()
    ada = Caller(None, "ada", Role.ADMINISTRATOR)
    given = await logins.give(ada, "prometheus", Role.VIEWER, 30)
    caller = await logins.caller_of(given.secret, HOME)
    assert (caller.name, caller.role) == ("ada", Role.VIEWER)
    assert given.token.expires == host.now + 30 * DAY
    assert await kind_of(logins.give(caller, "more", Role.OPERATOR, 1)) is ErrorKind.DENIED
    assert (await logins.give(caller, "as much", None, 1)).token.role == "viewer"


@pytest.mark.parametrize(("label", "days"), [("", 1), ("a\nb", 1), ("x" * 201, 1), ("x", 0), ("x", 100_000)])
async def test_a_token_that_cannot_be_is_refused(host: Host, label: str, days: int) -> None:
    logins = await host.logins()
    assert await kind_of(logins.give(Caller(0, "root", Role.ADMINISTRATOR), label, None, days)) is ErrorKind.INVALID


async def test_what_is_revoked_is_worth_nothing_and_only_ones_own_can_be(host: Host) -> None:
    logins = await host.logins()
    olga, vic = Caller(None, "olga", Role.OPERATOR), Caller(None, "vic", Role.VIEWER)
    given = await logins.give(olga, "backup", None, 30)
    assert [token.label for token in logins.shown(olga)] == ["backup"]
    assert logins.shown(vic) == []
    assert await kind_of(logins.revoke(vic, given.token.id)) is ErrorKind.NOT_FOUND
    await logins.revoke(Caller(0, "root", Role.ADMINISTRATOR), given.token.id)
    assert await kind_of(logins.caller_of(given.secret, HOME)) is ErrorKind.UNAUTHENTICATED


async def test_wrong_passwords_make_an_address_wait_ever_longer_and_no_other(host: Host) -> None:
    logins = await host.logins()
    for _ in range(5):
        assert await kind_of(logins.log_in("ada", "wrong", HOME, "")) is ErrorKind.UNAUTHENTICATED
    assert await kind_of(logins.log_in("ada", "right", HOME, "")) is ErrorKind.TOO_MANY
    assert len(host.asked) == 5
    await logins.log_in("ada", "right", "192.0.2.2", "")
    host.now += 2
    assert await kind_of(logins.log_in("ada", "wrong", HOME, "")) is ErrorKind.UNAUTHENTICATED
    host.now += 3
    assert await kind_of(logins.log_in("ada", "right", HOME, "")) is ErrorKind.TOO_MANY
    host.now += 1
    await logins.log_in("ada", "right", HOME, "")
    assert await kind_of(logins.log_in("ada", "wrong", HOME, "")) is ErrorKind.UNAUTHENTICATED


async def test_a_name_that_is_tried_from_everywhere_waits_too(host: Host) -> None:
    logins = await host.logins()
    for number in range(50):
        await kind_of(logins.log_in("ada", "wrong", f"198.51.100.{number}", ""))
    assert await kind_of(logins.log_in("ada", "right", HOME, "")) is ErrorKind.TOO_MANY


async def test_a_host_that_cannot_be_asked_is_said_to_be_so(host: Host) -> None:
    host.broken = True
    assert await kind_of((await host.logins()).log_in("ada", "right", HOME, "")) is ErrorKind.UNAVAILABLE


async def test_the_oldest_login_ends_for_one_too_many_and_tokens_do_not(host: Host) -> None:
    logins = await host.logins()
    ada = Caller(None, "ada", Role.ADMINISTRATOR)
    first = await logins.log_in("ada", "right", HOME, "")
    for _ in range(MOST_TOKENS - 1):
        host.now += 1
        await logins.give(ada, "x", None, 30)
    second = await logins.log_in("ada", "right", HOME, "")
    assert await kind_of(logins.caller_of(first.secret, HOME)) is ErrorKind.UNAUTHENTICATED
    assert (await logins.caller_of(second.secret, HOME)).name == "ada"


async def test_a_file_that_cannot_be_read_lets_nobody_in_and_is_kept(host: Host) -> None:
    given = await (await host.logins()).log_in("ada", "right", HOME, "")
    file = host.folder / "var/lib/xenia/tokens.json"
    for broken in (b"{", b"[]", b'{"tokens": [{"id": 1}]}', b'{"tokens": 7}', b"\xff"):
        file.write_bytes(broken)
        assert await kind_of((await host.logins()).caller_of(given.secret, HOME)) is ErrorKind.UNAUTHENTICATED
        assert file.read_bytes() == broken


async def test_tokens_that_are_made_at_once_are_all_kept(host: Host) -> None:
    """Each waits for the disk, and none takes the place of another."""
    logins = await host.logins()
    root = Caller(0, "root", Role.ADMINISTRATOR)
    given = await asyncio.gather(*(logins.give(root, f"number {number}", None, 1) for number in range(20)))
    again = await host.logins()
    assert {token.id for token in again.shown(root)} == {each.token.id for each in given}


async def test_root_comes_in_only_where_it_is_named(host: Host) -> None:
    host.groups["root"] = set()
    people = People(Admitted((), (), ()), host.groups_of, None, host.clock)
    assert await people.rights_of("root") is None
    own = People(Admitted((), (), ()), host.groups_of, "ada", host.clock)
    assert await own.rights_of("ada") == Rights(Role.ADMINISTRATOR)


async def test_a_use_is_noted_once_in_a_minute(host: Host) -> None:
    logins = await host.logins()
    given = await logins.log_in("ada", "right", HOME, "")
    root = Caller(0, "root", Role.ADMINISTRATOR)
    for later, noted in ((0, 1_000_000.0), (30, 1_000_000.0), (31, 1_000_061.0)):
        host.now += later
        await logins.caller_of(given.secret, HOME)
        assert logins.shown(root)[0].used == noted
    assert json.loads((host.folder / "var/lib/xenia/tokens.json").read_text())["tokens"][0]["used"] == 1_000_061.0


@pytest.mark.parametrize(
    ("grants", "rights"),
    [
        ((), None),
        (("operator vic *", "viewer @sudo *"), None),
        (("operator eve web", "viewer @users *"), Rights(Role.NONE, ("operator web", "viewer *"))),
    ],
)
async def test_grants_let_somebody_in(host: Host, grants: tuple[str, ...], rights: Any) -> None:
    people = People(Admitted((), (), (), tuple(map(read_grant, grants))), host.groups_of, None, host.clock)
    found = await people.rights_of("eve")
    assert (found and Rights(found.role, tuple(map(str, found.grants)))) == rights  # type: ignore[arg-type]


def test_what_gives_nothing_more_is_no_grant() -> None:
    rights = Rights(Role.VIEWER, tuple(map(read_grant, ("viewer a x", "operator a y", "administrator a z"))))
    assert list(map(str, rights.up_to(Role.ADMINISTRATOR).grants)) == ["operator y", "administrator z"]
    assert list(map(str, rights.up_to(Role.OPERATOR).grants)) == ["operator y", "operator z"]
    assert rights.up_to(Role.VIEWER) == Rights(Role.VIEWER)
