"""What is kept of text consoles, over the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.api.test_logins import log_in, visitor
from tests.support.xend import GuestConsole, Xend


async def test_what_a_guest_has_said_is_a_plain_text(xend: Xend, tmp_path: Path) -> None:
    uuid = await xend.create("one")
    with GuestConsole(tmp_path / "in", tmp_path / "serial.log") as console:
        xend.consoles[uuid] = {"serial": console}
        xend.kept["one", "serial"] = console.log
        console.say("Grüße\n\x1b]0;t\x07login: ".encode())
        answer = await xend.get("/domains/one/console/log")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.text == "Grüße\nlogin: "
        assert (await xend.get(f"/domains/{uuid}/console/log", tail=1, kind="serial")).text == "login: "
        assert (await xend.get("/domains/one/console/log", kind="pv")).status_code == 404
    await xend.post("/domains/one/destroy", {}, wait=10)
    assert (await xend.get("/domains/one/console/log", kind="serial")).text == "Grüße\nlogin: "


@pytest.mark.parametrize(
    ("ref", "query", "status", "word"),
    [
        ("nobody", {}, 404, "nobody"),
        ("quiet", {}, 404, "nothing is kept"),
        ("0", {}, 422, "Domain-0"),
        ("quiet", {"tail": -1}, 422, "query.tail"),
        ("quiet", {"tail": "x"}, 422, "query.tail"),
        ("quiet", {"kind": "vnc"}, 422, "query.kind"),
        ("9" * 300, {}, 422, "path.ref"),
    ],
)
async def test_what_is_not_there_is_said_so(
    xend: Xend, ref: str, query: dict[str, Any], status: int, word: str
) -> None:
    await xend.create("quiet")
    answer = await xend.get(f"/domains/{ref}/console/log", **query)
    assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text


async def test_consoles_are_for_operators_also_those_that_one_may_only_look_at(xend: Xend, tmp_path: Path) -> None:
    xend.kept["one", "serial"] = tmp_path / "log"
    xend.kept["one", "serial"].write_bytes(b"the password of root is 1234\n")
    for user, status in (("vic", 403), ("olga", 200)):
        async with visitor(xend, await log_in(xend, user)) as client:
            assert (await client.get("/v1/domains/one/console/log")).status_code == status
