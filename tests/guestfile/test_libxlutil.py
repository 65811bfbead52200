"""xl's grammar, compared live with the library that xl itself reads with: what it takes, means the same here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from tests.support.libxlutil import LIBRARY, needs_library

from xenia.guestfile import plain
from xenia.guestfile.bindings import WrittenInt
from xenia.guestfile.read import read
from xenia.guestfile.text import prepare
from xenia.model.complaint import Severity
from xenia.model.disk import DiskMode, DiskSource

pytestmark = needs_library

_blank = some.sampled_from(["", " ", "\t", "  "])
_space = some.sampled_from(["", " ", "\n", "\n\n  ", "# a 'comment' = [\n", " #\n\t"])
_name = some.sampled_from(["name", "memory", "disk", "a", "b_2", "x9", "if", "in", "def"])
_letters = some.text(alphabet="abcxyz ,=[];#:/+-%.\t\"'09é\\", max_size=12)
_escapes = some.sampled_from([r"\n", r"\t", r"\\", r"\'", r"\"", r"\a\b\f\v\r"])
_bad_escapes = some.sampled_from([r"\d", r"\x41", r"\1", r"\8", "\\"])


def _quoted(quote: str, parts: list[str]) -> str:
    return (
        quote
        + "".join(part.replace(quote, "").replace("\\", "") if part[:1] != "\\" else part for part in parts)
        + quote
    )


_texts = some.builds(_quoted, some.sampled_from("'\""), some.lists(_letters | _escapes, max_size=3))
_numbers = some.sampled_from(
    ["0", "7", "42", "0x1f", "010", "09", "1a", "12x", "0b1", "99999999999999999999999", "007"]
)
_values = some.recursive(
    _texts | _numbers,
    lambda inner: some.builds(
        lambda items, spaces, end: (
            "[" + ",".join(f"{a}{item}{b}" for item, (a, b) in zip(items, spaces, strict=False)) + end + "]"
        ),
        some.lists(inner, max_size=4),
        some.lists(some.tuples(_space, _space), min_size=4, max_size=4),
        some.sampled_from(["", "\n", " "]),
    ),
    max_leaves=8,
)
_assignment = some.builds(
    "{}{}{}{}{}{}{}".format, _blank, _name, _blank, some.sampled_from(["=", "=", "=", "+="]), _blank, _values, _blank
)
_end = some.sampled_from(["\n", ";", "\n\n", "# what follows\n", ";;\n", "\n   \n"])
files = some.lists(some.tuples(_assignment, _end), max_size=6).map(lambda parts: "".join(a + b for a, b in parts))
odd_files = some.lists(
    some.sampled_from(
        [
            "a",
            "b",
            "=",
            "+=",
            "[",
            "]",
            ",",
            ";",
            "\n",
            " ",
            "1",
            "0x",
            "a1",
            "'x'",
            '"y"',
            "'",
            "#",
            "\\",
            "é",
            "\f",
            "-",
        ]
    )
    | _bad_escapes
    | _texts
    | _values,
    max_size=14,
).map(lambda parts: "".join(parts) + "\n")
"""The last line is ended: what xl's lexer cannot read right before the end of a file, it drops."""


def ours(text: str) -> dict[str, Any] | None:
    try:
        bindings = plain.parse(prepare(text, "x")[0]).bindings
    except plain.NotPlain:
        return None
    return {name: _as_xl(binding.value) for name, binding in bindings.items()}


def _as_xl(value: Any) -> Any:
    """xl keeps the letters of numbers, and of a text what stands before a NUL."""
    if isinstance(value, list):
        return [_as_xl(item) for item in value]
    return value.letters if isinstance(value, WrittenInt) else str(value)


def check(text: str) -> None:
    assert LIBRARY is not None
    if re.search(r"\\[0-9]", text):
        return  # xl 4.17 drops what is written by its number
    theirs, mine = LIBRARY.settings(text.encode()), ours(text)
    if theirs is None or (mine is None and re.search(r"\+=[ \t]*[0-9]", text)):
        return  # two numbers are not joined: xl appends their letters, xm added them
    assert mine == theirs


@settings(max_examples=250)
@given(files)
@example("a=['x',\n'y',\n]\n;;b=1;c='q';\n")
@example("a=1\na+='x'\na+=2\n")
def test_a_file_in_xl_s_grammar_has_xl_s_values(text: str) -> None:
    assert LIBRARY is not None
    check(text)


@settings(max_examples=250)
@given(odd_files)
def test_whatever_xl_takes_has_xl_s_values(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("name = 007\n", {"name": "007"}),
        ("uuid = 1234abcd\n", {"uuid": "1234abcd"}),
        ("a = [ [ 'x', 1 ], [ ] ]\n", {"a": [["x", "1"], []]}),
        ("a = 'x\\\\y\\''\n", {"a": "x\\y'"}),
        ("if = 1\n", {"if": "1"}),
        ("a += [ 'x' ]\na += [ 'y', ]", {"a": ["x", "y"]}),
    ],
)
def test_what_is_easily_read_otherwise(text: str, values: dict[str, Any]) -> None:
    assert LIBRARY is not None
    assert LIBRARY.settings(text.encode()) == ours(text) == values


_path_words = some.sampled_from(
    [
        "", "/x", "/dev/vg/a-b", "/a=b", "/x.iso", "phy:/dev/x", "phy:vg/x", "file:/x", "tap:aio:/x", "tap2:qcow2:/x",
        "tap:tapdisk:aio:/x", "qcow2:/x", "vhd:/x", "raw:/x", "aio:/x", "nbd:h 1", "iscsi:iqn.x:y", "drbd:r0",
        "rbd:p/i", "phy:", "file:",
    ]
)  # fmt: skip
_formats = some.sampled_from(["", "raw", "qcow", "qcow2", "vhd", "qed", "empty", "nonsense"])
_targets = some.sampled_from(
    ["hda", "hdc", "xvda", "xvdb1", "sda", "vda", "hdc:cdrom", "ioemu:hda", "ioemu:hdc:cdrom", "hda:disk", "/dev/xvda"]
)  # fmt: skip
_modes = some.sampled_from(["", "r", "w", "ro", "rw"])
_options = some.sampled_from(
    [
        "cdrom", "devtype=cdrom", "devtype=disk", "devtype=x", "access=ro", "access=rw", "format=raw", "format=qcow2",
        "vdev=xvdz", "backendtype=phy", "backendtype=qdisk", "backend=dom", "script=block-x", "discard", "no-discard",
        "direct-io-safe", "unknown=1", "removable=1",
    ]
)  # fmt: skip
_items = some.tuples(_path_words, _targets, _modes) | some.tuples(_path_words, _formats, _targets, _modes)
disks = some.builds(
    lambda words, more: ",".join([*words, *more]), _items, some.lists(_options, max_size=3)
) | some.builds(
    lambda words, blank, path: f",{blank}".join([*words, f"target={path}"]),
    some.lists(_options, min_size=1, max_size=5),
    some.sampled_from(["", " "]),
    some.sampled_from(["/x", "/x,y=z,w", "/dev/x", "/x,"]),
)


def our_disk(item: str) -> dict[str, Any] | None:
    config = read(f"name='x'; kernel='/k'; disk=[{item!r}]", file="x").config
    if config is None:
        return None
    disk = config.disks[0]
    path = disk.path
    if disk.source is DiskSource.NETWORK and disk.script:
        path = path.removeprefix(disk.script.removeprefix("block-") + ":")
    return {
        "path": path,
        "vdev": disk.target,
        "format": "empty" if disk.source is DiskSource.EMPTY else disk.format.value,
        "script": disk.script,
        "writable": disk.mode is not DiskMode.READ_ONLY,
        "cdrom": disk.cdrom,
    }


def their_disk(item: str) -> dict[str, Any] | None:
    """What xl takes it for. None where xl or its later parts refuse it: without a target, or without a source though
    it is no CD-ROM.
    """
    assert LIBRARY is not None
    found = LIBRARY.disk(item)
    if found is None or not found["vdev"] or (not found["cdrom"] and (found["format"] == "empty" or not found["path"])):
        return None
    found["vdev"] = found["vdev"].removeprefix("/dev/")
    del found["backend"]
    return found | ({"path": ""} if found["format"] == "empty" else {})


@settings(max_examples=600)
@given(disks)
def test_a_disk_that_xl_takes_is_the_same_here(item: str) -> None:
    theirs = their_disk(item)
    if theirs is not None:
        assert our_disk(item) == theirs


_hex = some.sampled_from(["0", "1", "01", "1f", "20", "ff", "100", "zz", "0000", "00001", "10000", "*", ""])
_functions = some.sampled_from([".0", ".7", ".*", ".8", ".1", ".0-3"])
"""None is without: there xl goes on reading at a place that it has never set (parse_bdf in libxlu_pci.c counts with the
%n of a scanf that ends before it), and takes the device or not, by what was in its memory.
"""
_pci_options = some.sampled_from(
    ["", ",permissive=1", ",msitranslate=0", ",power_mgmt=1,seize=1", ",rdm_policy=strict", ",rdm_policy=x", ",foo=1"]
)
pci_devices = some.builds(
    "{}{}:{}{}{}{}".format,
    some.sampled_from(["", "0000:", "1:", "10000:"]),
    _hex, _hex, _functions, some.sampled_from(["", "", "@4", "@1f"]), _pci_options,
)  # fmt: skip


@settings(max_examples=300)
@given(pci_devices)
@example("01:00.0")
def test_a_pci_device_is_taken_where_xl_takes_it(item: str) -> None:
    """Without `bdf=`, behind which xl looks at the beginning only; a word that it does not know is warned of here."""
    assert LIBRARY is not None
    complaints = read(f"name='x'; kernel='/k'; pci=[{item!r}]", file="x").complaints
    assert all(each.severity is Severity.NOTE for each in complaints) == LIBRARY.takes_pci(item)
