"""xm config settings, against a xend that says what it is told to."""

import json
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend


def row(name: str, value: Any, **others: Any) -> dict[str, Any]:
    about = {
        "wanted": value,
        "default": value,
        "source": "default",
        "place": "",
        "layer": "",
        "variable": "",
        "takes": "a text",
        "meaning": f"What {name} is",
        "effect": "at once",
    }
    return {"name": name, "value": value} | about | others


REPORT = {
    "settings": [
        row("vnc_listen", "::1", source="xend.toml", place="/etc/xen/xend.toml:3", variable="xen/vnc/listen"),
        row("vnc_password", "***", source="ucr", place="/u:4", layer="forced", variable="xen/vnc/password"),
        row("roots", ["/a", "/b"], wanted=["/c"], effect="with the next start of xend"),
        row("bring_back", False, default=True, source="command line"),
        row("relocation.hosts_allow", ""),
    ],
    "variables": [{"name": "xen/server/api", "value": "\x1b[1m", "place": "/u:9", "fate": "not offered"}],
    "remarks": ["/u:7: xen/x has no effect"],
}


@pytest.fixture(autouse=True)
def report(xend: FakeXend) -> None:
    xend.routes["GET /host/settings"] = REPORT


def test_each_with_its_value_and_where_it_comes_from(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "settings") == 0
    assert capsys.readouterr().out == (
        "vnc_listen = ::1              /etc/xen/xend.toml:3\n"
        "    What vnc_listen is.\n"
        "vnc_password = ***            UCR xen/vnc/password (layer forced, /u:4)\n"
        "    What vnc_password is.\n"
        "roots = /a /b                 default\n"
        "    What roots is.\n"
        "    It will be /c with the next start of xend.\n"
        "bring_back = false            command line\n"
        "    What bring_back is.\n"
        'relocation.hosts_allow = ""   default\n'
        "    What relocation.hosts_allow is.\n"
        "\n"
        "In the Univention registry, but no settings:\n"
        "xen/server/api = \\x1b[1m  /u:9\n"
        "    not offered.\n"
        "\n"
        "To be known:\n"
        "    /u:7: xen/x has no effect.\n"
    )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["vnc_listen"], ["vnc_listen"]),
        (["xen/vnc/listen"], ["vnc_listen"]),
        (["VNC"], ["vnc_listen", "vnc_password"]),
        (["roots", "vnc"], ["roots", "vnc_listen", "vnc_password"]),
    ],
)
def test_some_of_them(words: list[str], names: list[str], xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "settings", *words, "-o", "json") == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)["settings"]] == names


def test_all_about_one(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "settings", "roots", "xen/vnc/listen") == 0
    assert capsys.readouterr().out == (
        "roots = /a /b\n"
        "  What roots is.\n"
        "  comes from  default\n"
        "  takes       a text\n"
        "  default     /a /b\n"
        "  has effect  with the next start of xend\n"
        "  will be     /c\n"
        "\n"
        "vnc_listen = ::1\n"
        "  What vnc_listen is.\n"
        "  comes from  /etc/xen/xend.toml:3\n"
        "  takes       a text\n"
        "  default     ::1\n"
        "  has effect  at once\n"
        "  in UCR      xen/vnc/listen\n"
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("vnc_lisden", "there is no setting 'vnc_lisden'\n  hint: did you mean vnc_listen"),
        ("xen/server/api", "xen/server/api is no setting: not offered"),
        ("", "there is no setting ''"),
        ("q", "there is no setting 'q'\n  hint: xm config settings lists them all"),
    ],
)
def test_one_that_there_is_not(word: str, said: str, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "settings", word) == 3
    assert said in capsys.readouterr().err


def test_settings_are_changed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    changed = [row("stop_timeout", 7, source="xend.toml", place="/x:1"), row("q", "a", wanted="b", effect="later")]
    xend.routes["PATCH /host/settings"] = {"settings": changed, "notes": ["a note"]}
    assert xm("config", "settings", "stop_timeout=7", "q=a=b", "bring_back=") == 0
    said = capsys.readouterr()
    assert said.out == "stop_timeout = 7 (/x:1); has effect at once\nq = b (default); has effect later\n"
    assert said.err == "xm: a note\n"
    assert xend.requests[-1][2] == {"changes": {"stop_timeout": "7", "q": "a=b", "bring_back": ""}}
    assert xm("config", "settings", "--unset", "stop_timeout", "q") == 0
    assert xend.requests[-1][2] == {"changes": {"stop_timeout": None, "q": None}}


@pytest.mark.parametrize("words", [["a=1", "b"], ["--unset", "a=1"], ["--unset"]])
def test_what_is_neither_looking_nor_changing(words: list[str], xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "settings", *words) == 2
    assert "xm: config settings: " in capsys.readouterr().err
