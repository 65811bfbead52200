"""What xm top makes of two looks: rates, columns that fit, lines of the screen."""

from __future__ import annotations

import pytest
from tests.cli.top.counting import answer, counted, disk, vcpu, vif, working

from xenia.cli.top.columns import COLUMNS, NAME, fitting
from xenia.cli.top.figures import amount, duration, mebibytes
from xenia.cli.top.picture import BAD, BUSY, DIM, HEADING, PLAIN, picture
from xenia.cli.top.sample import rows_of
from xenia.cli.top.view import View


def test_rates_are_differences_over_the_clock_of_xend() -> None:
    before = answer(10.0, counted(cpu_time=5.0, vcpus=[vcpu(0, 5.0, 1.0)], disks=[disk(reads=10, read_time=1.0)]))
    after = counted(cpu_time=6.0, vcpus=[vcpu(0, 6.0, 1.5)], disks=[disk(reads=30, read_time=1.5)], vifs=[vif()])
    _, row = rows_of(answer(12.0, after), before)
    assert (row["cpu"], row["wait"], row["reads"]) == (50.0, 25.0, 10.0)
    assert row["rx"] is None, "a card that is new has no rate yet"
    assert row["disk_rows"][0]["read_time"] == 0.25


def test_what_cannot_be_told_is_none_and_not_nothing() -> None:
    first = answer(1.0, counted(vcpus=[vcpu(0, 5.0, None)], disks=None, vifs=[]))
    _, row = rows_of(first, None)
    assert (row["cpu"], row["wait"], row["read"], row["errors"], row["rx"]) == (None, None, None, None, 0)
    assert row["mute"]
    user = counted(**{"vcpus": []})
    user["domain"]["vifs"] = ["user"]
    host, row = rows_of(answer(1.0, user), None)
    assert (row["rx"], row["uncounted"]) == (None, True)
    assert (host["read"], host["rx"], host["wait"]) == (None, None, None)


def test_a_domain_that_was_started_again_begins_anew() -> None:
    before = answer(1.0, counted(domid=3, cpu_time=100.0), counted("b", 4, cpu_time=50.0, disks=[disk(reads=9)]))
    now = answer(2.0, counted(domid=5, cpu_time=1.0), counted("b", 4, cpu_time=1.0, disks=[disk(reads=1)]))
    _, first, second = rows_of(now, before)
    assert first["cpu"] is None
    assert (second["cpu"], second["reads"]) == (None, None), "started over in place: what it had counted is gone"


def test_no_time_between_two_looks_is_no_division() -> None:
    assert rows_of(working(5, 1), working(5, 1))[1]["cpu"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((None, "-"), (0, "0"), (0.0, "0"), (0.25, "0.2"), (9.99, "10"), (12.6, "13"), (999, "999"), (1000, "1.0K")),
        *((1536, "1.5K"), (150 << 10, "150K"), (1 << 20, "1.0M"), (1023 << 20, "1.0G"), (5 << 50, "5.0P")),
        (9999 << 50, "9999P"),
    ],
)
def test_amounts_are_short(value: float | None, text: str) -> None:
    assert amount(value) == text


def test_memory_and_durations() -> None:
    assert (mebibytes(512), mebibytes(16384), mebibytes(None)) == ("512M", "16.0G", "-")
    assert (duration(59.9), duration(3600), duration(90061), duration(None)) == ("0:00:59", "1:00:00", "1d01:01", "-")


@pytest.mark.parametrize("width", [1, 10, 20, 40, 80, 120, 200, 500])
def test_as_many_columns_as_fit_and_no_line_is_wider(width: int) -> None:
    lines = picture(working(2, 3), rows_of(working(2, 3), working(1, 3)), View(3.0), width, 20)
    assert max(len(text) for text, _ in lines) <= width
    assert fitting(width)[0] is NAME
    assert len(fitting(500)) == len(COLUMNS)


def test_eighty_columns_have_what_matters_most() -> None:
    titles = [column.title for column in fitting(80)]
    assert titles == ["NAME", "ID", "STATE", "VCPUS", "CPU%", "WAIT%", "MEM", "READ/s", "WRITE/s", "RX/s", "TX/s"]


def shown(view: View, count: int = 30, width: int = 80, height: int = 24) -> list[tuple[str, str]]:
    return picture(working(2, count), rows_of(working(2, count), working(1, count)), view, width, height)


def test_the_screen_is_filled_and_scrolls_to_its_ends() -> None:
    view = View(3.0)
    lines = shown(view)
    assert len(lines) == 24
    assert lines[0][0].startswith("xm top")
    assert lines[1][0] == "31 domains: 31 running; CPUs: 4 @ 2800 MHz"
    assert (lines[4][1], lines[5][0].split()[0]) == (HEADING, "web01")
    assert lines[-1][0].endswith("(1-18 of 31)")
    view.top = 1 << 30
    assert shown(view)[-2][0].startswith("Domain-0")
    assert view.top == 13
    view.top = -5
    assert shown(view)[5][0].startswith("web01")


@pytest.mark.parametrize("height", range(8))
def test_a_terminal_of_a_few_lines_is_no_failure(height: int) -> None:
    assert len(shown(View(3.0), height=height)) == height


def test_keys_sort_and_switch() -> None:
    view = View(3.0)
    for key, title in (("s", "WAIT%"), ("<", "CPU%"), ("M", "MEM"), ("T", "TIME"), ("P", "CPU%")):
        assert view.press(key)
        assert view.sort.title == title
    view.press("R")
    assert shown(view)[5][0].startswith("Domain-0")
    for key in "vnb":
        view.press(key)
    assert not view.press("x")
    text = "\n".join(each for each, _ in shown(view, 1))
    assert "vcpu 0   runs  90.0 %  waits   5.0 %" in text
    assert "net 0 vif3.0     rx     0/s     0 pkt/s  tx  2.0K/s     2 pkt/s  dropped 0" in text
    assert "disk xvda  read  1.0M/s  100 req/s of 2.5 ms  write     0/s    0 req/s" in text
    view.press("?")
    assert "PgDn" in "\n".join(each for each, _ in shown(view))
    view.press("v")
    assert not view.help
    assert view.vcpus, "the key that closes the help does nothing else"


def test_lines_say_by_their_style_what_their_text_says() -> None:
    domains = [
        counted("busy", 1, cpu_time=1.0),
        counted("paused", 2, state="paused"),
        counted("crashed", 3, state="crashed", disks=None),
    ]
    before = [counted(each["domain"]["name"], each["domain"]["domid"], cpu_time=0.0) for each in domains]
    view = View(3.0, disks=True)
    now = answer(2.0, *domains)
    lines = dict(
        (text.split()[0], style)
        for text, style in picture(now, rows_of(now, answer(1.0, *before)), view, 80, 24)
        if text
    )
    assert [lines[name] for name in ("busy", "paused", "crashed", "Domain-0")] == [BUSY, DIM, BAD, PLAIN]
    assert lines["its"] == BAD


def test_names_do_not_act_on_the_terminal_and_are_cut_where_they_are_too_long() -> None:
    now = answer(1.0, counted("\x1b[2J" + "x" * 300))
    text = "\n".join(text for text, _ in picture(now, rows_of(now, None), View(3.0), 80, 24))
    assert "\x1b" not in text
    assert r"\x1b[2Jxx" in text
    assert "+ " in text
