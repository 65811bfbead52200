from __future__ import annotations

from pathlib import Path

import pytest

from xenia.storage.ceph import key_of

KEY = "AQBvdGhlciBrZXkgb2YgYSB0ZXN0IQ=="
KEYRING = f'[client.web]\n\tkey = {KEY}\n\tcaps mon = "profile rbd"\n[client.other]\n\tkey = AAAA\n'


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "backup.client.web.keyring").write_text(KEYRING)
    return tmp_path / "backup.conf"


@pytest.mark.parametrize(
    "text",
    [
        "[client.web]\nkeyring = {folder}/backup.client.web.keyring",
        "[global]\n  keyring = /nowhere, {folder}/$cluster.$name.keyring ; as always",
        "[global]\nkeyring = /nowhere\n[client]\nkeyring = {folder}/$cluster.$type.$id.keyring",
        f"[client.web]\nkey = {KEY} # no file at all\nkeyring = /nowhere",
        "mon host = 10.0.0.1\n[ client ]\n[client.web]\nrbd cache\n\tkeyring = {folder}/backup.client.web.keyring\n",
    ],
)
def test_it_is_found_where_ceph_finds_it(conf: Path, text: str) -> None:
    conf.write_text(text.replace("{folder}", str(conf.parent)))
    assert key_of({"user": "web", "conf": str(conf)}) == KEY


@pytest.mark.parametrize(
    "text", ["", "[client.web]\nkeyring = /nowhere", "[client.web", "\0\udcff", "[client.web]\nkeyring = /etc\n"]
)
def test_none_is_made_up(conf: Path, text: str) -> None:
    conf.write_bytes(text.encode(errors="surrogateescape"))
    assert key_of({"user": "web", "conf": str(conf)}) is None


def test_of_a_user_that_the_keyring_does_not_know(conf: Path) -> None:
    conf.write_text(f"[global]\nkeyring = {conf.parent}/backup.client.web.keyring")
    assert key_of({"user": "stranger", "conf": str(conf)}) is None
    assert key_of({"conf": str(conf)}) is None
    assert key_of({"user": "web", "conf": "/nowhere/ceph.conf"}) is None
