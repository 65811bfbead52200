"""Edits of a guest file change what was asked for, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenia.guestfile.edit.edit import MOST_CHANGES, edit
from xenia.guestfile.read import read
from xenia.model.change import Action, Change, Edited
from xenia.model.errors import GuestFileError, XeniaError

XL = """\
# The mail server.
name    = "mail"     # as in the inventory
memory  = 512        # MiB
vcpus   = 2; maxvcpus = 4
type = 'pvh'

disk = [
    'phy:/dev/vg/mail,xvda,w',   # system
    'file:/srv/iso/tools.iso,xvdb:cdrom,r'
]
vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0', 'mac=00:16:3e:00:00:02' ]
"""

PYTHON = """\
import os
vmid = 3
name = 'web%d' % vmid
kernel = "/boot/vmlinuz"
memory = 256   # enough
maxmem = memory * 2
if os.uname()[4] == 'none':
    vcpus = 4
else:
    vcpus = 2
disk = ['phy:vg/web%d,xvda,w' % vmid,
        'phy:vg/swap,xvdb,w']
vif = []
for number in range(2):
    vif.append('bridge=xenbr%d' % number)
"""


def changed(text: str, action: str, key: str, value: str = "") -> Edited:
    return edit(text, file="x.cfg", changes=[Change(Action(action), key, value)])


def diff(old: str, new: str) -> list[str]:
    """The lines that went, with -, and those that came, with +."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    gone = [f"-{line}" for line in before if line not in after]
    return [line.rstrip("\n") for line in gone + [f"+{line}" for line in after if line not in before]]


@pytest.mark.parametrize(
    ("action", "key", "value", "lines"),
    [
        ("set", "memory", "1024", ["-memory  = 512        # MiB", "+memory  = 1024        # MiB"]),
        ("set", "type", "pv", ["-type = 'pvh'", "+type = 'pv'"]),
        ("set", "vcpus", "3", ["-vcpus   = 2; maxvcpus = 4", "+vcpus   = 3; maxvcpus = 4"]),
        ("set", "on_crash", "preserve", ["+on_crash = 'preserve'"]),
        ("unset", "memory", "", ["-memory  = 512        # MiB"]),
        ("unset", "vcpus", "", ["-vcpus   = 2; maxvcpus = 4", "+maxvcpus = 4"]),
        ("unset", "maxvcpus", "", ["-vcpus   = 2; maxvcpus = 4", "+vcpus   = 2"]),
        (
            "add",
            "disk",
            "phy:/dev/vg/data,xvdc,w",
            [
                "-    'file:/srv/iso/tools.iso,xvdb:cdrom,r'",
                "+    'file:/srv/iso/tools.iso,xvdb:cdrom,r',",
                "+    'phy:/dev/vg/data,xvdc,w'",
            ],
        ),
        ("remove", "disk", "xvda", ["-    'phy:/dev/vg/mail,xvda,w',   # system"]),
        ("remove", "disk", "xvdb", ["-    'file:/srv/iso/tools.iso,xvdb:cdrom,r'"]),
        (
            "add",
            "vif",
            "bridge=xenbr1",
            [
                "-vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0', 'mac=00:16:3e:00:00:02' ]",
                "+vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0', 'mac=00:16:3e:00:00:02', 'bridge=xenbr1' ]",
            ],
        ),
        (
            "remove",
            "vif",
            "00:16:3E:00:00:01",
            [
                "-vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0', 'mac=00:16:3e:00:00:02' ]",
                "+vif = [ 'mac=00:16:3e:00:00:02' ]",
            ],
        ),
        (
            "remove",
            "vif",
            "1",
            [
                "-vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0', 'mac=00:16:3e:00:00:02' ]",
                "+vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0' ]",
            ],
        ),
    ],
)
def test_a_literal_is_edited_where_it_stands(action: str, key: str, value: str, lines: list[str]) -> None:
    edited = changed(XL, action, key, value)
    assert diff(XL, edited.text) == lines
    assert not edited.notes


@pytest.mark.parametrize(
    ("action", "key", "value", "lines"),
    [
        ("set", "kernel", "/boot/xen", ['-kernel = "/boot/vmlinuz"', '+kernel = "/boot/xen"']),
        (
            "set",
            "memory",
            "512",
            ["+# memory is used by other lines above (line 5): this is what holds.", "+memory = 512"],
        ),
        ("set", "vcpus", "1", ["+# vcpus is computed above (line 10): this is what holds.", "+vcpus = 1"]),
        ("unset", "vcpus", "", ["+# vcpus is computed above (line 10): this is what holds.", "+del vcpus"]),
        (
            "unset",
            "memory",
            "",
            ["+# memory is used by other lines above (line 5): this is what holds.", "+del memory"],
        ),
        (
            "add",
            "disk",
            "phy:vg/data,xvdc,w",
            [
                "-        'phy:vg/swap,xvdb,w']",
                "+        'phy:vg/swap,xvdb,w',",
                "+        'phy:vg/data,xvdc,w']",
            ],
        ),
        ("remove", "disk", "xvdb", ["-disk = ['phy:vg/web%d,xvda,w' % vmid,", "-        'phy:vg/swap,xvdb,w']",
                                    "+disk = ['phy:vg/web%d,xvda,w' % vmid]"]),
        (
            "add",
            "vif",
            "bridge=dmz",
            ["+# vif is computed above (line 15): this is what holds.", "+vif += ['bridge=dmz']"],
        ),
        (
            "remove",
            "vif",
            "0",
            ["+# vif is computed above (line 15): this is what holds.", "+vif = ['bridge=xenbr1']"],
        ),
    ],
)  # fmt: skip
def test_what_is_computed_stays_and_is_overridden_at_the_end(
    action: str, key: str, value: str, lines: list[str]
) -> None:
    edited = changed(PYTHON, action, key, value)
    assert [line for line in diff(PYTHON, edited.text) if line != "+"] == lines
    assert bool(edited.notes) == any(line.startswith("+#") for line in lines)


def test_an_override_is_edited_in_place_the_next_time() -> None:
    once = changed(PYTHON, "set", "vcpus", "1").text
    twice = changed(once, "set", "vcpus", "8")
    assert diff(once, twice.text) == ["-vcpus = 1", "+vcpus = 8"]
    assert not twice.notes


@pytest.mark.parametrize(
    ("text", "action", "key", "value", "new"),
    [
        ("memory = '512'\r\nname='x'\r\n", "set", "memory", "1024", "memory = '1024'\r\nname='x'\r\n"),
        ("\ufeffname='x'\r\nmemory=1\r\n", "set", "memory", "2", "\ufeffname='x'\r\nmemory=2\r\n"),
        ("name='x'\r\n", "set", "memory", "2", "name='x'\r\nmemory = 2\r\n"),
        ("name='x'", "set", "memory", "2", "name='x'\nmemory = 2\n"),
        ("", "set", "name", "x", 'name = "x"\n'),
        ("name='x'\n# ende", "add", "disk", "phy:a,xvda,w", "name='x'\n# ende\ndisk = ['phy:a,xvda,w']\n"),
        ("name = u'x'\nmemory=1L\n", "set", "memory", "2", None),
        ("# Bücher\nextra = 'ü'  # ä\n", "set", "extra", "ö", "# Bücher\nextra = 'ö'  # ä\n"),
        ("import os\nx = 'ä'; memory = 1\n", "set", "memory", "2", "import os\nx = 'ä'; memory = 2\n"),
        ("disk=[]\n", "add", "disk", "phy:a,xvda,w", 'disk=["phy:a,xvda,w"]\n'),
        ("disk=[ # none\n]\n", "add", "disk", "phy:a,xvda,w", 'disk=[ "phy:a,xvda,w"  # none\n]\n'),
        ("disk='phy:a,xvda,w'\n", "add", "disk", "phy:b,xvdb,w", "disk=['phy:a,xvda,w', 'phy:b,xvdb,w']\n"),
        ("kernel='/k'\ndisk='phy:a,xvda,w'\n", "remove", "disk", "xvda", "kernel='/k'\ndisk=[]\n"),
        ("disk=['phy:a,xvda,w',]\n", "add", "disk", "phy:b,xvdb,w", "disk=['phy:a,xvda,w', 'phy:b,xvdb,w',]\n"),
        ("kernel='/k'\ndisk=['phy:a,xvda,w',]\n", "remove", "disk", "0", "kernel='/k'\ndisk=[]\n"),
        ("disk=['phy:a,xvda,w']\ndisk+=['phy:b,xvdb,w']\n", "add", "disk", "phy:c,xvdc,w",
         "disk=['phy:a,xvda,w']\ndisk+=['phy:b,xvdb,w', 'phy:c,xvdc,w']\n"),
        ("disk=['phy:a,xvda,w']\ndisk+=['phy:b,xvdb,w']\n", "remove", "disk", "xvdb",
         "disk=['phy:a,xvda,w']\ndisk+=[]\n"),
        ("a = 1\nmemory = 1; memory = 2\n", "unset", "memory", "", "a = 1\n"),
        ("extra = \"it's\"\n", "set", "extra", 'a"b', "extra = 'a\"b'\n"),
        ("extra = 'x'\n", "set", "extra", "a\\b'\"", "extra = 'a\\\\b\\'\"'\n"),
        ("  memory = 1\n  name = 'x'\n", "set", "memory", "2", "  memory = 2\n  name = 'x'\n"),
    ],
)  # fmt: skip
def test_the_form_of_the_file_is_kept(text: str, action: str, key: str, value: str, new: str | None) -> None:
    if new is None:
        with pytest.raises(GuestFileError):
            changed(text, action, key, value)
    else:
        assert changed(text, action, key, value).text == new


@pytest.mark.parametrize(
    ("text", "action", "key", "value", "message"),
    [
        (XL, "set", "memroy", "1", "memroy is no key of a guest file"),
        (XL, "set", "memory", "much", "the file is left as it was: memory takes a number, not 'much'"),
        (XL, "set", "a b", "1", "a b is no key of a guest file"),
        (XL, "set", "name", "a\x1b", "'a\\x1b' cannot stand in a guest file: it has control characters"),
        (XL, "add", "memory", "1", "memory is no list"),
        (XL, "add", "disk", "phy:/dev/x,xvda,w", "the file is left as it was: the target xvda is taken by another"),
        (XL, "remove", "disk", "hda", "there is no disk 'hda' in the file"),
        (XL, "remove", "pci", "0", "there is no pci '0' in the file"),
        (XL, "remove", "disk", "2", "there is no disk '2' in the file"),
        ("name = 'x", "set", "memory", "1", "the file cannot be read as it is, so it is not edited"),
        ("import socket\n", "set", "memory", "1", "the file cannot be read as it is, so it is not edited"),
        ("memory = 1\n'x' + name\n", "unset", "memory", "", "the file cannot be read as it is, so it is not edited"),
        ("memory = 1\0", "set", "memory", "1", "the file cannot be read as it is, so it is not edited"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    text: str, action: str, key: str, value: str, message: str
) -> None:
    with pytest.raises(XeniaError) as refused:
        changed(text, action, key, value)
    assert refused.value.message.startswith(message)


def test_a_wrong_value_can_be_put_right() -> None:
    assert changed("name='x'\nmemory='much'\n", "set", "memory", "512").text == "name='x'\nmemory='512'\n"


def test_what_is_so_already_changes_nothing() -> None:
    assert changed(XL, "set", "memory", "512") == Edited(
        XL, ("memory is 512 already",), read(XL, file="x.cfg").complaints
    )
    assert changed(XL, "unset", "kernel").notes == ("kernel is not set in the file",)


def test_an_edit_has_a_bound() -> None:
    with pytest.raises(XeniaError, match="at most 64 changes"):
        edit(XL, file="x.cfg", changes=[Change(Action.SET, "memory", "1")] * (MOST_CHANGES + 1))


words = st.text(st.sampled_from("abc,:=/'\"#\\ %;[]ü\t\n"), max_size=8)
keys = st.sampled_from(["memory", "name", "extra", "disk", "vif", "vcpus", "helper"])
values = st.one_of(st.integers(0, 99).map(str), words.map(repr), st.lists(words, max_size=3).map(repr))
comments = st.sampled_from(["", "  # why", " ;", "\n", "\n# between"])
assignments = st.builds(lambda key, value, rest: f"{key} = {value}{rest}", keys, values, comments)
others = st.sampled_from(
    [
        "if 1:\n    memory = 7", "helper = 3", "disk = ['a' + 'b', 'c']", "disk += ['d']", "name = 'n' + str(2)",
        "vif = [\n    'a',  # one\n    'b',\n]", "for i in [1, 2]: vcpus = i", "memory = 2 * 3", "vif = ('a', 'b')",
        "import os", "extra = memory = 3", "disk = [\n'a'\n]",
    ]
)  # fmt: skip
files = st.builds(
    lambda parts, mark, end: mark + "\n".join(parts).replace("\n", end),
    st.lists(st.one_of(assignments, others), max_size=6),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["\n", "\r\n"]),
)
changes = st.builds(
    Change, st.sampled_from(list(Action)), keys, st.one_of(words, st.integers(0, 3).map(str), st.just("a"))
)


@given(files, changes)
@settings(max_examples=600)
def test_an_edit_changes_what_was_asked_for_and_nothing_else(text: str, change: Change) -> None:
    try:
        edited = edit(text, file="x.cfg", changes=[change])
    except XeniaError:
        return
    before, after = read(text, file="x.cfg").values, read(edited.text, file="x.cfg").values
    key = change.key
    assert {name: value for name, value in before.items() if name != key} == {
        name: value for name, value in after.items() if name != key
    }
    if change.action is Action.UNSET:
        assert key not in after
    elif change.action is Action.ADD:
        old = before.get(key) or []
        assert after[key] == [*([old] if isinstance(old, str) else old), change.value]
    elif change.action is Action.REMOVE:
        assert len(after[key]) == (1 if isinstance(before[key], str) else len(before[key])) - 1
    elif isinstance(after[key], str | int):
        assert str(after[key]) == change.value
    assert edited.text.startswith("\ufeff") == text.startswith("\ufeff")
    if "\r\n" in text:
        assert edited.text.count("\n") == edited.text.count("\r\n")
    assert edit(edited.text, file="x.cfg", changes=[]).text == edited.text
