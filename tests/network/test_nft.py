from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.network.nft import Command, Nft

Ip = Callable[..., str]


def add(kind: str, **members: object) -> Command:
    return {"add": {kind: {"family": "inet", "table": "xenia"} | members}}


OUR_TABLE: Command = {"add": {"table": {"family": "inet", "name": "xenia"}}}


async def test_rules_are_made_and_read_and_removed(ip: Ip) -> None:
    nft = Nft()
    assert await nft.table("inet") is None
    await nft.apply([OUR_TABLE, add("chain", name="out")])
    found = await nft.table("inet")
    assert found is not None
    assert [next(iter(each)) for each in found] == ["table", "chain"]
    await nft.remove("inet")
    assert await nft.table("inet") is None
    await nft.remove("inet")


async def test_all_is_done_or_nothing(ip: Ip) -> None:
    nft = Nft()
    with pytest.raises(XeniaError) as caught:
        await nft.apply([OUR_TABLE, {"delete": {"chain": {"family": "inet", "table": "xenia", "name": "nosuch"}}}])
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert "No such file or directory" in caught.value.message
    assert await nft.table("inet") is None


def nft_says(*words: str) -> str:
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout


async def test_tables_of_others_are_left_alone(ip: Ip) -> None:
    nft_says("add", "table", "inet", "firewall")
    nft = Nft()
    await nft.apply([OUR_TABLE])
    for slip in ({"flush": {"table": {"family": "inet", "name": "firewall"}}}, {"flush": {"ruleset": {}}}):
        with pytest.raises(ValueError, match="not of the table xenia"):
            await nft.apply([slip])
    await nft.remove("inet")
    assert nft_says("list", "tables") == "table inet firewall\n"


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("echo 'Error: Operation not permitted' >&2; exit 1", ErrorKind.DENIED, "may not change the rules"),
        (
            "echo 'internal:0:0-0: Error: too old' >&2; exit 1",
            ErrorKind.ENGINE_FAILED,
            "refused the rules of xend: too",
        ),
        ("exit 3", ErrorKind.ENGINE_FAILED, "it ended with 3"),
    ],
)
async def test_what_nft_refuses_is_told(tmp_path: Path, script: str, kind: ErrorKind, message: str) -> None:
    program = tmp_path / "nft"
    program.write_text(f"#!/bin/sh\ncat >/dev/null; {script}\n")
    program.chmod(0o755)
    with pytest.raises(XeniaError) as caught:
        await Nft(str(program)).apply([OUR_TABLE])
    assert (caught.value.kind, message in caught.value.message) == (kind, True), caught.value.message


async def test_without_nft_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(XeniaError) as caught:
        await Nft(str(tmp_path / "nft")).apply([OUR_TABLE])
    assert (caught.value.kind, caught.value.hint) == (ErrorKind.UNAVAILABLE, "apt-get install nftables")
