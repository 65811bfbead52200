"""xm top: in batch, and on a terminal with a person in front of it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, problem
from tests.cli.top.counting import answer, counted, disk, vcpu, vif, working
from tests.support.live import until
from tests.support.terminal import Terminal

SLOW = ("-d", "3600")


def test_batch_prints_xentops_table(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    first = counted(
        cpu_time=10.0,
        vcpus=[vcpu(0, 4.0), vcpu(1, 6.0)],
        disks=[disk(reads=5, read_bytes=2048)],
        vifs=[vif(rx_bytes=4096, tx_bytes=1024, rx_packets=4, tx_packets=1, tx_dropped=2)],
    )
    second = counted(cpu_time=10.05, state="blocked")
    xend.routes["GET /stats"] = [answer(1.0, first), answer(1.1, second)]
    assert xm("top", "-b", "-i", "2", "-d", "0.1", "-v", "-n", "-x", "-f") == 0
    lines = capsys.readouterr().out.splitlines()
    titles = lines[0].split()
    assert titles[:5] == ["NAME", "STATE", "CPU(sec)", "CPU(%)", "MEM(k)"]
    row = dict(zip(titles, lines[2].split(), strict=True))
    assert (row["NAME"], row["STATE"], row["CPU(sec)"], row["MEM(k)"], row["MEM(%)"]) == (
        *("web", "-----r", "10", "524288", "3.1"),
    )
    assert (row["NETTX(k)"], row["NETRX(k)"], row["VBD_RD"], row["VBD_RSECT"]) == ("1", "4", "5", "4")
    assert lines[3] == "VCPUs(sec):   0:          4s  1:          6s"
    assert lines[4].startswith("Net0 RX:     4096bytes        4pkts        0err        0drop  TX:     1024bytes")
    assert lines[5] == "VBD xvda  OO:        0   RD:        5   WR:        0   RSECT:          4   WSECT:          0"
    assert " no limit       n/a " in lines[1]
    assert lines[-1].split()[1:4] == ["--b---", "10", "50.0"]


def test_the_first_table_of_a_batch_tells_the_average(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    xend.routes["GET /stats"] = answer(1.0, counted(cpu_time=50.0, started_at=900.0))
    assert xm("top", "-b", "-i", "1") == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[3] == "50.0"


@pytest.mark.parametrize(
    "words", [("-d", "x"), ("-d", "0"), ("-d", "nan"), ("-d", "1e9"), ("-i", "0"), ("-i", "x"), ("-i", "-1"), ("web",)]
)
def test_wrong_words_are_refused(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("top", "-b", *words) == 2
    assert xend.requests == []


def test_without_a_terminal_the_way_out_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("top") == 2
    assert capsys.readouterr().err == "xm: top: this is no terminal\n  hint: xm top -b prints plain text, -i 1 once\n"


def top(root: Path, *words: str, **environment: str) -> Terminal:
    command = [sys.executable, "-m", "xenia.cli.main", "top", *words]
    usual = {"XENIA_ROOT": str(root), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TERM": "xterm"}
    return Terminal(command, os.environ | {"LINES": "24", "COLUMNS": "80"} | usual | environment)


def test_a_person_looks_sorts_and_quits_and_the_terminal_is_as_before(xend: FakeXend, root: Path) -> None:
    xend.routes["GET /stats"] = [working(look, 3) for look in (1, 2, 3)]
    with top(root, *SLOW) as terminal:
        terminal.sees("by CPU%")
        terminal.sees("90.0")
        terminal.types("n")
        terminal.sees("pkt/s")
        terminal.types("S")
        terminal.sees("WAIT%")
        terminal.types("d")
        terminal.sees("Seconds between two looks")
        terminal.types("x\n")
        terminal.sees("'x' is no delay")
        terminal.types("d")
        terminal.types("0.1\n")
        until(lambda: len(xend.requests) > 3, "it looks more often")
        terminal.types("q")
        assert terminal.ends() == 0
        assert terminal.attributes() == terminal.before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, None)])
def test_the_terminal_comes_back_however_it_ends(
    xend: FakeXend, root: Path, number: signal.Signals, code: int | None
) -> None:
    xend.routes["GET /stats"] = working(1)
    with top(root, *SLOW) as terminal:
        terminal.sees("web01")
        os.kill(terminal.pid, number)
        ended = terminal.ends()
        assert code is None or ended == code
        assert terminal.attributes() == terminal.before
        assert "\x1b[?1049l" in terminal.rest(), "the screen of before is shown again"


def test_what_xm_did_not_expect_is_said_below_the_screen_of_before(xend: FakeXend, root: Path) -> None:
    xend.routes["GET /stats"] = [working(1), {"at": 2.0, "host": {}, "domains": []}]
    with top(root, *SLOW) as terminal:
        assert terminal.ends() == 1
        assert terminal.attributes() == terminal.before
        assert "internal error" in terminal.rest().rpartition("\x1b[?1049l")[2]


def test_a_xend_that_is_restarted_is_waited_for(root: Path) -> None:
    xend = FakeXend(root)
    gone = problem("the engine is away", kind="unavailable", status=503)
    xend.routes["GET /stats"] = [working(1), gone, working(3)]
    with top(root, *SLOW) as terminal:
        terminal.sees("trying again: the engine is away")
        xend.close()
        terminal.types(" ")
        terminal.sees("cannot reach xend")
        again = FakeXend(root)
        again.routes["GET /stats"] = [working(4), working(5)]
        terminal.types(" ")
        terminal.sees("90.0")
        terminal.types("q")
        assert terminal.ends() == 0
        again.close()


def test_a_xend_that_is_not_there_is_said_before_anything_is_drawn(root: Path) -> None:
    with top(root) as terminal:
        assert terminal.ends() == 7
        assert "\x1b[?1049h" not in terminal.rest()


def test_a_terminal_that_is_not_known_is_said(xend: FakeXend, root: Path) -> None:
    xend.routes["GET /stats"] = working(1)
    with top(root, TERM="nonsense") as terminal:
        assert terminal.ends() == 1
        assert "xm top -b prints plain text" in terminal.rest()


@pytest.mark.parametrize(("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_shown_only_where_they_are_wanted(
    xend: FakeXend, root: Path, environment: dict[str, str], colours: bool
) -> None:
    xend.routes["GET /stats"] = answer(1.0, counted("crashed", 1, state="crashed"))
    with top(root, "-i", "2", "-d", "0.1", **environment) as terminal:
        assert terminal.ends() == 0
        assert ("\x1b[31m" in terminal.rest()) is colours


def test_it_ends_after_so_many_looks(xend: FakeXend, root: Path) -> None:
    xend.routes["GET /stats"] = working(1)
    with top(root, "-i", "2", "-d", "0.1") as terminal:
        assert terminal.ends() == 0
    assert len(xend.requests) == 2
