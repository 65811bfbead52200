"""Values of xend.toml changed where they stand."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.model.errors import XeniaError
from xenia.settings.toml_edit import edited

FILE = """\
# settings of this host

vnc_listen = "127.0.0.1"   # only here; not "0.0.0.0"
roots = [
    "/a",  # the first
    "/b",
]  # two
stop_timeout=5

# the bridge
[bridge]
interface = "eth0"

[relocation]
"""


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("vnc_listen", '"::#1"', '"127.0.0.1"   # only', '"::#1"   # only'),
        ("stop_timeout", "7", "stop_timeout=5\n", "stop_timeout = 7\n"),
        ("roots", '["/c"]', '[\n    "/a",  # the first\n    "/b",\n]  # two', '["/c"]  # two'),
        ("bring_back", "false", "stop_timeout=5\n", "stop_timeout=5\nbring_back = false\n"),
        ("bridge.interface", '"none"', '"eth0"', '"none"'),
        ("relocation.port", "1", "[relocation]\n", "[relocation]\nport = 1\n"),
        ("autostart.xend", "true", "[relocation]\n", "[relocation]\n\n[autostart]\nxend = true\n"),
        ("stop_timeout", None, "stop_timeout=5\n", ""),
        ("roots", None, 'roots = [\n    "/a",  # the first\n    "/b",\n]  # two\n', ""),
        ("bridge.interface", None, 'interface = "eth0"\n', ""),
        ("bring_back", None, "", ""),
    ],
)
def test_only_what_is_meant_changes(name: str, value: str | None, old: str, new: str) -> None:
    assert FILE.count(old) == 1 or not old
    assert edited(FILE, {name: value}) == FILE.replace(old, new)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("", "x = 1\n"),
        ("\n", "\nx = 1\n"),
        ("# only a comment\n", "# only a comment\nx = 1\n"),
        ("# no end of line", "# no end of line\nx = 1"),
        ("[bridge]\n", "x = 1\n[bridge]\n"),
        ("a = 1\r\nx = 2 # c\r\n", "a = 1\r\nx = 1 # c\r\n"),
        ("x = 2\r\n", "x = 1\r\n"),
        ("x = '''\nx = 3\n[y]\n''' # c\n", "x = 1 # c\n"),
        ('"x" = 2\n', '"x" = 1\n'),
        ("x = 1", "x = 1"),
    ],
)
def test_files_of_other_forms(text: str, new: str) -> None:
    assert edited(text, {"x": "1"}) == new


def test_a_table_may_be_written_as_a_dotted_key() -> None:
    assert edited('bridge . "interface" = "a"\n', {"bridge.interface": '"b"'}) == 'bridge . "interface" = "b"\n'


def test_several_at_once() -> None:
    assert edited("", {"a": "1", "relocation.port": "2", "relocation.server": "true"}) == (
        "a = 1\n\n[relocation]\nport = 2\nserver = true\n"
    )


@pytest.mark.parametrize(
    "text", ['bridge = {interface = "a"}\n', "[bridge]\n[bridge.interface]\nx = 1\n", "roots = [" + "\n" * 300 + "]\n"]
)
def test_what_is_written_in_another_way_is_refused(text: str) -> None:
    with pytest.raises(XeniaError, match=r"bridge\.interface|roots") as caught:
        edited(text, {"bridge.interface": '"b"'})
    assert caught.value.hint == "change it in an editor"


_KEYS = st.sampled_from(["a", "b", '"c"', "bridge.a", "bridge.b"])
_VALUES = st.sampled_from(["1", "true", '"x # y"', '"[t]"', "[1, # c\n 2]", "'''\n[t]\na = 1\n'''"])
_STATEMENTS = st.builds(lambda key, value: f"{key} = {value}", _KEYS, _VALUES)
_LINES = st.one_of(st.sampled_from(["", "# a = 1", "[bridge]", "[u]"]), _STATEMENTS)


@given(st.lists(_LINES, max_size=8), st.sampled_from(["a", "c", "bridge.a"]), st.sampled_from(["7", '"z"', None]))
def test_an_edit_is_right_or_refused(lines: list[str], name: str, value: str | None) -> None:
    text = "\n".join(lines)
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    try:
        after = tomllib.loads(edited(text, {name: value}))
    except XeniaError:
        return
    outer, _, key = name.rpartition(".")
    wanted = tomllib.loads(f"x = {value}")["x"] if value else None
    assert (after.get(outer, {}) if outer else after).get(key) == wanted
    for document in (before, after):
        (document.get(outer, {}) if outer else document).pop(key, None)
    assert {k: v for k, v in before.items() if v != {}} == {k: v for k, v in after.items() if v != {}}
