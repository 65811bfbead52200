"""Line by line: what a guest file became."""

from __future__ import annotations

from dataclasses import replace

from xenia.engines.xen.explain import explain as explain_on_xen
from xenia.engines.xen.facts import XenFacts
from xenia.guestfile.read import read
from xenia.manager.check.explain import explain
from xenia.model.check import Checked
from xenia.model.explanation import ExplainedLine, Explanation

TEXT = """\
name = 'web'
kernel = '/boot/vmlinuz'
base = '/var/lib/xen/'
disk = [base + 'a.img,xvda,w',
        'file:/b,hdz9999,w' ]
nestedhvm = 1
ioports = ['2f8-2ff']
memroy = 3
"""


def explained(text: str, *overrides: str) -> Explanation:
    reading = read(text, file="/web.cfg", overrides=overrides)
    said, rendered = (), ""
    if reading.config is not None:
        meaning = explain_on_xen(reading.config, XenFacts())
        said, rendered = tuple(map(reading.place, meaning.complaints)), meaning.rendered
    return explain(Checked("xen", reading, (*reading.complaints, *said), rendered))


def lines_of(text: str, *overrides: str) -> dict[str, ExplainedLine]:
    return {line.key: line for line in explained(text, *overrides).lines}


def test_lines_stand_in_the_order_of_the_file_with_lists_by_item() -> None:
    lines = explained(TEXT).lines
    assert [(line.line, line.key) for line in lines] == [
        (1, "name"),
        (2, "kernel"),
        (3, "base"),
        (4, "disk[0]"),
        (5, "disk[1]"),
        (6, "nestedhvm"),
        (7, "ioports[0]"),
        (8, "memroy"),
    ]


def test_values_are_those_that_the_file_has_computed() -> None:
    assert lines_of(TEXT)["disk[0]"].value == "/var/lib/xen/a.img,xvda,w"


def test_a_key_is_told_with_its_meaning_and_what_becomes_of_it() -> None:
    lines = lines_of(TEXT.replace("hdz9999", "xvdb"))
    assert (lines["kernel"].effect, lines["kernel"].reason, lines["kernel"].remarks) == ("honoured", "", ())
    assert lines["kernel"].meaning.startswith("A kernel of the host")
    assert lines["ioports[0]"].effect == "ignored"
    assert lines["ioports[0]"].reason == "devices of the host are not handed out by guest files yet"
    assert lines["ioports[0]"].remarks == ()


def test_a_key_that_would_be_honoured_and_is_not_for_this_guest_is_ignored_and_the_remark_says_why() -> None:
    line = lines_of(TEXT.replace("hdz9999", "xvdb"))["nestedhvm"]
    assert (line.effect, line.reason) == ("ignored", "")
    assert line.remarks[0].message == "nestedhvm has no effect: it is not for pv guests"


def test_a_value_that_is_wrong_is_refused_and_nothing_is_rendered() -> None:
    explanation = explained(TEXT)
    (line,) = [line for line in explanation.lines if line.key == "disk[1]"]
    assert line.effect == "refused"
    assert "is no target of a disk" in line.remarks[0].message
    assert explanation.rendered == ""


def test_names_that_are_no_keys_are_the_files_own_or_remarked_on() -> None:
    lines = lines_of(TEXT)
    assert lines["base"].meaning == "A name that the file itself uses"
    assert (lines["memroy"].meaning, lines["memroy"].remarks[0].hint) == ("", "did you mean memory?")


def test_words_of_the_command_line_have_no_line() -> None:
    line = lines_of(TEXT, "vcpus=2")["vcpus"]
    assert (line.line, line.value) == (0, 2)


def test_what_is_about_no_line_stands_apart_and_nothing_is_told_twice() -> None:
    explanation = explained(TEXT.replace("hdz9999", "xvdb"))
    assert [remark.key for remark in explanation.remarks] == ["memory"]
    assert all(remark.line == 0 for remark in explanation.remarks)


def test_an_empty_list_is_one_line() -> None:
    assert lines_of(TEXT + "vif = []\n")["vif"].value == []


def test_an_engine_that_executes_nothing_honours_everything() -> None:
    reading = read(TEXT.replace("hdz9999", "xvdb"), file="/web.cfg")
    explanation = explain(replace(Checked("xen", reading, reading.complaints), engine="simulated"))
    assert {line.effect for line in explanation.lines} == {"honoured", ""}
