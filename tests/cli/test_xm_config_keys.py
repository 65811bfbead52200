from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm

from xenia.guestfile.keys import KEYS

MEMORY = """\
memory
  Memory in MiB.
  takes    number (default: 128)
  on QEMU  yes
  on Xen   yes
  example  memory = 512
  known to xm, xl
"""


def test_all_keys_are_listed_without_a_xend(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "keys") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed if line.startswith("  ")] == list(KEYS)
    assert "  maxmem                   number   ~    yes  The most memory" in "\n".join(listed)


@pytest.mark.parametrize("words", [("config", "keys", "memory"), ("help", "memory")])
def test_one_key_is_explained(xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert xm(*words) == 0
    assert capsys.readouterr().out == MEMORY


def test_a_part_of_names_finds_all_that_have_it_and_a_whole_name_only_itself(
    xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("config", "keys", "VNCU", "vnc", "-o", "json") == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)["keys"]] == ["vncunused", "vnc"]


def test_a_word_that_is_no_key_names_the_nearest(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "keys", "memroy") == 3
    assert capsys.readouterr().err == "xm: guest files know no key 'memroy'\n  hint: did you mean memory?\n"


@pytest.mark.parametrize("words", [("create", "--help_config"), ("help", "create", "--help_config")])
def test_the_option_of_xm_lists_the_keys(xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert xm("config", "keys") == 0
    listed = capsys.readouterr().out
    assert xm(*words) == 0
    assert capsys.readouterr().out == listed


def test_the_option_goes_with_create_only(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("help", "list", "--help_config") == 2
    assert "goes with create only" in capsys.readouterr().err


def test_commands_come_before_keys(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("help", "list") == 0
    assert capsys.readouterr().out.startswith("usage: xm list")
    assert xm("help", "memory", "list") == 2
    assert "there is no command 'memory'" in capsys.readouterr().err
